"""Which observations a network tells right, and its loss on each."""

import numpy as np

from layerscope.scoring.shared.score_input import NetworkInput, Predicted, present

BY_OBSERVATION = ("accuracy", "loss")


def by_observation(scored: NetworkInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64 whose mean is the score of the whole.

    Of the accuracy 1 where the network tells the class of the observation, else 0; of the loss the one on the observation.
    """
    predicted = scored.predictions
    assert isinstance(predicted, Predicted)
    if metric == "loss":
        return predicted.losses.astype(np.float64)
    return np.equal(present(predicted.classes, "classes"), present(scored.labels, "classes")).astype(np.float64)
