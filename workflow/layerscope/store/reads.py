"""The files that figures and tables are made from: the one list of them."""

import argparse
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Reads:
    """The files that a figure or table may read, by kind: those that its own kind declares in `reads`, the other lists empty."""

    score_table: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)
    embedding: list[str] = field(default_factory=list)
    neurons: list[str] = field(default_factory=list)
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
    """The words of a command line that name files, by kind."""
    return [word for name, paths in files.items() if paths for word in (_option(name), *paths)]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
