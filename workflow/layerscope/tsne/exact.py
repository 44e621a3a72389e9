"""The objective of t-SNE over all pairs of points, without approximation, for P as a dense matrix."""

import numpy as np
from numba import njit, prange

from layerscope.geometry.pairwise import three_coordinates

F = np.float32

# A block is so many rows, each with all columns to its right, in tiles of so many columns. Rows are taken two by two.
ROWS, COLUMNS = 64, 512
# The fields that a block adds up: attraction and repulsion along x and y, and affinities.
FIELDS = 5


class AllPairs:
    """The divergence KL(P || Q) and its gradient for embeddings in up to three dimensions. joint: (n, n) float32, P, symmetric.

    Sums over the pairs of a row, or of a column in a block, are float32 and vectorised; sums over these are float64. Each is made
    by one thread in a fixed order, so results are bitwise the same with any number of threads. P takes O(n^2) memory, and sums
    of blocks a twelfth of that.
    """

    def __init__(self, joint: np.ndarray):
        n = len(joint)
        self._joint = joint
        self._affinities = np.empty(n)
        self._sums = np.empty((-(-n // ROWS), FIELDS, n), dtype=np.float32)

    def forces(self, points: np.ndarray, attraction: np.ndarray, repulsion: np.ndarray) -> float:
        """As the function of this module, but for the affinities: returns their sum. In a plane each pair is visited once."""
        if points[2].any():
            forces(self._joint, points, attraction, repulsion, self._affinities)
        else:
            _forces_of_blocks(self._joint, points, self._sums)
            _add_blocks(self._sums, attraction, repulsion, self._affinities)
        return self._affinities.sum()

    def divergence(self, coordinates: np.ndarray) -> float:
        """KL(P || Q) in nat, for points (3, n) float64."""
        return divergence(self._joint, coordinates.T)


def divergence(joint: np.ndarray, points: np.ndarray) -> float:
    """The Kullback-Leibler divergence KL(P || Q) in nat: P is joint (n, n) float32, symmetric; Q is of the points (n, d <= 3)."""
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
        pulled_x, pulled_y, pulled_z = F(0), F(0), F(0)
        pushed_x, pushed_y, pushed_z = F(0), F(0), F(0)
        total = F(0)
        for other in range(len(affinities)):
            dx, dy, dz = x - xs[other], y - ys[other], z - zs[other]
            affinity = F(1) / (F(1) + dx * dx + dy * dy + dz * dz)
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
        affinities[own] = total - F(1)


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "arcp"})
def _forces_of_blocks(joint, coordinates, sums):
    """What each block adds to the sums of its own points and of all points after it.

    Within a tile, a few arrays at fixed distances in one are known not to overlap, so that the loop is vectorised.
    """
    n, blocks = coordinates.shape[1], len(sums)
    for task in prange((blocks + 1) // 2):
        beside, placed = np.empty(4 * COLUMNS, dtype=np.float32), np.empty(2 * COLUMNS, dtype=np.float32)
        # The first blocks have the most columns: a task takes one of them and one of the last.
        for block in {np.int64(task), blocks - 1 - np.int64(task)}:
            first, last = block * ROWS, min(n, (block + 1) * ROWS)
            own = sums[block]
            for point in range(first, last):
                x, y = coordinates[0, point], coordinates[1, point]
                pulled_x, pulled_y, pushed_x, pushed_y, total = F(0), F(0), F(0), F(0), F(0)
                for other in range(first, last):
                    dx, dy = x - coordinates[0, other], y - coordinates[1, other]
                    affinity = F(1) / (F(1) + dx * dx + dy * dy)
                    pull, push = joint[point, other] * affinity, affinity * affinity
                    pulled_x += pull * dx
                    pulled_y += pull * dy
                    pushed_x += push * dx
                    pushed_y += push * dy
                    total += affinity
                own[0, point], own[1, point], own[2, point], own[3, point] = pulled_x, pulled_y, pushed_x, pushed_y
                # Of the pairs within a block each is counted twice, and the point with itself.
                own[4, point] = (total - F(1)) / F(2)
            for start in range(last, n, COLUMNS):
                width = min(n - start, COLUMNS)
                placed[:width] = coordinates[0, start : start + width]
                placed[COLUMNS : COLUMNS + width] = coordinates[1, start : start + width]
                beside[:] = F(0)
                for point in range(first, last, 2):
                    x, y, x_next, y_next = (
                        coordinates[0, point],
                        coordinates[1, point],
                        coordinates[0, point + 1],
                        coordinates[1, point + 1],
                    )
                    row, row_next = joint[point, start : start + width], joint[point + 1, start : start + width]
                    pulled_x, pulled_y, pushed_x, pushed_y, total = F(0), F(0), F(0), F(0), F(0)
                    pulled_x_next, pulled_y_next, pushed_x_next, pushed_y_next = F(0), F(0), F(0), F(0)
                    # LLVM gathers in vectors where indices cannot be negative.
                    for other in range(np.uint64(width)):
                        other_x, other_y = placed[other], placed[np.uint64(COLUMNS) + other]
                        dx, dy, dx_next, dy_next = x - other_x, y - other_y, x_next - other_x, y_next - other_y
                        affinity = F(1) / (F(1) + dx * dx + dy * dy)
                        affinity_next = F(1) / (F(1) + dx_next * dx_next + dy_next * dy_next)
                        pull, pull_next = row[other] * affinity, row_next[other] * affinity_next
                        push, push_next = affinity * affinity, affinity_next * affinity_next
                        pulled_x += pull * dx
                        pulled_y += pull * dy
                        pushed_x += push * dx
                        pushed_y += push * dy
                        pulled_x_next += pull_next * dx_next
                        pulled_y_next += pull_next * dy_next
                        pushed_x_next += push_next * dx_next
                        pushed_y_next += push_next * dy_next
                        total += affinity + affinity_next
                        beside[other] -= pull * dx + pull_next * dx_next
                        beside[np.uint64(COLUMNS) + other] -= pull * dy + pull_next * dy_next
                        beside[np.uint64(2 * COLUMNS) + other] -= push * dx + push_next * dx_next
                        beside[np.uint64(3 * COLUMNS) + other] -= push * dy + push_next * dy_next
                    own[0, point] += pulled_x
                    own[1, point] += pulled_y
                    own[2, point] += pushed_x
                    own[3, point] += pushed_y
                    own[4, point] += total
                    own[0, point + 1] += pulled_x_next
                    own[1, point + 1] += pulled_y_next
                    own[2, point + 1] += pushed_x_next
                    own[3, point + 1] += pushed_y_next
                for field in range(4):
                    own[field, start : start + width] = beside[field * COLUMNS : field * COLUMNS + width]


@njit(parallel=True, cache=True)
def _add_blocks(sums, attraction, repulsion, affinities):
    """Add up what the blocks have for each point: its own and those before it. Affinities are those of a point's own block."""
    n = len(affinities)
    for part in prange((n + COLUMNS - 1) // COLUMNS):
        start = np.int64(part) * COLUMNS
        stop = min(n, start + COLUMNS)
        attraction[:, start:stop] = 0.0
        repulsion[:, start:stop] = 0.0
        for block in range((stop - 1) // ROWS + 1):
            for point in range(max(start, block * ROWS), stop):
                attraction[0, point] += sums[block, 0, point]
                attraction[1, point] += sums[block, 1, point]
                repulsion[0, point] += sums[block, 2, point]
                repulsion[1, point] += sums[block, 3, point]
        for point in range(start, stop):
            affinities[point] = 2.0 * sums[point // ROWS, 4, point]


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _divergences(joint, coordinates, divergences, masses, affinities):
    """For each point, sums over the pairs with later points, which count twice."""
    n = len(affinities)
    xs, ys, zs = coordinates[0], coordinates[1], coordinates[2]
    for task in prange((n + 1) // 2):
        # The first points have the most pairs: a task takes one of them and one of the last.
        for own in {np.int64(task), n - 1 - np.int64(task)}:
            divergence, mass, affinity = 0.0, 0.0, 0.0
            for other in range(own + 1, n):
                dx, dy, dz = xs[own] - xs[other], ys[own] - ys[other], zs[own] - zs[other]
                reciprocal = 1.0 + dx * dx + dy * dy + dz * dz
                affinity += 1.0 / reciprocal
                probability = np.float64(joint[own, other])
                if probability > 0.0:
                    divergence += probability * np.log(probability * reciprocal)
                    mass += probability
            divergences[own], masses[own], affinities[own] = 2.0 * divergence, 2.0 * mass, 2.0 * affinity
