"""How far points move in the plane from one step of a network to the next: the stability of an evolution."""

import numpy as np

from layerscope.scoring.shared.subject import Score, Subject

METRICS = {
    "displacement": {
        "unit": "coordinates of the embedding",
        "higher_is_better": False,
        "spaces": ("embedding",),
        "reads": {},
        "options": {"over": "epochs"},
        "bounds": {"over": ("epochs", "layers")},
        "whole_only": False,
        "source": "Rauber, Falcão and Telea 2016: coherence over time, as the mean way since the step before",
        "chance": "none: it does not read the labels",
    },
}


def score(subject: Subject, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one embedding. asked: name -> (metric, options); the first step has none of them."""
    scores = {}
    for name, (_, options) in asked.items():
        before = subject.before.get(options["over"])
        if before is not None:
            scores[name] = _displacement(before, subject.points)
    return scores


def _displacement(before: np.ndarray, points: np.ndarray) -> Score:
    if not (np.isfinite(before).all() and np.isfinite(points).all()):
        return Score(float("nan"), reason="not finite")
    moved = points.astype(np.float64) - before.astype(np.float64)
    return Score(float(np.linalg.norm(moved, axis=1).mean()))
