"""How often each class is drawn when a network is trained on unbalanced classes."""

import numpy as np

from layerscope.training.seeds import purpose_seed


def class_rates(lowest: float, highest: float, classes: int, seed: int) -> list[float]:
    """The probability of each class: evenly spaced from lowest to highest, assigned to the classes at random by the run's seed.

    The values are divided by their sum. For ten classes 0.05 to 0.15 sums to 1 and stays as it is; for other numbers of
    classes the proportions are the same.
    """
    spaced = np.linspace(lowest, highest, classes)
    dealt = np.random.default_rng(purpose_seed(seed, "class_rates")).permutation(spaced / spaced.sum())
    return [round(float(rate), 12) for rate in dealt]
