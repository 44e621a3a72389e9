"""Embed all representations of a source with one method, once for each embedding seed."""

import argparse
from dataclasses import replace
from importlib import import_module

from tqdm import tqdm

from layerscope import files, store
from layerscope.commandline import run_stage, stage_parser
from layerscope.embedding.result import Embedding
from layerscope.provenance import provenance


def main(arguments: argparse.Namespace) -> None:
    params = arguments.params
    engine = import_module(f"layerscope.embedding.{params['module']}")
    neighbors = store.NeighborsFile(arguments.neighbors[0] if arguments.neighbors else None)
    view = store.View.from_params(params["view"])
    made_by = provenance(threads=params["threads"], seeds=params["seeds"])
    kept = []
    given = [arguments.activations, *arguments.neighbors]
    with files.Resumable(arguments.embedding, params, given) as resumable:
        for stored in tqdm(store.representations(arguments.activations, view), desc="embed", delay=10, mininterval=5):
            for seed in params["seeds"]:
                part = f"{seed}/{stored.name}"
                kept.append((part, seed, replace(stored, array=None)))
                if resumable.get(part) is None:
                    graph = neighbors.read(stored)
                    result = engine.embed(stored.array, graph, params["options"], seed, params["threads"])
                    resumable.keep(part, {"points": result.points}, described(result))
        with store.create_hdf5(arguments.embedding, "embedding", params, made_by) as file:
            for part, seed, stored in kept:
                arrays, attributes = resumable.get(part)
                store.write_embedding(file, seed, stored, arrays["points"], attributes)
        resumable.discard()


def described(result: Embedding) -> dict:
    """What a file says of an embedding beside its points."""
    return {"kl_engine": result.kl_engine, "iterations": result.iterations, "status": result.status}


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations")
    parser.add_argument("--neighbors", nargs="*", default=[], help="their nearest neighbours, where the method reads them")
    parser.add_argument("--embedding", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
