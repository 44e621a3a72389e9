"""How far points move in the plane from one step of a network to the next: the stability of a sequence of embeddings."""

import numpy as np

from layerscope.scoring.shared.score_input import Score, ScoreInput

METRICS = {
    "displacement": {
        "label": "displacement between steps",
        "reads": {"embedding": ()},
        "range": (0, None),
        "unit": "coordinates of the embedding",
        "higher_is_better": False,
        "whole_only": False,
        "between_steps": "over",
        "definition": (
            "the mean over points of the Euclidean distance between their places in the embedding at this step and at the "
            "step before"
        ),
        "reference": "Rauber, Falcão and Telea 2016, who call it temporal coherence",
        "chance": "none: it does not read the labels",
        "options": {
            "over": {
                "description": "The steps between which points move.",
                "enum": ["epochs", "layers"],
                "default": "epochs",
            },
        },
    },
}


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one embedding. asked: name -> (metric, options). The first step has no scores."""
    scores = {}
    for name, (_, options) in asked.items():
        before = scored.before.get(options["over"])
        if before is not None:
            scores[name] = _displacement(before, scored.points)
    return scores


def _displacement(before: np.ndarray, points: np.ndarray) -> Score:
    if not (np.isfinite(before).all() and np.isfinite(points).all()):
        return Score(float("nan"), reason="not finite")
    moved = points.astype(np.float64) - before.astype(np.float64)
    return Score(float(np.linalg.norm(moved, axis=1).mean()))
