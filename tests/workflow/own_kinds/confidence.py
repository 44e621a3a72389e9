"""Two scores: one of predictions, one of a network as such."""

import numpy as np

from layerscope.scoring.shared.score_input import NetworkInput, Score, ScoreInput

METRICS = {
    "confidence": {
        "reads": {"raw": ("predictions",)},
        "unit": "nat",
        "higher_is_better": False,
        "whole_only": True,
        "definition": "the mean cross-entropy of the observations whose loss is above `above`",
        "reference": "these tests",
        "chance": "the logarithm of the number of classes",
        "needs": ("classes",),
        "options": {"above": {"description": "Smaller losses do not count.", "type": "number", "minimum": 0, "default": 0}},
    },
    "size": {
        "reads": {"run": ("spectra",)},
        "unit": "1",
        "higher_is_better": None,
        "whole_only": True,
        "definition": "the trace of the covariance of a layer",
        "reference": "these tests",
        "chance": "none",
        "options": {"phase": {"description": "As for saturation.", "enum": ["evaluation", "train"], "default": "evaluation"}},
    },
}


def score(scored: ScoreInput | NetworkInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one representation, or of one layer. asked: name -> (metric, options)."""
    return {name: _score(scored, metric, options) for name, (metric, options) in asked.items()}


def _score(scored, metric: str, options: dict) -> Score:
    if metric == "size":
        return Score(float(scored.eigenvalues.sum()))
    losses = scored.predictions.losses
    counted = losses[losses > options["above"]]
    chance = float(np.log(len(np.unique(scored.labels))))
    return Score(float(counted.mean()), chance) if len(counted) else Score(float("nan"), chance, "no loss above the bound")
