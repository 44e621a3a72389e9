"""Scores and embeddings of plain arrays, without a study."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from layerscope.data.labels import label_vector
from layerscope.data.targets import numbers
from layerscope.embedding.shared.result import Embedding
from layerscope.errors import StudyError, one_of
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.kind_modules import load_kind
from layerscope.scoring.shared.score_input import Predicted, Representation, Score, ScoreInput, with_defaults
from layerscope.similarity.shared.measures import FEWEST_OBSERVATIONS, compare_by, prepared, similarity_measures
from layerscope.store import Neighbors
from layerscope.study.kinds import Kind, Kinds
from layerscope.study.schema import checked, entry_schema

SPACES = {"raw": "representations", "embedding": "embeddings"}


def score(
    points: np.ndarray,
    labels: np.ndarray | None,
    metrics: str | Iterable[str] | Mapping[str, Mapping[str, Any]],
    *,
    embedding: np.ndarray | None = None,
    predictions: tuple[np.ndarray, np.ndarray] | None = None,
    targets: np.ndarray | None = None,
) -> dict[str, Score]:
    """Score a representation, or an embedding of it, with the metrics of studies (docs/metrics.md).

    points: (n, d), one row per observation. labels: (n,) whole numbers or text, the class of each row; None where there are
    none. metrics: a name, several, or a mapping from names to options. embedding: (n, 2), an embedding of the points; if given,
    it is scored. predictions: (classes (n,), cross-entropies (n,)) of a network, for metrics that read them. targets: (n,) or
    (n, targets), of a regression. Each Score has a value, its chance level and, if the value means little, a reason. Raises
    StudyError for metrics, options or arrays that do not fit.
    """
    metrics = [metrics] if isinstance(metrics, str) else metrics
    asked = {name: dict(options) for name, options in metrics.items()} if isinstance(metrics, Mapping) else dict.fromkeys(metrics)
    if not asked:
        raise StudyError("metrics: none is named; name one or more")
    points = _rows(points, "points")
    if labels is not None:
        labels = _classes(labels, len(points))
    if targets is not None:
        targets = numbers({"targets": np.asarray(targets)}, "score")["targets"]
        if len(targets) != len(points):
            raise StudyError(
                f"targets: {len(targets)} rows are not allowed; {len(points)} are wanted, one for each row of points"
            )
    shown = points if embedding is None else _rows(embedding, "embedding")
    if len(shown) != len(points):
        raise StudyError(f"embedding: {len(shown)} rows are not allowed; {len(points)} are wanted, one for each row of points")
    space, kinds = ("raw" if embedding is None else "embedding"), Kinds()
    found: dict[str, Score] = {}
    wanted: dict[str, tuple[Kind, dict]] = {}
    for name, options in asked.items():
        kind = kinds.named("scores", name, "metrics")
        if space not in kind.spaces:
            fit = [other.name for other in kinds.of("scores").values() if space in other.spaces and not other.is_beside]
            if "embedding" in kind.spaces:
                raise StudyError(f"metrics: '{name}' rates an embedding; give that of the points as `embedding`")
            raise StudyError(f"metrics: '{name}' is no metric of {SPACES[space]}; {one_of(name, fit)}")
        if kind.is_beside:
            raise StudyError(
                f"metrics: '{name}' reads more than one layer ({', '.join(kind.reads(space))}); a study gives it that"
            )
        given = {"classes": labels, "targets": targets}
        for lacking in [needed for needed in sorted(kind.needs_of_dataset) if given[needed] is None]:
            raise StudyError(f"metrics: '{name}' needs {lacking}; give `{'labels' if lacking == 'classes' else lacking}`")
        filled = checked({**(options or {})}, entry_schema(kind), f"metrics.{name}")
        wanted[name] = (kind, {key: value for key, value in filled.items() if key in kind.options})
    k = max((kind.neighbors_needed(options) for kind, options in wanted.values() if "neighbors" in kind.reads(space)), default=0)
    if k >= len(points):
        raise StudyError(f"metrics: {k} neighbours are wanted among {len(points)} points; ask for fewer")
    scored = ScoreInput(
        Representation(points, labels, targets=targets),
        shown,
        space,
        nearest_neighbors(points, k)[0] if k else None,
        predictions=None if predictions is None else Predicted(*map(np.asarray, predictions)),
    )
    for name, (kind, options) in wanted.items():
        if "predictions" in kind.reads(space) and scored.predictions is None:
            raise StudyError(f"metrics: '{name}' reads the predictions of a network; give `predictions`")
        found.update(load_kind("scoring", kind.stem).score(scored, {name: (name, with_defaults(dict(kind.declared), options))}))
    return found


def embed(
    points: np.ndarray, method: str = "tsne", *, engine: str | None = None, seed: int = 0, threads: int = 1, **options: Any
) -> Embedding:
    """Embed points (n, d) in the plane with a method of studies (docs/keys.md). The result has points (n, 2) float32.

    options: the options of the method; defaults that are too large for so few points are lowered to what is possible. Raises
    StudyError for an unknown method or option, and for too many or too few points.
    """
    points, kinds = _rows(points, "points"), Kinds()
    kind = kinds.engine(method, {} if engine is None else {"engine": engine}, "")
    filled = checked(options, entry_schema(kind), "options")
    for option in kind.says("needs_points", {}):
        if option not in options:
            filled[option] = min(filled[option], kind.most(option, len(points)))
    largest, needed = kind.largest(filled), kind.neighbors_needed(filled)
    if largest is not None and len(points) > largest:
        raise StudyError(f"points: {method} takes at most {largest} of them, not {len(points)}; take a sample, or another engine")
    if needed >= len(points):
        raise StudyError(f"options: {needed} neighbours are wanted among {len(points)} points; ask for fewer")
    neighbors = Neighbors(*nearest_neighbors(points, needed)) if needed else None
    module = load_kind("embedding", kind.stem)
    if not hasattr(module, "embed"):
        raise StudyError(f"method: {method} embeds several steps together; see layerscope.tsne.dynamic.fit_dynamically")
    return module.embed(points, neighbors, filled, seed, threads)


def compare(
    first: np.ndarray, second: np.ndarray, measures: str | Iterable[str] | None = None, *, permutations: int = 10
) -> dict[str, Score]:
    """How alike two representations (n, d1) and (n, d2) of the same n observations are, by measures of docs/metrics.md.

    Maps of convolutions (n, filters, height, width) may stay in their shape: measures of units then take filters for units.

    measures: a name or several; all by default. Each Score has a value and its chance level, the mean over `permutations` seeded
    shufflings of the observations of the second (NaN for 0 of them). Raises StudyError for unknown measures and for arrays that
    do not fit.
    """
    known = similarity_measures()
    wanted = [measures] if isinstance(measures, str) else [*(known if measures is None else measures)]
    if not wanted:
        raise StudyError(f"measures: none is named; name one or more of {', '.join(known)}")
    for name in wanted:
        if name not in known:
            raise StudyError(f"measures: '{name}' is not known; {one_of(name, known)}")
    first, second = _observations(first, "first"), _observations(second, "second")
    if len(first) != len(second):
        raise StudyError(
            f"second: {len(second)} rows are not allowed; {len(first)} are wanted, the same observations in one order"
        )
    if len(first) < FEWEST_OBSERVATIONS:
        raise StudyError(f"first: {len(first)} rows are too few; {FEWEST_OBSERVATIONS} or more are wanted")
    of_first = prepared(first, wanted)
    values = compare_by(of_first, prepared(second, wanted), wanted)
    orders = [np.random.default_rng(seed).permutation(len(second)) for seed in range(permutations)]
    shuffled = [compare_by(of_first, prepared(second[order], wanted), wanted) for order in orders]
    lost = (
        "one of both does not vary" if first.shape[2:] == second.shape[2:] else "maps of different sizes have no units in common"
    )
    reasons = {name: "" if np.isfinite(value) else lost for name, value in values.items()}
    return {
        name: Score(value, float(np.mean([of[name] for of in shuffled])) if shuffled else float("nan"), reasons[name])
        for name, value in values.items()
    }


def _classes(labels: np.ndarray, n: int) -> np.ndarray:
    """Labels as classes numbered from 0, (n,) int64. Whole numbers from 0 stay as they are."""
    given = label_vector(np.asarray(labels), "labels")
    if len(given) != n:
        raise StudyError(f"labels: {len(given)} are given for {n} points; one for each row is wanted")
    if given.dtype.kind == "U" or given.min() < 0:
        return np.unique(given, return_inverse=True)[1].astype(np.int64)
    return given.astype(np.int64)


def _rows(array: np.ndarray, name: str) -> np.ndarray:
    found = _observations(array, name)
    return found.reshape(len(found), -1)


def _observations(array: np.ndarray, name: str) -> np.ndarray:
    rows = np.asarray(array)
    if rows.ndim < 2 or rows.dtype.kind not in "buif" or not np.isfinite(rows).all():
        raise StudyError(f"{name}: {rows.dtype} {rows.shape} is not allowed; finite numbers, a row an observation, are wanted")
    return np.ascontiguousarray(rows, dtype=np.float32)
