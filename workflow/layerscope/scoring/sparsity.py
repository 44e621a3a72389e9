"""How many activations of a representation are silent."""

import numpy as np

from layerscope.scoring.shared.degenerate import NOT_FINITE
from layerscope.scoring.shared.score_input import Score, ScoreInput

METRICS = {
    "sparsity": {
        "label": "sparsity",
        "reads": {"raw": ()},
        "range": (0, 1),
        "unit": "share of activations",
        "higher_is_better": None,
        "whole_only": False,
        "definition": "the share of the activations of all observations and units that are exactly 0",
        "reference": "Glorot, Bordes and Bengio 2011",
        "chance": "none",
    },
    "dead_share": {
        "label": "dead units",
        "reads": {"raw": ()},
        "range": (0, 1),
        "unit": "share of units",
        "higher_is_better": None,
        "whole_only": False,
        "definition": "the share of the units whose activation is the same for all observations",
        "reference": "layerscope",
        "chance": "none",
    },
}


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one representation. asked: name -> (metric, options); the result has the same names."""
    points = np.asarray(scored.points)
    if not np.isfinite(points).all():
        return dict.fromkeys(asked, Score(float("nan"), reason=NOT_FINITE))
    found = {"sparsity": (points == 0).mean(), "dead_share": (np.ptp(points, axis=0) == 0).mean()}
    return {name: Score(float(found[metric])) for name, (metric, _) in asked.items()}
