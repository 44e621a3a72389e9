"""The stored record of a layer's covariance: its eigenvalues."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of one layer's covariance, float64, descending, none below 0.

    phase: train or evaluation. step, epoch: when it was measured. samples: number of rows in the covariance. kind: conv or
    linear.
    """

    phase: str
    step: int
    epoch: int
    layer: str
    depth: int
    kind: str
    samples: int
    eigenvalues: np.ndarray
