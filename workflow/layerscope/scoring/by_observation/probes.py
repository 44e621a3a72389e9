"""Which observations a classifier tells right that was fitted on others."""

import numpy as np

from layerscope.scoring.probes import told_classes
from layerscope.scoring.shared.beside_input import BesideInput

BY_OBSERVATION = ("knn_probe_held_out", "linear_probe_held_out")


def by_observation(scored: BesideInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64, 1 where the probe tells the class of the observation, else 0; its mean is the score of the whole."""
    points = np.asarray(scored.points, dtype=np.float32)
    told = told_classes(metric, scored.fitted[options["fitted_on"]], points, options)
    return (told == scored.labels).astype(np.float64)
