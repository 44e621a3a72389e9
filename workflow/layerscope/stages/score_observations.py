"""Score every observation of a sample: in the layers of a source, in one embedding of them, or by the network as such."""

import argparse
from collections.abc import Iterator
from importlib import import_module

import numpy as np
from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.provenance import provenance
from layerscope.kind_modules import load_kind
from layerscope.scoring.shared.asking import scores_of
from layerscope.scoring.shared.rows import unaccepted
from layerscope.scoring.shared.score_input import NetworkInput, Predicted, Representation, Score, ScoreInput
from layerscope.selection import View
from layerscope.stages.score import asked_of, expected_representations, flag_of
from layerscope.stages.score_beside import add_files, beside_inputs
from layerscope.store import ObservationScores, StoredRepresentation


def main(arguments: argparse.Namespace) -> None:
    """Write each score of every observation, NaN with the reason where it is lost, and which observations these are."""
    params = arguments.params
    targets = store.read_targets(arguments.activations)
    labels = store.read_labels(arguments.activations) if targets is None else targets
    rows = store.read_index(arguments.activations)
    made_by = provenance(threads=params["threads"])
    if params.get("beside"):
        found = of_what_stands_beside(arguments, len(rows))
    else:
        found = of_network(arguments) if params["space"] == "run" else of_representations(arguments, len(rows))
    with store.create_hdf5(arguments.observations, "observations", params, made_by) as file:
        store.write_observations(file, labels, rows)
        for scores in found:
            store.write_observation_scores(file, scores)


def of_network(arguments: argparse.Namespace) -> Iterator[ObservationScores]:
    """The scores by which a network as such is told, at every snapshot that is asked for."""
    params, made_by = arguments.params, store.file_provenance(arguments.activations)
    labels, targets = _labels_and_targets(arguments.activations)
    n = len(store.read_index(arguments.activations))
    predicted = {one.epoch: Predicted(one.classes, one.losses) for one in store.predictions(arguments.activations)}
    for name, entry in params["scores"].items():
        for epoch in entry["epochs"]:
            found: tuple[np.ndarray, str] | None = _lost(n, f"{made_by['status']}: {made_by['reason']}")
            if epoch in predicted:
                scored = NetworkInput(labels, predictions=predicted[epoch], targets=targets)
                found = observed(scored, name, entry, n, params.get("code"))
            if found is not None:
                values, reason = found
                yield ObservationScores(name, epoch, "", 0, None, values, _joined(unaccepted(made_by, epoch), reason))


def of_representations(arguments: argparse.Namespace, n: int) -> Iterator[ObservationScores]:
    """The scores in the layers that are asked for, or in their embeddings. n: the number of observations."""
    params, made_by = arguments.params, store.file_provenance(arguments.activations)
    labels, targets = _labels_and_targets(arguments.activations)
    neighbors = store.NeighborsFile(arguments.neighbors[0] if arguments.neighbors else None)
    predicted = {one.epoch: Predicted(one.classes, one.losses) for one in store.predictions(arguments.activations)}
    embedded = embeddings_by_name(arguments.embedding[0]) if arguments.embedding else None
    seen = set()
    places: list[tuple[int | None, np.ndarray, str, dict[str, np.ndarray]]]
    view = View.from_params(params["view"])
    for stored in tqdm(store.representations(arguments.activations, view), desc="score", delay=10, mininterval=5):
        seen.add(stored.name)
        graph = neighbors.read(stored)
        representation = Representation(stored.array, labels, targets=targets)
        flagged = _joined(unaccepted(made_by, stored.epoch), flag_of(arguments.activations, stored, params["distinct_rows"]))
        places = [(None, stored.array, "ok", {})] if embedded is None else embedded[stored.name]
        for seed, points, status, before in places:
            scored = ScoreInput(
                representation,
                points,
                "raw" if embedded is None else "embedding",
                None if graph is None else graph.indices,
                before=before,
                predictions=predicted.get(stored.epoch),
            )
            for name, entry in _asked(params, stored).items():
                found: tuple[np.ndarray, str] | None = _lost(n, status)
                if status == "ok" or np.isfinite(points).all():
                    found = observed(scored, name, entry, n, params.get("code"))
                # The first step of a sequence has no score of movement.
                if found is not None:
                    values, reason = found
                    reason = _joined(flagged, "" if status == "ok" else status, reason)
                    yield ObservationScores(name, stored.epoch, stored.layer, stored.depth, seed, values, reason)
    yield from _lacking(params, seen, n, made_by)


