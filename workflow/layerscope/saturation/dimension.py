"""How many directions carry a layer's variance (Shenk et al. 2019): intrinsic dimension and saturation."""

from collections.abc import Mapping

import numpy as np

THRESHOLD = 0.99


def intrinsic_dimension(eigenvalues: np.ndarray, threshold: float = THRESHOLD) -> float:
    """The smallest number of leading directions whose share of the variance reaches `threshold` (Shenk et al., section 3).

    eigenvalues: (d,) descending, not negative. A layer without variance has dimension 0, and one whose outputs were
    not finite (eigenvalues NaN) has dimension NaN.
    """
    total = eigenvalues.sum()
    if np.isnan(total):
        return float("nan")
    if total <= 0:
        return 0
    shares = np.cumsum(eigenvalues) / total
    # Rounding may leave the last share below 1; a threshold of 1 must be reached all the same.
    return min(int(np.searchsorted(shares, threshold * (1 - 1e-12))) + 1, len(eigenvalues))


def participation_ratio(eigenvalues: np.ndarray) -> float:
    """The square of the sum of eigenvalues (d,) over the sum of their squares: 1 to d, 0 for a dead layer, NaN as given."""
    total = eigenvalues.sum()
    return float(total**2 / np.square(eigenvalues).sum()) if not total <= 0 else 0.0


def saturation(eigenvalues: np.ndarray, threshold: float = THRESHOLD) -> float:
    """The intrinsic dimension of a layer over its width, from its eigenvalues (d,): 0 for a dead layer, otherwise above 0."""
    return intrinsic_dimension(eigenvalues, threshold) / len(eigenvalues)


def mean_saturation(spectra: Mapping[str, np.ndarray], threshold: float = THRESHOLD) -> float:
    """The mean saturation of a model's hidden layers: all of `spectra` but the last, which is assumed to be the output layer.

    spectra: layer → eigenvalues, first to last layer. NaN where there is no hidden layer.
    """
    hidden = list(spectra.values())[:-1]
    return float(np.mean([saturation(eigenvalues, threshold) for eigenvalues in hidden])) if hidden else float("nan")
