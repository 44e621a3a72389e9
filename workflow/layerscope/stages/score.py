"""Score every representation of a source, in its own space or in one embedding."""

import argparse
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.csv_tables import write_rows
from layerscope.geometry.filters import dead_filters
from layerscope.scoring.shared.asking import scores_of
from layerscope.scoring.shared.degenerate import NOT_FINITE, degenerate_reason
from layerscope.scoring.shared.rows import score_row, unaccepted
from layerscope.scoring.shared.score_input import Predicted, Representation, Score, ScoreInput
from layerscope.selection import View
from layerscope.statistics.keys import DEAD_FILTER
from layerscope.store import StoredRepresentation


def main(arguments: argparse.Namespace) -> None:
    """Write one row per score, representation and embedding seed."""
    params = arguments.params
    targets = store.read_targets(arguments.activations)
    labels = store.read_labels(arguments.activations) if targets is None else None
    n_points = len(store.read_index(arguments.activations))
    learned = None if targets is None else targets.learned
    made_by = store.file_provenance(arguments.activations)
    view = View.from_params(params["view"])
    neighbors = store.NeighborsFile(arguments.neighbors[0] if arguments.neighbors else None)
    embedded = _embeddings_by_name(arguments.embedding[0]) if arguments.embedding else None
    predicted = {one.epoch: Predicted(one.classes, one.losses) for one in store.predictions(arguments.activations)}
    rows, seen = [], set()
    for stored in tqdm(store.representations(arguments.activations, view), desc="score", delay=10, mininterval=5):
        asked = asked_of(params, stored)
        graph = neighbors.read(stored)
        representation = Representation(stored.array, labels, whole=stored.filter is None, targets=learned)
        degenerate = flag_of(arguments.activations, stored, params["distinct_rows"])
        seen.add(stored.name)
        for seed, points, kl_engine, status, before in _spaces(stored, embedded):
            scored = ScoreInput(
                representation,
                points,
                "raw" if embedded is None else "embedding",
                None if graph is None else graph.indices,
                kl_engine,
                before,
                predicted.get(stored.epoch),
            )
            scores = (
                score_input(scored, asked, params.get("code"))
                if status == "ok" or np.isfinite(points).all()
                else lost(asked, status)
            )
            found = (unaccepted(made_by, stored.epoch), degenerate, "" if status == "ok" else status)
            reasons = "; ".join(reason for reason in found if reason)
            for name, score in scores.items():
                rows.append(_row(params, name, score, stored, n_points, seed, reasons))
    rows += missing_rows(params, seen, n_points, f"{made_by['status']}: {made_by['reason']}")
    write_rows(arguments.scores, store.SCORE_COLUMNS, rows)


def flag_of(source: str, stored: StoredRepresentation, neighbors_asked: int) -> str:
    """Why a representation is degenerate: it carries too little, or is of a dead filter; "" if it is not."""
    reason = degenerate_reason(stored.array, neighbors_asked)
    if stored.filter is None or reason == NOT_FINITE:
        return reason
    reason = _dead_filters_of(source, stored.epoch, stored.layer)[stored.filter] or reason
    return f"{DEAD_FILTER}{reason}" if reason else ""


# Representations come layer by layer, all filters of a layer one after the other.
@lru_cache(maxsize=1)
def _dead_filters_of(source: str, epoch: int, layer: str) -> list[str]:
    return dead_filters(store.read_layer(source, epoch, layer))


def asked_of(params: dict, stored: StoredRepresentation) -> dict[str, dict[str, tuple[str, dict]]]:
    """The scores that the study requests for one representation: module → score name → (metric, options)."""
    asked: dict[str, dict[str, tuple[str, dict]]] = {}
    for name, entry in params["scores"].items():
        if View.from_params(entry["view"]).shows(stored.epoch, stored.layer, stored.filter):
            asked.setdefault(entry["module"], {})[name] = (entry["metric"], entry["options"])
    return asked


def score_input(scored: ScoreInput, asked: dict[str, dict], code: dict | None = None) -> dict[str, Score]:
    """All requested scores, module by module, each called once. code: the user's own files, as in job params."""
    scores = {}
    for module, wanted in asked.items():
        scores.update(scores_of(module, code, scored, wanted))
    return scores


def lost(asked: dict[str, dict], reason: str) -> dict[str, Score]:
    """NaN for every requested score, with the reason."""
    return {name: Score(float("nan"), reason=reason) for wanted in asked.values() for name in wanted}


def missing_rows(params: dict, seen: set[str], n_points: int, reason: str) -> list[dict]:
    """NaN rows for representations that the view includes but the file lacks, because the training of the network diverged."""
    return [
        _row(params, name, score, expected, n_points, seed, reason)
        for expected in expected_representations(params)
        if expected.name not in seen
        for seed in params["seeds"]
        for name, score in lost(asked_of(params, expected), "").items()
    ]


def expected_representations(params: dict) -> Iterator[StoredRepresentation]:
    """Every representation of the view, without its array, by epoch, depth and filter."""
    view = View.from_params(params["view"])
    for epoch in view.epochs:
        for layer, (depth, width) in params["layers"].items():
            if layer in view.whole:
                yield StoredRepresentation(epoch, layer, None, depth, np.empty(0), {})
            if layer in view.filters:
                chosen = view.filters[layer]
                for number in range(width) if chosen is None else chosen:
                    yield StoredRepresentation(epoch, layer, number, depth, np.empty(0), {})


def _embeddings_by_name(source: str) -> dict[str, list]:
    """Name of a representation → its embeddings, one per seed, each with those of the previous steps (ScoreInput.before)."""
    found: dict[str, list] = {}
    latest: dict[tuple, np.ndarray] = {}
    for seed, stored in store.embeddings(source):
        steps: dict[str, tuple] = {"epochs": (seed, stored.layer, stored.filter)}
        if stored.filter is None:
            steps["layers"] = (seed, stored.epoch)
        before = {over: latest[step] for over, step in steps.items() if step in latest}
        found.setdefault(stored.name, []).append((seed, stored, before))
        latest.update(dict.fromkeys(steps.values(), stored.array))
    return found


def _spaces(stored: StoredRepresentation, embedded: dict | None) -> Iterator[tuple[int | None, np.ndarray, float, str, dict]]:
    if embedded is None:
        yield None, stored.array, float("nan"), "ok", {}
        return
    for seed, embedding, before in embedded[stored.name]:
        about = embedding.attributes
        yield seed, embedding.array, float(about["kl_engine"]), str(about["status"]), before


def _row(params, name, score, stored, n_points, seed, reason) -> dict:
    return score_row(
        params,
        name,
        score,
        epoch=stored.epoch,
        n_points=n_points,
        layer=stored.layer,
        depth=stored.depth,
        filter_number=stored.filter,
        embedding_seed=seed,
        degenerate=reason,
    )


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations and labels")
    parser.add_argument("--neighbors", nargs="*", default=[], help="their nearest neighbours, where a score reads them")
    parser.add_argument("--embedding", nargs="*", default=[], help="their embedding; none to score the representations")
    parser.add_argument("--scores", required=True, help="the rows to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
