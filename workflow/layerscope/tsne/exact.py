"""The objective of t-SNE over all pairs of points, without approximation, for P as a dense matrix."""

import numpy as np
from numba import njit, prange

from layerscope.geometry.pairwise import three_coordinates


class AllPairs:
    """The divergence KL(P || Q) and its gradient for embeddings in up to three dimensions. joint: (n, n) float32, P.

    Sums over the pairs of a row are float32 and vectorised; sums over rows are float64. Each row is summed by one thread, so
    results are bitwise the same with any number of threads. Only P takes O(n^2) memory.
    """

    def __init__(self, joint: np.ndarray):
        self._joint = joint
        self._affinities = np.empty(len(joint))

    def forces(self, points: np.ndarray, attraction: np.ndarray, repulsion: np.ndarray) -> float:
        """As the function of this module, but for the affinities: returns their sum."""
        forces(self._joint, points, attraction, repulsion, self._affinities)
        return self._affinities.sum()

    def divergence(self, coordinates: np.ndarray) -> float:
        """KL(P || Q) in nat, for points (3, n) float64."""
        return divergence(self._joint, coordinates.T)


def divergence(joint: np.ndarray, points: np.ndarray) -> float:
    """The Kullback-Leibler divergence KL(P || Q) in nat, of P, joint (n, n) float32, and Q of the points (n, d <= 3)."""
    n = len(points)
    divergences, masses, affinities = np.empty(n), np.empty(n), np.empty(n)
    _divergences(joint, three_coordinates(np.asarray(points, dtype=np.float64)), divergences, masses, affinities)
    return float(divergences.sum() + np.log(affinities.sum()) * masses.sum())


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "arcp"})
def forces(joint, coordinates, attraction, repulsion, affinities):
    """For each point, sums over all others of p w (y_i - y_j), of w^2 (y_i - y_j) and of w = 1 / (1 + |y_i - y_j|^2).

    The gradient of the divergence is 4 (attraction - repulsion / affinities.sum()), van der Maaten and Hinton 2008, equation 5.

    joint: (n, n) float32, P. coordinates: (3, n) float32. Written to: attraction and repulsion, (3, n), and affinities, (n,),
    float64.
    """
    xs, ys, zs = coordinates[0], coordinates[1], coordinates[2]
    for own in prange(len(affinities)):
        x, y, z = xs[own], ys[own], zs[own]
        pulled_x, pulled_y, pulled_z = np.float32(0), np.float32(0), np.float32(0)
        pushed_x, pushed_y, pushed_z = np.float32(0), np.float32(0), np.float32(0)
        total = np.float32(0)
        for other in range(len(affinities)):
            dx, dy, dz = x - xs[other], y - ys[other], z - zs[other]
            affinity = np.float32(1) / (np.float32(1) + dx * dx + dy * dy + dz * dz)
            pull, push = joint[own, other] * affinity, affinity * affinity
            pulled_x += pull * dx
            pulled_y += pull * dy
            pulled_z += pull * dz
            pushed_x += push * dx
            pushed_y += push * dy
            pushed_z += push * dz
            total += affinity
        attraction[0, own], attraction[1, own], attraction[2, own] = pulled_x, pulled_y, pulled_z
        repulsion[0, own], repulsion[1, own], repulsion[2, own] = pushed_x, pushed_y, pushed_z
        # The loop has counted the point itself, with an affinity of 1.
        affinities[own] = total - np.float32(1)


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _divergences(joint, coordinates, divergences, masses, affinities):
    xs, ys, zs = coordinates[0], coordinates[1], coordinates[2]
    for own in prange(len(affinities)):
        divergence, mass, affinity = 0.0, 0.0, 0.0
        for other in range(len(affinities)):
            dx, dy, dz = xs[own] - xs[other], ys[own] - ys[other], zs[own] - zs[other]
            reciprocal = 1.0 + dx * dx + dy * dy + dz * dz
            affinity += 1.0 / reciprocal
            probability = np.float64(joint[own, other])
            if probability > 0.0:
                divergence += probability * np.log(probability * reciprocal)
                mass += probability
        divergences[own], masses[own], affinities[own] = divergence, mass, affinity - 1.0
