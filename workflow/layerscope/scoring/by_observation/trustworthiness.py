"""Which observations have neighbours in an embedding that are none in the representation, and the reverse."""

import numpy as np

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.geometry.pairwise import squared_distance_blocks
from layerscope.scoring.shared.score_input import ScoreInput

BY_OBSERVATION = ("continuity", "trustworthiness")


def by_observation(scored: ScoreInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64, 1 - 2 / (k (2 n - 3 k - 1)) times the sum over the k neighbours of a point of max(0, r - k).

    The neighbours are those in one space, r their ranks in the other (Venna and Kaski 2001). The mean over points is the score of
    the whole, where that has a value.
    """
    k = options["k"]
    if metric == "continuity":
        points, neighbors = scored.points, np.asarray(scored.neighbors)[:, :k]
    else:
        points, neighbors = scored.representation.activations, nearest_neighbors(scored.points, k)[0]
    n = len(points)
    excess = np.empty(n)
    for start, stop, squared in squared_distance_blocks(points):
        ranks = ranks_among(squared, np.arange(start, stop), neighbors[start:stop])
        excess[start:stop] = np.maximum(0, ranks - k).sum(axis=1)
    return 1 - 2 * excess / (k * (2 * n - 3 * k - 1))


def ranks_among(squared: np.ndarray, own: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(m, k) the ranks of some points by their distance from each of m points, 1 for the nearest, ties by lower index.

    squared: (m, n) distances from the m points to all. own: (m,) the numbers of the m points, which have no rank themselves.
    others: (m, k) the numbers of the points that are ranked.
    """
    numbers = np.arange(squared.shape[1])
    ranks = np.empty(others.shape, dtype=np.int64)
    for place, other in enumerate(others.T):
        limit = squared[np.arange(len(other)), other][:, None]
        nearer = (squared < limit) | ((squared == limit) & (numbers < other[:, None]))
        nearer[np.arange(len(own)), own] = False
        ranks[:, place] = nearer.sum(axis=1) + 1
    return ranks
