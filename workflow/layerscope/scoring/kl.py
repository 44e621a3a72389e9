"""The objective of t-SNE, evaluated in one way for every embedding, whatever made it."""

import numpy as np
from numba import njit, prange
from scipy import sparse

from layerscope.scoring.pairwise import squared_distance_blocks, three_coordinates
from layerscope.scoring.subject import Score, Subject

METRICS = {
    "kl": {
        "unit": "nat",
        "higher_is_better": False,
        "spaces": ("embedding",),
        "reads": {"embedding": ("activations",)},
        "options": {"perplexity": 30.0},
        "whole_only": False,
        "source": "van der Maaten and Hinton 2008: the exact objective over all pairs, to 10,000 points",
        "chance": "none: it does not read the labels",
    },
    "kl_knn": {
        "unit": "nat",
        "higher_is_better": False,
        "spaces": ("embedding",),
        "reads": {"embedding": ("activations", "neighbors")},
        "options": {"perplexity": 30.0},
        "whole_only": False,
        "source": "van der Maaten 2014: P over 3 x perplexity nearest neighbours; the normaliser of Q over all pairs",
        "chance": "none: it does not read the labels",
    },
    "kl_engine": {
        "unit": "nat",
        "higher_is_better": False,
        "spaces": ("embedding",),
        "reads": {},
        "options": {},
        "whole_only": False,
        "source": "what the embedding's engine reports; engines approximate it in different ways",
        "chance": "none: it does not read the labels",
    },
}

LARGEST_EXACT = 10_000
# exp(-745) is the last positive float64; a precision this many times the inverse gap leaves nothing beyond the gap.
FLAT_EXPONENT = 745.0
LARGEST_PRECISION = 1e300