def of_what_stands_beside(arguments: argparse.Namespace, n: int) -> Iterator[ObservationScores]:
    """The scores in the layers that are asked for, of metrics that read more than these (see stages.score_beside)."""
    params, made_by = arguments.params, store.file_provenance(arguments.activations)
    seen = set()
    for stored, scored in tqdm(beside_inputs(arguments), desc="score", delay=10, mininterval=5):
        seen.add(stored.name)
        flagged = _joined(unaccepted(made_by, stored.epoch), flag_of(arguments.activations, stored, params["distinct_rows"]))
        for name, entry in _asked(params, stored).items():
            found = observed(scored, name, entry, n, params.get("code"))
            if found is not None:
                values, reason = found
                yield ObservationScores(name, stored.epoch, stored.layer, stored.depth, None, values, _joined(flagged, reason))
    yield from _lacking(params, seen, n, made_by)


def _lacking(params: dict, seen: set[str], n: int, made_by: dict) -> Iterator[ObservationScores]:
    """NaN for the representations that the file of activations lacks, because the training of the network diverged."""
    for expected in expected_representations(params):
        for seed in params["seeds"] if expected.name not in seen else ():
            for name in _asked(params, expected):
                values, reason = _lost(n, f"{made_by['status']}: {made_by['reason']}")
                yield ObservationScores(name, expected.epoch, expected.layer, expected.depth, seed, values, reason)


def observed(
    scored: ScoreInput | NetworkInput, name: str, entry: dict, n: int, code: dict | None = None
) -> tuple[np.ndarray, str] | None:
    """One score of every observation, (n,) float64, and why it means little; NaN where the score of the whole is.

    None where there is no score of the whole either. entry: its metric, module and options, as in params. code: the user's own
    files.
    """
    metric, options = entry["metric"], entry["options"]
    module = load_kind("scoring", entry["module"], code)
    whole: Score | None = scores_of(entry["module"], code, scored, {name: (metric, options)}).get(name)
    if whole is None:
        return None
    if not np.isfinite(whole.value):
        return _lost(n, whole.reason)
    if not hasattr(module, "by_observation"):
        module = import_module(f"layerscope.scoring.by_observation.{entry['module']}")
    return np.asarray(module.by_observation(scored, metric, options), dtype=np.float64), whole.reason


def embeddings_by_name(source: str) -> dict[str, list[tuple[int | None, np.ndarray, str, dict[str, np.ndarray]]]]:
    """Name of a whole layer → (seed, points (n, 2), status, points of the steps before) of each of its embeddings.

    The steps before are those of ScoreInput.before.
    """
    found: dict[str, list] = {}
    latest: dict[tuple, np.ndarray] = {}
    for seed, stored in store.embeddings(source):
        if stored.filter is None:
            steps: dict[str, tuple] = {"epochs": (seed, stored.layer), "layers": (seed, stored.epoch, "")}
            before = {over: latest[step] for over, step in steps.items() if step in latest}
            found.setdefault(stored.name, []).append((seed, stored.array, str(stored.attributes["status"]), before))
            latest.update(dict.fromkeys(steps.values(), stored.array))
    return found


def _labels_and_targets(activations: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    targets = store.read_targets(activations)
    return (store.read_labels(activations), None) if targets is None else (None, targets.learned)


def _lost(n: int, reason: str) -> tuple[np.ndarray, str]:
    return np.full(n, np.nan), reason


def _asked(params: dict, stored: StoredRepresentation) -> dict[str, dict]:
    names = {name for wanted in asked_of(params, stored).values() for name in wanted}
    return {name: entry for name, entry in params["scores"].items() if name in names}


def _joined(*reasons: str) -> str:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations, labels and predictions")
    add_files(parser)
    parser.add_argument("--embedding", nargs="*", default=[], help="their embedding; none to score representations, or a network")
    parser.add_argument("--observations", required=True, help="the scores of every observation, to write (HDF5)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
