"""Gather the comparisons of a study into one table."""

import argparse
import contextlib

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.whole import replacing


def main(arguments: argparse.Namespace) -> None:
    """Write all rows of all comparisons, in the order of the study."""
    with (
        replacing(arguments.comparisons, sealed=True) as temporary,
        contextlib.closing(store.ParquetTable(temporary)) as table,
    ):
        for file in arguments.files:
            table.add(store.read_comparison(file))


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--files", nargs="+", required=True, help="the comparisons of each network")
    parser.add_argument("--comparisons", required=True, help="the table to write (Parquet)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