def score(subject: Subject, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one embedding. asked: name -> (metric, options); the result has the same names.

    What depends on the representation alone is left in its `computed`, for its other embeddings.
    """
    return {name: _score(subject, metric, options) for name, (metric, options) in asked.items()}


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


def exact_kl(
    points: np.ndarray,
    embedding: np.ndarray,
    perplexity: float = 30.0,
    precisions: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> float:
    """The Kullback-Leibler divergence of t-SNE over all pairs: sum over i != j of p_ij log(p_ij / q_ij).

    points: (n, d) finite. embedding: (n, d <= 3) finite. p_ij = (p_{j|i} + p_{i|j}) / 2n at the perplexity, q_ij
    proportional to 1 / (1 + |y_i - y_j|^2) (van der Maaten and Hinton 2008). precisions: what `perplexity_precisions`
    gave for these points, computed where left out. O(n) memory besides the points.
    """
    if precisions is None:
        precisions = perplexity_precisions(points, perplexity)
    n = len(points)
    coordinates = three_coordinates(np.asarray(embedding, dtype=np.float64))
    divergences, masses, affinities = np.empty(n), np.empty(n), np.empty(n)
    for start, stop, squared in squared_distance_blocks(points):
        part = slice(start, stop)
        _divergence_rows(squared, start, *precisions, coordinates, divergences[part], masses[part], affinities[part])
    return float(divergences.sum() + np.log(affinities.sum()) * masses.sum())


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


def neighbor_kl(joint: sparse.csr_array, embedding: np.ndarray) -> float:
    """The divergence of t-SNE with P sparse (from `neighbor_probabilities`) and Q normalised over all pairs.

    embedding: (n, d <= 3) finite.
    """
    n = len(embedding)
    coordinates = three_coordinates(np.asarray(embedding, dtype=np.float64))
    divergences, affinities = np.empty(n), np.empty(n)
    _sparse_divergence_rows(joint.data, joint.indices.astype(np.int64), joint.indptr.astype(np.int64), coordinates, divergences)
    _affinity_rows(coordinates, affinities)
    return float(divergences.sum() + np.log(affinities.sum()) * joint.data.sum())


def _score(subject, metric, options):
    undefined = float("nan")
    if metric == "kl_engine":
        reason = "" if np.isfinite(subject.kl_engine) else "the engine reports none"
        return Score(float(subject.kl_engine), reason=reason)
    perplexity = float(options.get("perplexity", METRICS[metric]["options"]["perplexity"]))
    representation = subject.representation
    n = len(subject.points)
    if metric == "kl" and n > LARGEST_EXACT:
        return Score(undefined, reason=f"{n} points are too many for kl, ask for kl_knn")
    listed = n - 1
    if metric == "kl_knn":
        listed = min(int(3 * perplexity), n - 1)
        if subject.neighbors is None or subject.neighbors.shape[1] < listed:
            stored = 0 if subject.neighbors is None else subject.neighbors.shape[1]
            return Score(undefined, reason=f"{listed} neighbours asked for, {stored} are stored")
    if not 1 <= perplexity < listed:
        return Score(undefined, reason=f"perplexity {perplexity:g} does not fit {n} points")
    if not np.isfinite(representation.activations).all():
        return Score(undefined, reason="not finite")
    if not np.isfinite(subject.points).all():
        return Score(undefined, reason="the embedding is not finite")
    key = f"{metric}: probabilities at perplexity {perplexity!r}"
    if metric == "kl":
        if key not in representation.computed:
            representation.computed[key] = perplexity_precisions(representation.activations, perplexity)
        precisions = representation.computed[key]
        return Score(exact_kl(representation.activations, subject.points, perplexity, precisions))
    if key not in representation.computed:
        neighbors = subject.neighbors[:, :listed]
        representation.computed[key] = neighbor_probabilities(representation.activations, neighbors, perplexity)
    return Score(neighbor_kl(representation.computed[key], subject.points))


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
def _divergence_rows(squared, start, precisions, shifts, totals, coordinates, divergences, masses, affinities):
    n = len(precisions)
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    for row in prange(squared.shape[0]):
        own = start + row
        divergence, mass, affinity = 0.0, 0.0, 0.0
        for other in range(n):
            if other != own:
                distance = squared[row, other]
                # A distance and its transpose may differ in the last digit, which a large precision would blow up.
                from_own = precisions[own] * max(distance - shifts[own], 0.0)
                from_other = precisions[other] * max(distance - shifts[other], 0.0)
                probability = 0.0
                if from_own < FLAT_EXPONENT:
                    probability += np.exp(-from_own) / totals[own]
                if from_other < FLAT_EXPONENT:
                    probability += np.exp(-from_other) / totals[other]
                probability /= 2.0 * n
                dx, dy, dz = x[own] - x[other], y[own] - y[other], z[own] - z[other]
                reciprocal = 1.0 + dx * dx + dy * dy + dz * dz
                affinity += 1.0 / reciprocal
                if probability > 0.0:
                    divergence += probability * np.log(probability * reciprocal)
                    mass += probability
        divergences[row] = divergence
        masses[row] = mass
        affinities[row] = affinity


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _listed_squared_distances(points, neighbors, squared):
    for row in prange(neighbors.shape[0]):
        for column in range(neighbors.shape[1]):
            total = 0.0
            for feature in range(points.shape[1]):
                difference = np.float64(points[row, feature]) - np.float64(points[neighbors[row, column], feature])
                total += difference * difference
            squared[row, column] = total


@njit(parallel=True, cache=True)
def _sparse_divergence_rows(probabilities, columns, starts, coordinates, divergences):
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    for row in prange(len(divergences)):
        total = 0.0
        for entry in range(starts[row], starts[row + 1]):
            probability = probabilities[entry]
            if probability > 0.0:
                other = columns[entry]
                dx, dy, dz = x[row] - x[other], y[row] - y[other], z[row] - z[other]
                total += probability * np.log(probability * (1.0 + dx * dx + dy * dy + dz * dz))
        divergences[row] = total


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _affinity_rows(coordinates, affinities):
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    for own in prange(len(affinities)):
        own_x, own_y, own_z = x[own], y[own], z[own]
        total = 0.0
        for other in range(len(x)):
            dx, dy, dz = x[other] - own_x, y[other] - own_y, z[other] - own_z
            total += 1.0 / (1.0 + dx * dx + dy * dy + dz * dz)
        # A point is no neighbour of its own.
        affinities[own] = total - 1.0
