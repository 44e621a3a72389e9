"""Score representations by metrics that read more than these: weights of the network, another sample, or other layers."""

import argparse
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.errors import StudyError
from layerscope.files.csv_tables import write_rows
from layerscope.scoring.shared.beside_input import BesideInput, Fitted, LinearMap
from layerscope.scoring.shared.rows import score_row, unaccepted
from layerscope.scoring.shared.score_input import Predicted, Representation
from layerscope.selection import View
from layerscope.stages.score import asked_of, flag_of, missing_rows, score_input
from layerscope.store import StoredRepresentation

NOTHING: Mapping[str, np.ndarray] = MappingProxyType({})


def main(arguments: argparse.Namespace) -> None:
    """Write one row per score and layer."""
    params, made_by = arguments.params, store.file_provenance(arguments.activations)
    n_points = len(store.read_index(arguments.activations))
    rows, seen = [], set()
    for stored, scored in tqdm(beside_inputs(arguments), desc="score", delay=10, mininterval=5):
        seen.add(stored.name)
        reasons = (unaccepted(made_by, stored.epoch), flag_of(arguments.activations, stored, params["distinct_rows"]))
        for name, score in score_input(scored, asked_of(params, stored), params.get("code")).items():
            rows.append(
                score_row(
                    params,
                    name,
                    score,
                    epoch=stored.epoch,
                    n_points=n_points,
                    layer=stored.layer,
                    depth=stored.depth,
                    degenerate="; ".join(reason for reason in reasons if reason),
                )
            )
    rows += missing_rows(params, seen, n_points, f"{made_by['status']}: {made_by['reason']}")
    write_rows(arguments.scores, store.SCORE_COLUMNS, rows)


def beside_inputs(arguments: argparse.Namespace) -> Iterator[tuple[StoredRepresentation, BesideInput]]:
    """Every representation that is asked for, with what stands beside it. arguments: as in `add_files`, and --params.

    Raises StudyError where an observation of the sample is among those that a probe is fitted on.
    """
    params, source = arguments.params, arguments.activations
    targets = store.read_targets(source)
    labels = store.read_labels(source) if targets is None else None
    learned = None if targets is None else targets.learned
    predicted = {one.epoch: Predicted(one.classes, one.losses) for one in store.predictions(source)}
    neighbors = store.NeighborsFile(arguments.neighbors[0] if arguments.neighbors else None)
    fitted_on = {store.file_params(file)["sample"]["name"]: file for file in arguments.fitted_on}
    for file in fitted_on.values():
        refuse_shared(source, file)
    for stored in store.representations(source, View.from_params(params["view"])):
        graph = neighbors.read(stored)
        last = _last(arguments.checkpoints, stored.epoch, params.get("last", ""))
        yield (
            stored,
            BesideInput(
                Representation(stored.array, labels, targets=learned),
                stored.array,
                "raw",
                None if graph is None else graph.indices,
                predictions=predicted.get(stored.epoch),
                last=last,
                no_last=_why_none(arguments.checkpoints, params.get("last", "")),
                fitted={name: _fitted(file, stored) for name, file in fitted_on.items()},
                earlier=_earlier(arguments, neighbors, stored) if "sequence" in params else NOTHING,
            ),
        )


def refuse_shared(source: str, other: str) -> None:
    """Raise StudyError if two files of activations have an observation in common."""
    splits = [store.file_params(file)["sample"]["split"] for file in (source, other)]
    shared = np.intersect1d(store.read_index(source), store.read_index(other))
    if splits[0] == splits[1] and len(shared):
        raise StudyError(
            f"{source} and {other} share {len(shared)} observations of the {splits[0]} split, row {shared[0]} among them: what "
            "is fitted on one cannot be scored on the other; choose samples of different splits"
        )


def _last(checkpoints: list[str], epoch: int, start: str) -> LinearMap | None:
    found = store.read_linear_map(checkpoints[0], epoch, start) if checkpoints and start else None
    return None if found is None else LinearMap(*found)


def _why_none(checkpoints: list[str], start: str) -> str:
    if not checkpoints:
        return "the activations are given, and no weights"
    return "the checkpoint has no such snapshot" if start else "the network does not end with a linear layer that is looked at"


def _fitted(file: str, stored: StoredRepresentation) -> Fitted:
    points = store.read_layer(file, stored.epoch, stored.layer)
    labels = None if store.read_targets(file) is not None else store.read_labels(file)
    return Fitted(points.reshape(len(points), -1), labels)


def _earlier(
    arguments: argparse.Namespace, neighbors: store.NeighborsFile, stored: StoredRepresentation
) -> dict[str, np.ndarray]:
    """The neighbours in the layer before, and in the input, as far as these are looked at."""
    found = {}
    if arguments.input_neighbors:
        of_input = StoredRepresentation(0, "input", None, 0, np.empty(0), {})
        graph = store.NeighborsFile(arguments.input_neighbors[0]).read(of_input)
        if graph is not None:
            found = {"input": graph.indices, "layer": graph.indices}
    place = arguments.params["sequence"].index(stored.layer)
    if place:
        before = StoredRepresentation(stored.epoch, arguments.params["sequence"][place - 1], None, 0, np.empty(0), {})
        graph = neighbors.read(before)
        if graph is not None:
            found["layer"] = graph.indices
    return found


def add_files(parser: argparse.ArgumentParser) -> None:
    """The options that name the files beside the representations; each has none where no score reads it."""
    files = {
        "--neighbors": "their nearest neighbours",
        "--input-neighbors": "the nearest neighbours in the input of the network",
        "--fitted-on": "the activations for the observations that probes are fitted on",
        "--checkpoints": "the weights of the network",
    }
    for option, what in files.items():
        parser.add_argument(option, nargs="*", default=[], help=f"{what}, where a score reads them")


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations, labels and predictions")
    add_files(parser)
    parser.add_argument("--scores", required=True, help="the rows to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
