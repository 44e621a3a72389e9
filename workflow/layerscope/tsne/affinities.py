"""P, t-SNE's similarities of points in their original space at a given perplexity, over all pairs or over neighbours."""

from collections.abc import Iterable

import numpy as np
from numba import njit, prange
from scipy import sparse

from layerscope.geometry.pairwise import squared_distance_blocks

# exp(-745) is about the smallest positive float64: at a precision of 745 / gap, points beyond the gap have no weight.
FLAT_EXPONENT = 745.0
LARGEST_PRECISION = 1e300


def perplexity_precisions(points: np.ndarray, perplexity: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit the Gaussian around each point to the perplexity: precisions, shifts, totals.

    points: (n, d) finite. Returns three (n,) float64 arrays that give the conditional probabilities
    p_{j|i} = exp(-precisions[i] (|x_i - x_j|^2 - shifts[i])) / totals[i], j != i; shifts[i] is the squared distance to
    the nearest neighbour, so that not all weights underflow. If at least as many points as the perplexity are tied as the
    nearest, no precision reaches the perplexity: these points share the probability evenly. So do all points if all coincide.

    ValueError where perplexity >= n - 1 or perplexity < 1.
    """
    n = len(points)
    _check_perplexity(perplexity, n - 1)
    precisions, shifts, totals = np.empty(n), np.empty(n), np.empty(n)
    for start, stop, squared in squared_distance_blocks(points):
        part = slice(start, stop)
        _fit_rows(squared, np.arange(start, stop), np.log(perplexity), precisions[part], shifts[part], totals[part])
    return precisions, shifts, totals


def joint_probabilities(blocks: Iterable[tuple[int, int, np.ndarray]], n: int, perplexity: float) -> np.ndarray:
    """P over all pairs: (n, n) float32, p_ij = (p_{j|i} + p_{i|j}) / 2n, symmetric, 0 on the diagonal.

    blocks: (start, stop, squared distances (stop - start, n) float64 of points start to stop from all), as from
    `pairwise.squared_distance_blocks`. p_{j|i} and the ValueError are those of `perplexity_precisions`.
    """
    _check_perplexity(perplexity, n - 1)
    joint = np.empty((n, n), dtype=np.float32)
    for start, stop, squared in blocks:
        own = np.arange(start, stop)
        precisions, shifts, totals = np.empty((3, stop - start))
        _fit_rows(squared, own, np.log(perplexity), precisions, shifts, totals)
        _conditional_rows(squared, own, precisions, shifts, totals, joint[start:stop])
    _make_symmetric(joint)
    return joint


def neighbor_probabilities(points: np.ndarray, neighbors: np.ndarray, perplexity: float) -> sparse.csr_array:
    """(n, n) sparse: p_ij = (p_{j|i} + p_{i|j}) / 2n with p_{j|i} over the listed neighbours only.

    points: (n, d) finite. neighbors: (n, k) indices. ValueError where perplexity >= k or perplexity < 1.
    """
    squared = np.empty(neighbors.shape)
    _listed_squared_distances(np.ascontiguousarray(points), np.ascontiguousarray(neighbors), squared)
    return graph_probabilities(squared, neighbors, perplexity)


def graph_probabilities(squared: np.ndarray, neighbors: np.ndarray, perplexity: float) -> sparse.csr_array:
    """As `neighbor_probabilities`, from the squared distances (n, k) float64 of the listed neighbours."""
    n, k = neighbors.shape
    _check_perplexity(perplexity, k)
    precisions, shifts, totals = np.empty(n), np.empty(n), np.empty(n)
    _fit_rows(squared, np.full(n, k), np.log(perplexity), precisions, shifts, totals)
    conditional = np.exp(-precisions[:, None] * (squared - shifts[:, None])) / totals[:, None]
    starts = np.arange(n + 1, dtype=np.int64) * k
    conditional = sparse.csr_array((conditional.ravel(), neighbors.ravel().astype(np.int64), starts), shape=(n, n))
    joint = sparse.csr_array((conditional + conditional.T) / (2 * n))
    joint.sort_indices()
    return joint


def _check_perplexity(perplexity, others):
    if not 1 <= perplexity < others:
        raise ValueError(f"perplexity must be at least 1 and less than {others}, the number of neighbours, not {perplexity:g}")


@njit(cache=True, fastmath={"reassoc", "contract", "arcp"})
def _gaussian_sums(distances, start, stop, shift, precision):
    """Sums over distances[start:stop] of w, w e and w e^2, where e = precision (distance - shift) and w = exp(-e).

    exp(-e) is computed as the Taylor polynomial of exp(-e / 1024), squared ten times: the compiler vectorises this loop, but
    not calls of exp. Its relative error grows with e: 1e-12 at 50, beyond which hardly any weight is left, and 1e-10 at 700.
    """
    total, first, second = 0.0, 0.0, 0.0
    for column in range(start, stop):
        exponent = precision * (distances[column] - shift)
        x = min(exponent, FLAT_EXPONENT) / 1024
        weight = 1 - x / 9 * (1 - x / 10 * (1 - x / 11 * (1 - x / 12 * (1 - x / 13))))
        weight = 1 - x / 5 * (1 - x / 6 * (1 - x / 7 * (1 - x / 8 * weight)))
        weight = 1 - x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * weight)))
        for _ in range(10):
            weight *= weight
        weight = weight if exponent < FLAT_EXPONENT else 0.0
        total += weight
        first += weight * exponent
        second += weight * exponent * exponent
    return total, first, second


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _fit_rows(squared, leave_out, target, precisions, shifts, totals):
    """Fit each row's precision to the entropy `target`, without column leave_out[row] (the number of columns leaves out none).

    Newton's method on the logarithm of the precision beta, with dH / d log(beta) = -beta^2 Var(d^2), safeguarded by a bracket.
    """
    for row in prange(squared.shape[0]):
        distances = squared[row]
        count = 0
        shift = np.inf
        for column in range(len(distances)):
            if column != leave_out[row]:
                count += 1
                shift = min(shift, distances[column])
        nearest = 0
        gap = np.inf
        spread = 0.0
        for column in range(len(distances)):
            if column != leave_out[row]:
                above = distances[column] - shift
                spread += above
                if above == 0.0:
                    nearest += 1
                else:
                    gap = min(gap, above)
        spread /= count
        shifts[row] = shift
        if spread == 0.0:
            precisions[row] = 0.0
            totals[row] = count
            continue
        largest = min(FLAT_EXPONENT / gap, LARGEST_PRECISION)
        if np.log(nearest) >= target:
            precisions[row] = largest
            totals[row] = nearest
            continue
        low, high = -np.inf, np.log(largest)
        logarithm = min(-np.log(spread), high)
        total = 0.0
        precision = 0.0
        for _ in range(100):
            precision = np.exp(logarithm)
            before = _gaussian_sums(distances, 0, leave_out[row], shift, precision)
            behind = _gaussian_sums(distances, leave_out[row] + 1, len(distances), shift, precision)
            total, first, second = before[0] + behind[0], before[1] + behind[1], before[2] + behind[2]
            mean = first / total
            excess = np.log(total) + mean - target
            if abs(excess) < 1e-10 or high - low < 1e-14:
                break
            if excess > 0:
                low = logarithm
            else:
                high = logarithm
            variance = second / total - mean * mean
            step = excess / variance if variance > 0 else np.inf
            proposal = logarithm + step
            if low < proposal < high and abs(step) < 20.0:
                logarithm = proposal
            elif low == -np.inf:
                logarithm = high - 2.0
            else:
                logarithm = 0.5 * (low + high)
        precisions[row] = precision
        totals[row] = total


@njit(parallel=True, cache=True)
def _conditional_rows(squared, own, precisions, shifts, totals, conditional):
    for row in prange(len(own)):
        for column in range(squared.shape[1]):
            exponent = precisions[row] * (squared[row, column] - shifts[row])
            conditional[row, column] = np.exp(-exponent) / totals[row] if exponent < FLAT_EXPONENT else 0.0
        conditional[row, own[row]] = 0.0


@njit(parallel=True, cache=True)
def _make_symmetric(joint):
    """Replace both entries of each pair by their mean divided by n, in square tiles of the matrix that fit the cache."""
    n = len(joint)
    side = 64
    squares = (n + side - 1) // side
    for down in prange(squares):
        for right in range(down, squares):
            for row in range(down * side, min(n, (down + 1) * side)):
                for column in range(max(row, right * side), min(n, (right + 1) * side)):
                    mean = np.float32((joint[row, column] + joint[column, row]) / (2 * n))
                    joint[row, column] = mean
                    joint[column, row] = mean


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _listed_squared_distances(points, neighbors, squared):
    for row in prange(neighbors.shape[0]):
        for column in range(neighbors.shape[1]):
            total = 0.0
            for feature in range(points.shape[1]):
                difference = np.float64(points[row, feature]) - np.float64(points[neighbors[row, column], feature])
                total += difference * difference
            squared[row, column] = total
