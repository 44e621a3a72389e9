"""The objective of t-SNE, evaluated in the same way for every embedding, whatever its engine."""

import numpy as np
from numba import njit, prange
from scipy import sparse

from layerscope.geometry.pairwise import squared_distance_blocks, three_coordinates
from layerscope.scoring.shared.score_input import Score, ScoreInput, with_defaults
from layerscope.tsne.affinities import FLAT_EXPONENT, neighbor_probabilities, perplexity_precisions

METRICS = {
    "kl": {
        "label": "KL divergence",
        "reads": {"embedding": ()},
        "by_default": {"kl": {}},
        "range": (0, None),
        "unit": "nats",
        "higher_is_better": False,
        "whole_only": False,
        "definition": (
            "the sum over pairs i ≠ j of p_ij log(p_ij / q_ij); p_ij = (p_j|i + p_i|j) / 2n with Gaussian p_j|i of the "
            "`perplexity` in the representation, q_ij is 1 / (1 + |y_i - y_j|²) over its sum over all pairs in the embedding; "
            "for at most 10,000 points"
        ),
        "reference": "van der Maaten and Hinton 2008",
        "chance": "none: it does not read the labels",
        "needs_points": {"perplexity": 3},
        "options": {
            "perplexity": {
                "description": "Of the affinities that the embedding is judged by.",
                "type": "number",
                "minimum": 1,
                "default": 30.0,
            },
        },
    },
    "kl_knn": {
        "label": "KL divergence over neighbours",
        "reads": {"embedding": ("neighbors",)},
        "by_default": {"kl_knn": {}},
        "neighbors": {"option": "perplexity", "times": 3},
        "range": (0, None),
        "unit": "nats",
        "higher_is_better": False,
        "whole_only": False,
        "definition": (
            "as kl, with p_j|i over the 3 × `perplexity` nearest neighbours of i alone, and the sum over the pairs that have "
            "p_ij > 0"
        ),
        "reference": "van der Maaten 2014",
        "chance": "none: it does not read the labels",
        "needs_points": {"perplexity": 3},
        "options": {
            "perplexity": {
                "description": "Of the affinities that the embedding is judged by.",
                "type": "number",
                "minimum": 1,
                "default": 30.0,
            },
        },
    },
    "kl_engine": {
        "label": "KL divergence as the engine has it",
        "reads": {"embedding": ()},
        "by_default": {"kl_engine": {}},
        "unit": "nats",
        "higher_is_better": False,
        "whole_only": False,
        "definition": (
            "the divergence that the engine of the embedding reports of its own result; engines approximate it in different ways"
        ),
        "reference": "the documentation of the engine",
        "chance": "none: it does not read the labels",
    },
}

LARGEST_EXACT = 10_000


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one embedding. asked: name -> (metric, options); the result has the same names.

    What depends on the representation alone is cached in its `computed`, for its other embeddings.
    """
    return {name: _score(scored, metric, options) for name, (metric, options) in asked.items()}


def exact_kl(
    points: np.ndarray,
    embedding: np.ndarray,
    perplexity: float = 30.0,
    precisions: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> float:
    """The Kullback-Leibler divergence of t-SNE over all pairs: sum over i != j of p_ij log(p_ij / q_ij).

    points: (n, d) finite. embedding: (n, d <= 3) finite. p_ij = (p_{j|i} + p_{i|j}) / 2n at the perplexity, q_ij
    proportional to 1 / (1 + |y_i - y_j|^2) (van der Maaten and Hinton 2008). precisions: the result of `perplexity_precisions`
    for these points, computed if left out. O(n) memory besides the points.
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


def _score(scored, metric, options):
    undefined = float("nan")
    if metric == "kl_engine":
        reason = "" if np.isfinite(scored.kl_engine) else "the engine reports none"
        return Score(float(scored.kl_engine), reason=reason)
    perplexity = with_defaults(METRICS[metric], options)["perplexity"]
    representation = scored.representation
    n = len(scored.points)
    if metric == "kl" and n > LARGEST_EXACT:
        return Score(undefined, reason=f"{n} points are too many for kl, ask for kl_knn")
    listed = n - 1
    if metric == "kl_knn":
        listed = min(int(3 * perplexity), n - 1)
        if scored.neighbors is None or scored.neighbors.shape[1] < listed:
            stored = 0 if scored.neighbors is None else scored.neighbors.shape[1]
            return Score(undefined, reason=f"{listed} neighbours asked for, {stored} are stored")
    if not 1 <= perplexity < listed:
        return Score(undefined, reason=f"perplexity {perplexity:g} does not fit {n} points")
    if not np.isfinite(representation.activations).all():
        return Score(undefined, reason="not finite")
    if not np.isfinite(scored.points).all():
        return Score(undefined, reason="the embedding is not finite")
    key = f"{metric}: probabilities at perplexity {perplexity!r}"
    if metric == "kl":
        if key not in representation.computed:
            representation.computed[key] = perplexity_precisions(representation.activations, perplexity)
        precisions = representation.computed[key]
        return Score(exact_kl(representation.activations, scored.points, perplexity, precisions))
    if key not in representation.computed:
        neighbors = scored.neighbors[:, :listed]
        representation.computed[key] = neighbor_probabilities(representation.activations, neighbors, perplexity)
    return Score(neighbor_kl(representation.computed[key], scored.points))


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
                # d_ij and d_ji may differ in the last digit, and a large precision would amplify a difference below 0.
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
        # The loop has counted the point itself, with an affinity of 1.
        affinities[own] = total - 1.0
