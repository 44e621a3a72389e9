"""How many of the nearest neighbours of each observation change from layer to layer."""

import numpy as np

from layerscope.scoring.neighbors_changed import shares_changed
from layerscope.scoring.shared.beside_input import BesideInput

BY_OBSERVATION = ("neighbors_changed",)


def by_observation(scored: BesideInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64, the share of the k nearest neighbours of a point that are none in the layer before, or the input.

    Its mean is the score of the whole, where that has a value (Doimo et al. 2020).
    """
    k = options["k"]
    return shares_changed(np.asarray(scored.neighbors)[:, :k], scored.earlier[options["since"]][:, :k])
