"""The share of each observation in the divergence of t-SNE."""

import numpy as np
from scipy import sparse

from layerscope.geometry.pairwise import squared_distance_blocks
from layerscope.scoring.shared.score_input import ScoreInput
from layerscope.tsne.affinities import FLAT_EXPONENT, neighbor_probabilities, perplexity_precisions

BY_OBSERVATION = ("kl", "kl_knn")


def by_observation(scored: ScoreInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64, n times the sum over j of p_ij log(p_ij / q_ij), in nats.

    p and q are those of the score of the whole (van der Maaten and Hinton 2008), which is the sum over i and j: times n, the
    mean over points is that sum.
    """
    perplexity, representation, n = options["perplexity"], scored.representation, len(scored.points)
    known_as = f"by observation: {metric} at perplexity {perplexity!r}"
    if known_as not in representation.computed:
        if metric == "kl":
            found = perplexity_precisions(representation.activations, perplexity)
        else:
            listed = np.asarray(scored.neighbors)[:, : min(int(3 * perplexity), n - 1)]
            found = neighbor_probabilities(representation.activations, listed, perplexity)
        representation.computed[known_as] = found
    known = representation.computed[known_as]
    divergences, masses, affinities = (
        of_all_pairs(representation.activations, scored.points, *known)
        if metric == "kl"
        else of_listed_pairs(known, scored.points)
    )
    return n * (divergences + np.log(affinities.sum()) * masses)


def of_all_pairs(points: np.ndarray, embedding: np.ndarray, precisions, shifts, totals) -> tuple[np.ndarray, ...]:
    """For each point, over all others: sums of p log(p (1 + |y_i - y_j|²)), of p, and of 1 / (1 + |y_i - y_j|²), each (n,).

    precisions, shifts, totals: (n,) of the Gaussians around the points, as from perplexity_precisions.
    """
    n = len(points)
    divergences, masses, affinities = np.empty((3, n))
    both = zip(squared_distance_blocks(points), squared_distance_blocks(embedding), strict=True)
    for (start, stop, squared), (_, _, apart) in both:
        part, rows = slice(start, stop), np.arange(stop - start)
        from_own = _weights(precisions[part, None] * np.maximum(squared - shifts[part, None], 0)) / totals[part, None]
        from_other = _weights(precisions * np.maximum(squared - shifts, 0)) / totals
        joint = (from_own + from_other) / (2 * n)
        joint[rows, rows + start] = 0
        divergences[part] = _terms(joint, apart).sum(axis=1)
        masses[part] = joint.sum(axis=1)
        affinities[part] = (1 / (1 + apart)).sum(axis=1) - 1
    return divergences, masses, affinities


def of_listed_pairs(joint: sparse.csr_array, embedding: np.ndarray) -> tuple[np.ndarray, ...]:
    """As of_all_pairs, where p is sparse, (n, n); the last sums are over all other points all the same."""
    divergences, masses, affinities = np.empty((3, joint.shape[0]))
    for start, stop, apart in squared_distance_blocks(embedding):
        part = slice(start, stop)
        rows = joint[part].toarray()
        divergences[part] = _terms(rows, apart).sum(axis=1)
        masses[part] = rows.sum(axis=1)
        affinities[part] = (1 / (1 + apart)).sum(axis=1) - 1
    return divergences, masses, affinities


def _weights(exponents: np.ndarray) -> np.ndarray:
    return np.where(exponents < FLAT_EXPONENT, np.exp(-np.minimum(exponents, FLAT_EXPONENT)), 0)


def _terms(joint: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """p log(p (1 + |y_i - y_j|²)), 0 where p is 0."""
    terms = np.zeros_like(joint)
    np.log(joint * (1 + apart), out=terms, where=joint > 0)
    return joint * terms
