"""Embed all representations of a source with one method, once per embedding seed, each alone or several together."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from types import ModuleType

from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.embedding.shared.result import Embedding
from layerscope.files.provenance import provenance
from layerscope.files.sources import literal
from layerscope.files.unfinished import Resumable, identity
from layerscope.kind_modules import kind_source, load_kind, packages
from layerscope.selection import View


def main(arguments: argparse.Namespace) -> None:
    """Write the embeddings of every seed, with their status, as HDF5. An interrupted job resumes after its finished parts."""
    params = arguments.params
    engine = load_kind("embedding", params["module"], params.get("code"))
    neighbors = store.NeighborsFile(arguments.neighbors[0] if arguments.neighbors else None)
    view = View.from_params(params["view"])
    source = kind_source("embedding", params["module"], params.get("code"))
    declared = literal(source, "ENGINE")
    device = engine.device_name(params["options"], params["threads"]) if "on_device" in declared else "cpu"
    made_by = provenance(device=device, threads=params["threads"], seeds=params["seeds"], packages=packages(source, "ENGINE"))
    kept = []
    code = ["layerscope.stages.embed", source]
    made_for = identity(params, code, [arguments.activations, *arguments.neighbors])
    with Resumable(arguments.embedding, made_for) as resumable:
        steps = store.series(arguments.activations, view, params["options"].get("over"))
        if "pairs_together" in declared:
            steps = gathered(steps, declared["pairs_together"])
        for series in tqdm(steps, desc="embed", delay=10, mininterval=5):
            for seed in params["seeds"]:
                parts = [f"{seed}/{stored.name}" for stored in series]
                kept += [(part, seed, replace(stored, array=None)) for part, stored in zip(parts, series, strict=True)]
                if any(resumable.get(part) is None for part in parts):
                    found = embedded(engine, neighbors, series, params, seed)
                    for part, result in zip(parts, found, strict=True):
                        resumable.keep(part, {"points": result.points}, described(result))
        with store.create_hdf5(arguments.embedding, "embedding", params, made_by) as file:
            for part, seed, stored in kept:
                arrays, attributes = resumable.finished(part)
                store.write_embedding(file, seed, stored, arrays["points"], attributes)
        resumable.discard()


def gathered(series: Iterable[list[store.StoredRepresentation]], pairs: int) -> Iterator[list[store.StoredRepresentation]]:
    """Lists of the representations of all series, as many in each as have so many pairs of points; at least one."""
    group: list[store.StoredRepresentation] = []
    for stored in chain.from_iterable(series):
        if group and (len(group) + 1) * len(stored.array) ** 2 > pairs:
            yield group
            group = []
        group.append(stored)
    if group:
        yield group


def embedded(
    engine: ModuleType, neighbors: store.NeighborsFile, series: list[store.StoredRepresentation], params: dict, seed: int
) -> list[Embedding]:
    """The embeddings of a series of representations: steps of one another if options have `over`; else each by itself."""
    options, threads, arrays = params["options"], params["threads"], [stored.array for stored in series]
    if "over" in options:
        return engine.embed_steps(arrays, options, seed, threads)
    found = [neighbors.read(stored) for stored in series]
    if hasattr(engine, "embed_together"):
        return engine.embed_together(arrays, found, options, seed, threads)
    return [engine.embed(points, near, options, seed, threads) for points, near in zip(arrays, found, strict=True)]


def described(result: Embedding) -> dict:
    """The attributes that are stored with the points of an embedding."""
    return {"kl_engine": result.kl_engine, "iterations": result.iterations, "status": result.status, **result.about}


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations")
    parser.add_argument("--neighbors", nargs="*", default=[], help="their nearest neighbours, where the method reads them")
    parser.add_argument("--embedding", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
