"""The exact nearest neighbours of every representation, shared by t-SNE, UMAP and the scores."""

import argparse
from dataclasses import replace

from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.files.unfinished import Resumable, identity
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.selection import View


def main(arguments: argparse.Namespace) -> None:
    """Write the k nearest neighbours of every representation. An interrupted job resumes after its finished parts."""
    params = arguments.params
    view = View.from_params(params["view"])
    found = []
    made_by = provenance(threads=params["threads"])
    with Resumable(arguments.neighbors, identity(params, ["layerscope.stages.neighbors"], [arguments.activations])) as resumable:
        for stored in tqdm(store.representations(arguments.activations, view), desc="neighbors", delay=10, mininterval=5):
            found.append(replace(stored, array=None))
            if resumable.get(stored.name) is None:
                try:
                    indices, distances = nearest_neighbors(stored.array, params["k"])
                except ValueError as error:
                    raise StudyError(f"neighbors of {stored.name} in {arguments.activations}: {error}") from None
                resumable.keep(stored.name, {"indices": indices, "distances": distances}, {})
        with store.create_hdf5(arguments.neighbors, "neighbors", params, made_by) as file:
            for stored in found:
                arrays, _ = resumable.finished(stored.name)
                store.write_neighbors(file, stored, store.Neighbors(**arrays))
        resumable.discard()


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations")
    parser.add_argument("--neighbors", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
