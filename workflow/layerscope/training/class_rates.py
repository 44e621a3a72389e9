"""How often each class is drawn in the training of an unbalanced network."""

import numpy as np

from layerscope.training.seeds import purpose_seed


def class_rates(lowest: float, highest: float, classes: int, seed: int) -> list[float]:
    """The share of each class in what is drawn: evenly spaced from lowest to highest, dealt to the classes by the run's seed.

    Divided by their sum, so that 0.05 to 0.15 is what ten classes get, and other numbers of classes the same proportions.
    """
    spaced = np.linspace(lowest, highest, classes)
    dealt = np.random.default_rng(purpose_seed(seed, "class_rates")).permutation(spaced / spaced.sum())
    return [round(float(rate), 12) for rate in dealt]
