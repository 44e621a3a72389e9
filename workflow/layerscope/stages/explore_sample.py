"""Write the observations of a sample, with their labels and pictures, for the explorer."""

import argparse

from layerscope.commandline import run_stage, stage_parser
from layerscope.explorer.observations import observations_of_page
from layerscope.explorer.scripts import write_script


def main(arguments: argparse.Namespace) -> None:
    """Write the script of a sample of a dataset."""
    params = arguments.params
    dataset, sample = params["dataset"], params["sample"]
    write_script(arguments.script, "sample", f"{dataset}/{sample['name']}", observations_of_page(arguments.data, sample, dataset))


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--script", required=True, help="the script to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
