"""How far each observation moves in the plane from one step of a network to the next."""

import numpy as np

from layerscope.scoring.shared.score_input import ScoreInput

BY_OBSERVATION = ("displacement",)


def by_observation(scored: ScoreInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64, the distance between the places of a point at this step and at the step before; its mean is the score."""
    before = scored.before[options["over"]].astype(np.float64)
    return np.linalg.norm(scored.points.astype(np.float64) - before, axis=1)
