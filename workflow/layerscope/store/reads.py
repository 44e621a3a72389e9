"""The one list of the kinds of files that figures and tables are made from."""

import argparse
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Reads:
    """The files of a figure or table, by kind of file. Lists that its own kind does not declare in `reads` are empty."""

    score_table: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)
    embedding: list[str] = field(default_factory=list)
    neurons: list[str] = field(default_factory=list)
    comparison: list[str] = field(default_factory=list)
    observations: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)


KINDS_OF_FILES = tuple(known.name for known in fields(Reads))


def add_reads(parser: argparse.ArgumentParser) -> None:
    """One option for each kind of file that a figure or table may read."""
    for name in KINDS_OF_FILES:
        parser.add_argument(_option(name), nargs="*", default=[], help=f"{name} files, where the kind reads them")


def reads_of(arguments: argparse.Namespace) -> Reads:
    """The files named on the command line."""
    return Reads(**{name: getattr(arguments, name) for name in KINDS_OF_FILES})


def arguments_for(files: dict[str, list[str]]) -> list[str]:
    """The command-line arguments that pass files. files: paths by kind of file."""
    return [word for name, paths in files.items() if paths for word in (_option(name), *paths)]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
