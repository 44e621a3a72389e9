"""Write the page of the explorer: what there is to choose, the scores of all networks, and what draws them."""

import argparse
from pathlib import Path

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.explorer.page_files import bokeh_file, own_file
from layerscope.explorer.scores import scores_of_page
from layerscope.explorer.scripts import write_script
from layerscope.figures.shared.names import words
from layerscope.files.whole import write_text
from layerscope.statistics.keys import NETWORK
from layerscope.statistics.runs import stored_runs


def main(arguments: argparse.Namespace) -> None:
    """Write the page, its scripts and the lists that they read."""
    outputs = {Path(output).name: output for output in arguments.outputs}
    planned = arguments.params["catalogue"]
    write_script(outputs.pop("catalogue.js"), "page", "catalogue", catalogue(planned))
    scores: dict = {"columns": [], "rows": {}, "reasons": []}
    if arguments.runs:
        snapshots = {_name(one): one["snapshots"] for one in planned["networks"]}
        scores = scores_of_page(stored_runs(arguments.runs[0], planned["scores"]), snapshots)
    write_script(outputs.pop("scores.js"), "page", "scores", scores)
    for part, output in outputs.items():
        write_text(output, bokeh_file(part) if part.startswith("bokeh") else own_file(part))


def catalogue(planned: dict) -> dict:
    """What there is to choose, with the names of the scripts that hold it."""
    networks = [{**one, "name": _name(one), "sources": _sources(one)} for one in planned["networks"]]
    inputs = {dataset: {**one, "source": store.input_folder(dataset)} for dataset, one in planned["inputs"].items()}
    named = {one[key] for one in networks for key in NETWORK} | {sample for one in networks for sample in one["samples"]}
    names = {name: words(name) for name in sorted(named | {*planned["embeddings"]})}
    return {**planned, "networks": networks, "inputs": inputs, "scripts": store.explorer_scripts(), "names": names}


def _name(network: dict) -> str:
    return "/".join(network[key] for key in NETWORK)


def _sources(network: dict) -> dict[str, str]:
    """Seed → the source of the network."""
    keys = {key: network[key] for key in NETWORK}
    return {str(seed): store.run_folder(**keys, seed=seed) for seed in network["seeds"]}


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--runs", nargs="*", default=[], help="one row a run (Parquet), where anything is scored")
    parser.add_argument("--outputs", nargs="+", required=True, help="the files of the page, to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
