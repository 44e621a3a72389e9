"""Judge the claims of a study by its scores."""

import argparse

from layerscope import selection
from layerscope.claims.shared.judge import CLAIM_COLUMNS, judge_all
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.csv_tables import write_rows
from layerscope.statistics.runs import stored_runs


def main(arguments: argparse.Namespace) -> None:
    """Write one row per claim, in the order of the study file: the estimate, its interval and the verdict."""
    told, sizes, code, alike = (arguments.params.get(key) for key in ("claims", "sizes", "code", "alike"))
    claims = {claim["claim"]: claim for claim in told}
    judged = {score for claim in told for key in ("score", "against") for score in selection.named(claim, key)}
    runs = stored_runs(arguments.runs, judged)
    verdicts = judge_all(claims, runs, sizes, code, alike)
    write_rows(arguments.claims, CLAIM_COLUMNS, verdicts)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--runs", required=True, help="one row a run (Parquet)")
    parser.add_argument("--claims", required=True, help="the verdicts to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
