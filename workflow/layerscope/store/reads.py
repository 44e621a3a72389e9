"""The files that figures and tables are made from."""

import argparse
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Inputs:
    """The files that a figure or table may read: those that its kind declares in READS, the other lists empty."""

    score_table: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)
    embedding: list[str] = field(default_factory=list)
    neurons: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)


def inputs_of(arguments: argparse.Namespace) -> Inputs:
    """The files named on the command line, by kind."""
    return Inputs(**{name: getattr(arguments, name) for name in Inputs.__dataclass_fields__})


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """One option for each kind of file that a figure or table may read."""
    for name in Inputs.__dataclass_fields__:
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, nargs="*", default=[], help=f"{name} files, where the kind reads them")
