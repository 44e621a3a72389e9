"""How many directions the layers of a network use."""

import numpy as np

from layerscope.saturation.dimension import intrinsic_dimension, participation_ratio
from layerscope.scoring.shared.score_input import NetworkInput, Score

METRICS = {
    "intrinsic_dimension": {
        "label": "intrinsic dimension",
        "reads": {"run": ("spectra",)},
        "by_default": {"intrinsic_dimension": {}},
        "range": (0, None),
        "unit": "directions",
        "higher_is_better": None,
        "whole_only": True,
        "definition": (
            "the smallest number of leading eigenvalues of the covariance of the layer's outputs whose sum is at least "
            "`threshold` times the sum of all"
        ),
        "reference": "Shenk et al.",
        "chance": "none",
        "options": {
            "threshold": {
                "description": "The share of the variance that the leading eigenvalues must reach.",
                "type": "number",
                "minimum": 0.01,
                "maximum": 1,
                "default": 0.99,
            },
            "phase": {
                "description": (
                    "evaluation is one pass of frozen weights over the test split; train follows the batches of each epoch."
                ),
                "enum": ["evaluation", "train"],
                "default": "evaluation",
            },
        },
    },
    "participation_ratio": {
        "label": "participation ratio",
        "reads": {"run": ("spectra",)},
        "range": (0, None),
        "unit": "directions",
        "higher_is_better": None,
        "whole_only": True,
        "definition": (
            "the square of the sum of the eigenvalues of the covariance of the layer's outputs over the sum of their squares: "
            "the number of directions if all carried the same variance; it has no steps, as counts of directions have"
        ),
        "reference": "Litwin-Kumar et al. 2017, Neuron 93",
        "chance": "none",
        "options": {
            "phase": {
                "description": (
                    "evaluation is one pass of frozen weights over the test split; train follows the batches of each epoch."
                ),
                "enum": ["evaluation", "train"],
                "default": "evaluation",
            },
        },
    },
    "saturation": {
        "label": "saturation",
        "reads": {"run": ("spectra",)},
        "by_default": {"saturation": {}},
        "range": (0, 1),
        "unit": "share of the width",
        "higher_is_better": None,
        "whole_only": True,
        "definition": "the intrinsic_dimension over the number of eigenvalues, the width of the layer",
        "reference": "Shenk et al.",
        "chance": "none",
        "options": {
            "threshold": {
                "description": "The share of the variance that the leading eigenvalues must reach.",
                "type": "number",
                "minimum": 0.01,
                "maximum": 1,
                "default": 0.99,
            },
            "phase": {
                "description": (
                    "evaluation is one pass of frozen weights over the test split; train follows the batches of each epoch."
                ),
                "enum": ["evaluation", "train"],
                "default": "evaluation",
            },
        },
    },
}


def score(scored: NetworkInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer, from its spectrum. A layer without variance has 0, with a reason.

    asked: name -> (metric, options).
    """
    return {name: _score(scored, metric, options) for name, (metric, options) in asked.items()}


def _score(scored: NetworkInput, metric: str, options: dict) -> Score:
    eigenvalues = scored.eigenvalues
    if eigenvalues is None:
        return Score(float("nan"), reason="no spectrum")
    if metric == "participation_ratio":
        value = participation_ratio(eigenvalues)
    else:
        directions = intrinsic_dimension(eigenvalues, options["threshold"])
        value = directions if metric == "intrinsic_dimension" else directions / len(eigenvalues)
    if not np.isfinite(value):
        return Score(float("nan"), reason="not finite")
    return Score(float(value), reason="" if eigenvalues.sum() > 0 else "no variance")
