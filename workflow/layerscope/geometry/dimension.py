"""How many dimensions a cloud of points has: of the curved surface that it lies on, and of the flat space around that."""

import numpy as np

# Facco et al. (2017) leave out the tenth of the points whose second neighbour is the farthest, beside the first.
KEPT = 0.9
# Eigenvalues below this share of the largest one are rounding errors of float64.
ROUNDING = 1e-12


def two_nearest_neighbors(distances: np.ndarray) -> float:
    """The intrinsic dimension from the ratios of the distances to the two nearest neighbours (Facco et al. 2017, TwoNN).

    distances: (n, 2), of each point to its nearest and second nearest other point. The ratios follow a Pareto distribution whose
    exponent is the dimension, whatever the density: it is the slope of -log(1 - F) over log(ratio) through the origin, over the
    smallest 90 % of the ratios. Points that coincide with their nearest neighbour are left out. NaN for fewer than 10 others.
    """
    found = distances[distances[:, 0] > 0].astype(np.float64)
    kept = int(KEPT * len(found))
    if len(found) < 10:
        return float("nan")
    ratios = np.log(np.sort(found[:, 1] / found[:, 0])[:kept])
    if ratios[-1] == 0:
        return float("nan")
    shares = -np.log1p(-np.arange(1, kept + 1) / len(found))
    return float(ratios @ shares / (ratios @ ratios))


def maximum_likelihood(distances: np.ndarray) -> float:
    """The intrinsic dimension by the maximum likelihood of Levina and Bickel (2004), of all points together.

    distances: (n, k), k >= 2, of each point to its nearest neighbours, ascending. The inverse of the dimension is averaged over
    points (MacKay and Ghahramani 2005): 1 / mean of Σ_{j<k} log(T_k / T_j) / (k - 1). Points that coincide with a neighbour are
    left out. NaN without others.
    """
    found = distances[(distances[:, 0] > 0) & (distances[:, -1] > distances[:, 0])].astype(np.float64)
    if not len(found):
        return float("nan")
    inverse = np.log(found[:, -1:] / found[:, :-1]).mean(axis=1)
    return float(1 / inverse.mean())


def variances(points: np.ndarray) -> np.ndarray:
    """The eigenvalues of the covariance of points (n, d), descending, float64; at most min(n, d) of them."""
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    n, d = centred.shape
    products = centred.T @ centred if d <= n else centred @ centred.T
    found = np.linalg.eigvalsh(products)[::-1] / n
    return np.where(found > ROUNDING * max(found[0], 0.0), found, 0.0)


def effective_rank(eigenvalues: np.ndarray) -> float:
    """The exponential of the entropy of the singular values (Roy and Vetterli 2007), 1 to d; 0 where all are 0.

    eigenvalues: (d,) of a covariance; the singular values are their roots.
    """
    singular = np.sqrt(eigenvalues)
    if singular.sum() == 0:
        return 0.0
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
