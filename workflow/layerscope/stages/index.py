"""Write the first page of a study: every verdict, figure and table, how the networks ended, and the way to the explorer."""

import argparse
from pathlib import Path

from layerscope.commandline import run_stage, stage_parser
from layerscope.files.whole import write_text
from layerscope.study_page.contents import page


def main(arguments: argparse.Namespace) -> None:
    """Write the page as HTML, which opens offline."""
    told, folder = arguments.params["page"], Path(arguments.page).parent
    write_text(arguments.page, page(told, folder, arguments.claims, arguments.tables, arguments.networks))


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--claims", nargs="*", default=[], help="the verdicts (CSV), where the study has any")
    parser.add_argument("--tables", nargs="*", default=[], help="the tables (CSV), in the order of the study")
    parser.add_argument("--networks", nargs="*", default=[], help="how the networks ended (CSV), where anything is scored")
    parser.add_argument("--page", required=True, help="the page to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
