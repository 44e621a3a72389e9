"""The similarities of t-SNE between points in their own space: P, at a perplexity, over all pairs or over neighbours."""

import numpy as np
from numba import njit, prange
from scipy import sparse

from layerscope.pairwise import squared_distance_blocks

# exp(-745) is the last positive float64; a precision this many times the inverse gap leaves nothing beyond the gap.
FLAT_EXPONENT = 745.0
LARGEST_PRECISION = 1e300


def perplexity_precisions(points: np.ndarray, perplexity: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Gaussian around each point under which its neighbours have the perplexity: precisions, shifts, totals.

    points: (n, d) finite. Returns three (n,) float64 arrays that give the conditional probabilities
    p_{j|i} = exp(-precisions[i] (|x_i - x_j|^2 - shifts[i])) / totals[i], j != i; shifts[i] is the squared distance to
    the nearest neighbour, so that nothing overflows. Where more points than the perplexity are equally near, the
    entropy cannot come down to it: they share the probability evenly, as do all points where all coincide.

    ValueError where perplexity >= n - 1 or perplexity < 1.
    """
    n = len(points)
    _check_perplexity(perplexity, n - 1)
    precisions, shifts, totals = np.empty(n), np.empty(n), np.empty(n)
    for start, stop, squared in squared_distance_blocks(points):
        part = slice(start, stop)
        _fit_rows(squared, np.arange(start, stop), np.log(perplexity), precisions[part], shifts[part], totals[part])
    return precisions, shifts, totals


def neighbor_probabilities(points: np.ndarray, neighbors: np.ndarray, perplexity: float) -> sparse.csr_array:
    """(n, n) sparse: p_ij = (p_{j|i} + p_{i|j}) / 2n with p_{j|i} over the listed neighbours only.

    points: (n, d) finite. neighbors: (n, k) indices. ValueError where perplexity >= k or perplexity < 1.
    """
    n, k = neighbors.shape
    _check_perplexity(perplexity, k)
    squared = np.empty((n, k))
    _listed_squared_distances(np.ascontiguousarray(points), np.ascontiguousarray(neighbors), squared)
    precisions, shifts, totals = np.empty(n), np.empty(n), np.empty(n)
    _fit_rows(squared, np.full(n, -1), np.log(perplexity), precisions, shifts, totals)
    conditional = np.exp(-precisions[:, None] * (squared - shifts[:, None])) / totals[:, None]
    starts = np.arange(n + 1, dtype=np.int64) * k
    conditional = sparse.csr_array((conditional.ravel(), neighbors.ravel().astype(np.int64), starts), shape=(n, n))
    joint = sparse.csr_array((conditional + conditional.T) / (2 * n))
    joint.sort_indices()
    return joint


def _check_perplexity(perplexity, others):
    if not 1 <= perplexity < others:
        raise ValueError(f"perplexity must be at least 1 and below {others}, the neighbours, not {perplexity:g}")


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _fit_rows(squared, own, target, precisions, shifts, totals):
    """Fit each row's precision to the entropy `target`; own[row] is the column to leave out, -1 for none.

    Newton's method on the logarithm of the precision, dH / d log(beta) = -beta^2 Var(d^2), kept inside a bracket.
    """
    for row in prange(squared.shape[0]):
        distances = squared[row]
        count = 0
        shift = np.inf
        for column in range(len(distances)):
            if column != own[row]:
                count += 1
                shift = min(shift, distances[column])
        nearest = 0
        gap = np.inf
        spread = 0.0
        for column in range(len(distances)):
            if column != own[row]:
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
            total, first, second = 0.0, 0.0, 0.0
            for column in range(len(distances)):
                if column != own[row]:
                    exponent = precision * (distances[column] - shift)
                    if exponent < FLAT_EXPONENT:
                        weight = np.exp(-exponent)
                        total += weight
                        first += weight * exponent
                        second += weight * exponent * exponent
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


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _listed_squared_distances(points, neighbors, squared):
    for row in prange(neighbors.shape[0]):
        for column in range(neighbors.shape[1]):
            total = 0.0
            for feature in range(points.shape[1]):
                difference = np.float64(points[row, feature]) - np.float64(points[neighbors[row, column], feature])
                total += difference * difference
            squared[row, column] = total
