"""What the networks of controls learn from in the place of their training observations.

Both controls are looked at through the same observations as the networks that they are controls of, with their true labels, so
that scores of both are of the same points. What they leave out is in the training alone:

- With permuted labels, inputs have all their structure and labels their frequencies, but nothing connects them. What a network
  still shows is what memorising does to such inputs (Zhang et al. 2017, arXiv:1611.03530).
- With noise, labels are as they were, and inputs have the mean and the deviation of each value, but no structure beyond. What a
  network still shows is what so many steps of this size do to its weights, whatever they are given.
"""

import numpy as np

from layerscope.training.seeds import purpose_seed

# Observations whose deviations are summed at once: few enough that double precision needs little memory.
PART = 4096


def shuffled_labels(labels: np.ndarray, seed: int) -> np.ndarray:
    """Labels (n,), or targets (n, targets), in a random order by the seed of the run."""
    return labels[np.random.default_rng(purpose_seed(seed, "control")).permutation(len(labels))]


def noise_like(inputs: np.ndarray, seed: int) -> np.ndarray:
    """Independent normal noise of the shape of inputs (n, ...), float32, with the mean and deviation of each value over n.

    Values that are the same in all inputs stay as they are.
    """
    mean = inputs.mean(axis=0, dtype=np.float64)
    parts = (inputs[start : start + PART] - mean for start in range(0, len(inputs), PART))
    deviation = np.sqrt(sum((part**2).sum(axis=0) for part in parts) / len(inputs))
    noise = np.random.default_rng(purpose_seed(seed, "control")).standard_normal(inputs.shape, dtype=np.float32)
    noise *= deviation.astype(np.float32)
    noise += mean.astype(np.float32)
    return noise
