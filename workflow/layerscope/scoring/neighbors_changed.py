"""How many of the nearest neighbours of a point are others than in the layer before, or than in the input."""

import numpy as np

from layerscope.scoring.shared.beside_input import BesideInput
from layerscope.scoring.shared.degenerate import NO_VARIANCE
from layerscope.scoring.shared.score_input import Score, with_defaults

METRICS = {
    "neighbors_changed": {
        "label": "share of neighbours that change",
        "reads": {"raw": ("neighbors", "earlier")},
        "neighbors": {"option": "k"},
        "range": (0, 1),
        "unit": "share of neighbours",
        "higher_is_better": None,
        "whole_only": True,
        "definition": (
            "1 - the mean over points of |A ∩ B| / k, with A the k nearest other points in this layer, and B those in the layer "
            "before it that is looked at, or in the input (`since`)"
        ),
        "reference": "Doimo, Glielmo, Ansuini and Laio 2020, whose neighborhood overlap is 1 minus it",
        "chance": "exact for neighbours drawn at random: 1 - k / (n - 1)",
        "needs_points": {"k": 1},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 30,
            },
            "since": {
                "description": "The layer before, or the input of the network.",
                "enum": ["layer", "input"],
                "default": "layer",
            },
        },
    },
}


def score(scored: BesideInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer. asked: name -> (metric, options); the result has the same names."""
    scores = {}
    for name, (metric, options) in asked.items():
        filled = with_defaults(METRICS[metric], options)
        scores[name] = _score(scored, filled["k"], filled["since"])
    return scores


def shares_changed(neighbors: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """(n,) the share of each row of neighbours (n, k) that are not in the same row of earlier ones (n, k)."""
    kept = np.zeros(len(neighbors), dtype=np.int64)
    for one in earlier.T:
        kept += (neighbors == one[:, None]).any(axis=1)
    return 1 - kept / neighbors.shape[1]


def _score(scored: BesideInput, k: int, since: str) -> Score:
    undefined, n = float("nan"), len(scored.points)
    if k >= n:
        return Score(undefined, reason=f"{k} neighbours asked for among {n} points")
    chance = 1 - k / (n - 1)
    if (scored.points == scored.points[:1]).all():
        # All points are as near, and those that are called nearest are the first ones.
        return Score(undefined, chance, NO_VARIANCE)
    if since not in scored.earlier:
        return Score(undefined, chance, f"the {'input' if since == 'input' else 'layer before'} is not looked at")
    neighbors, earlier = scored.neighbors, scored.earlier[since]
    if neighbors is None or min(neighbors.shape[1], earlier.shape[1]) < k:
        stored = 0 if neighbors is None else min(neighbors.shape[1], earlier.shape[1])
        return Score(undefined, chance, f"{k} neighbours asked for, {stored} are stored")
    return Score(float(shares_changed(neighbors[:, :k], earlier[:, :k]).mean()), chance)
