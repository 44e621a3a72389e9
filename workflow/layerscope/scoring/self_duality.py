"""Neural collapse, third part: how far the weights of the classifier are from the class means (Papyan et al. 2020)."""

import numpy as np

from layerscope.scoring.shared.beside_input import BesideInput, LinearMap
from layerscope.scoring.shared.degenerate import NOT_FINITE
from layerscope.scoring.shared.score_input import Score

METRICS = {
    "nc3": {
        "label": "distance of weights from class means (NC3)",
        "reads": {"raw": ("weights", "predictions")},
        "range": (0, 4),
        "unit": "1",
        "higher_is_better": False,
        "whole_only": True,
        "definition": (
            "the squared Frobenius norm of W / ‖W‖ - M / ‖M‖: the weights W of the linear layer by which the network ends, a row "
            "a class, against the class means M of the layer that it reads, about the mean of these; 0 where each class is told "
            "by the direction of its mean, 2 where weights and means have nothing in common; no other layer has such weights"
        ),
        "reference": "Papyan, Han and Donoho 2020",
        "chance": "2, the expectation for weights in random directions",
        "needs": ("classes",),
    },
}

# The share of observations to which the weights must give the class that the network predicts. Less than 1, because logits that
# are nearly equal round otherwise on another device.
AGREEMENT = 0.99
CHANCE = 2.0


def score(scored: BesideInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer. asked: name -> (metric, options); the result has the same names.

    That a layer is the one that the last layer reads is told by its points: the weights give the network's predictions from them.
    """
    return dict.fromkeys(asked, _score(scored))


def self_duality(weights: np.ndarray, means: np.ndarray) -> float:
    """|W / |W| - M / |M||², Frobenius norms. weights: (C, d). means: (C, d), of the classes, about the mean of these."""
    return float(np.square(weights / np.linalg.norm(weights) - means / np.linalg.norm(means)).sum())


def _score(scored: BesideInput) -> Score:
    undefined = float("nan")
    points, labels = np.asarray(scored.points, dtype=np.float64), scored.labels
    if scored.last is None:
        return Score(undefined, CHANCE, scored.no_last or "no weights are known")
    if not np.isfinite(points).all():
        return Score(undefined, CHANCE, NOT_FINITE)
    reason = _not_read(scored, points, scored.last)
    if reason:
        return Score(undefined, CHANCE, reason)
    classes = np.unique(labels)
    if len(classes) < len(scored.last.weights):
        there = f"{len(classes)} of {len(scored.last.weights)} classes are among the observations"
        return Score(undefined, CHANCE, there)
    means = np.stack([points[labels == label].mean(axis=0) for label in classes])
    means -= means.mean(axis=0)
    weights = scored.last.weights.astype(np.float64)
    if not np.isfinite(weights).all():
        return Score(undefined, CHANCE, "the weights are not finite")
    if not means.any() or not weights.any():
        return Score(undefined, CHANCE, "all class means, or all weights, are equal")
    return Score(self_duality(weights, means), CHANCE)


def _not_read(scored: BesideInput, points: np.ndarray, last: LinearMap) -> str:
    """Why a layer is not the one that the last layer reads; "" if it is."""
    if points.shape[1] != last.weights.shape[1]:
        return f"not the layer that the last one reads: {points.shape[1]} numbers, not {last.weights.shape[1]}"
    if scored.predictions is None or scored.predictions.classes is None:
        return "no predictions"
    told = (points @ last.weights.T.astype(np.float64) + last.bias).argmax(axis=1)
    if (told == scored.predictions.classes).mean() < AGREEMENT:
        return "not the layer that the last one reads: its weights give other predictions from it"
    return ""
