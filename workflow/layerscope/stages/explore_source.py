"""Write the embeddings of a network, or of the input of a dataset, with all that is shown of them, for the explorer."""

import argparse

from layerscope.commandline import run_stage, stage_parser
from layerscope.explorer.scripts import write_script
from layerscope.explorer.source import source_of_page


def main(arguments: argparse.Namespace) -> None:
    """Write the script of a source on a sample."""
    params = arguments.params
    neighbors = arguments.neighbors[0] if arguments.neighbors else None
    content = source_of_page(arguments.activations, arguments.embeddings, neighbors, arguments.observations)
    write_script(arguments.script, "source", f"{params['source']}/{params['sample']}", content)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations, and the predictions of a network")
    parser.add_argument("--embeddings", nargs="+", required=True, help="the embeddings of these, one file a method")
    parser.add_argument("--neighbors", nargs="*", default=[], help="their nearest neighbours, where the study has them")
    parser.add_argument(
        "--observations", nargs="*", default=[], help="their scores of every observation, where the study keeps any"
    )
    parser.add_argument("--script", required=True, help="the script to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
