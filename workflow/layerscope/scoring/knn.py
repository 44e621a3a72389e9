"""How well the nearest neighbours of a point predict its class."""

from math import exp, lgamma, log

import numpy as np

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.shared.score_input import Score, ScoreInput, with_defaults

METRICS = {
    "knn_accuracy": {
        "label": "accuracy of nearest neighbours",
        "reads": {"raw": ("neighbors",), "embedding": ()},
        "by_default": {"knn_accuracy": {}},
        "neighbors": {"option": "k"},
        "range": (0, 1),
        "unit": "share of points",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "the share of points whose class is the most frequent one among their k nearest points, each its own neighbour "
            "(scikit-learn's KNeighborsClassifier fitted and scored on the same points), ties to the lower class"
        ),
        "reference": "Ruman 2021, with k = 10",
        "is_accuracy": True,
        "chance": "exact: the own label and k - 1 draws from the class shares, ties to the lower class",
        "needs": ("classes",),
        "needs_points": {"k": 1},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 10,
            },
        },
    },
    "knn_accuracy_loo": {
        "label": "accuracy of nearest neighbours (leave-one-out)",
        "reads": {"raw": ("neighbors",), "embedding": ()},
        "by_default": {"knn_accuracy_loo": {}},
        "neighbors": {"option": "k"},
        "range": (0, 1),
        "unit": "share of points",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "the share of points whose class is the most frequent one among their k nearest other points, ties to the lower class"
        ),
        "reference": "Cover and Hart 1967, each point left out in turn",
        "is_accuracy": True,
        "chance": "exact: k draws from the class shares, ties to the lower class",
        "needs": ("classes",),
        "needs_points": {"k": 1},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 10,
            },
        },
    },
    "neighborhood_hit": {
        "label": "neighborhood hit",
        "reads": {"raw": ("neighbors",), "embedding": ()},
        "by_default": {"neighborhood_hit": {}},
        "neighbors": {"option": "k"},
        "range": (0, 1),
        "unit": "share of neighbours",
        "higher_is_better": True,
        "whole_only": False,
        "definition": "the mean over points of the share of their k nearest other points that are of their class",
        "reference": "Paulovich et al. 2008; Rauber et al. 2017 with k = 6",
        "chance": "exact: sum over classes of p_c (n_c - 1) / (n - 1)",
        "needs": ("classes",),
        "needs_points": {"k": 1},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 6,
            },
        },
    },
}


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one representation or embedding. asked: name -> (metric, options); the result has the same names.

    In raw space the stored neighbours are used, if there are any. Otherwise, and in an embedding, they are computed.
    """
    points = np.asarray(scored.points)
    n = len(points)
    _, labels = np.unique(scored.labels, return_inverse=True)
    sizes = np.bincount(labels, minlength=1)
    counts = {name: with_defaults(METRICS[metric], options)["k"] for name, (metric, options) in asked.items()}
    neighbors, problem = _neighbors(scored, points, [k for k in counts.values() if 1 <= k < n])
    scores = {}
    for name, (metric, _) in asked.items():
        k = counts[name]
        if k < 1 or k >= n:
            scores[name] = Score(float("nan"), reason=f"{k} neighbours asked for among {n} points")
            continue
        if metric == "neighborhood_hit":
            chance = float((sizes * (sizes - 1)).sum() / (n * (n - 1)))
        else:
            chance = chance_of_votes(sizes / n, k, own=metric == "knn_accuracy")
        if not problem and neighbors.shape[1] < k:
            scores[name] = Score(float("nan"), chance, f"{k} neighbours asked for, {neighbors.shape[1]} are stored")
        elif problem:
            scores[name] = Score(float("nan"), chance, problem)
        elif metric == "neighborhood_hit":
            scores[name] = Score(float((labels[neighbors[:, :k]] == labels[:, None]).mean()), chance)
        else:
            voters = neighbors[:, :k] if metric == "knn_accuracy_loo" else with_self(points, neighbors[:, :k])
            scores[name] = Score(float((majority(labels[voters], len(sizes)) == labels).mean()), chance)
    return scores


def with_self(points: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
    """(n, k) indices of the k nearest points if each point counts as its own neighbour, at distance 0.

    points: (n, d). neighbors: (n, k) the k nearest others, nearest first, ties by lower index.
    Ties go to the lower index here too, so a point that coincides with k points of lower index is not its own neighbour.
    The result is not ordered by distance: the point itself is in the last column.
    """
    own = np.arange(len(points))
    last = neighbors[:, -1]
    crowded = np.flatnonzero(last < own)
    crowded = crowded[(points[crowded] == points[last[crowded]]).all(axis=1)]
    included = neighbors.copy()
    included[:, -1] = own
    included[crowded, -1] = last[crowded]
    return included


def majority(votes: np.ndarray, classes: int) -> np.ndarray:
    """(n,) the most frequent class of each row of votes (n, k), classes 0 to classes - 1; ties to the lower class."""
    n, k = votes.shape
    best = np.zeros(n, dtype=np.int64)
    most = np.zeros(n, dtype=np.int64)
    # Counting each vote's class takes k passes over (n, k), whatever the number of classes.
    for column in range(k):
        candidate = votes[:, column]
        count = (votes == candidate[:, None]).sum(axis=1)
        better = (count > most) | ((count == most) & (candidate < best))
        best[better] = candidate[better]
        most[better] = count[better]
    return best


def chance_of_votes(shares: np.ndarray, k: int, own: bool) -> float:
    """The accuracy of a vote of k labels drawn independently from the class shares, ties to the lower class.

    shares: (C,) adding up to 1. own: whether one of the k labels is the point's own.

    Class c wins with m votes if every lower class has fewer and every higher class no more. The counts of the draws are
    multinomial, so the probability is a coefficient of a product of truncated exponential series
    (David and Barton, Combinatorial Chance, 1962): draws! [x^draws] (p_c x)^m / m! prod_j sum_t (p_j x)^t / t!.
    """
    shares = np.asarray(shares, dtype=np.float64)
    classes = len(shares)
    draws = k - 1 if own else k
    powers = np.arange(draws + 1)
    # Scaled to the probabilities of a Poisson distribution with mean k p_c, the terms of a series do not overflow.
    logarithms = np.array([lgamma(power + 1) for power in powers])
    terms = np.exp(powers * log(k) - logarithms)[None, :] * shares[:, None] ** powers * np.exp(-k * shares[:, None])
    total = 0.0
    for votes in range(1, k + 1):
        fewer = np.where(powers < votes, terms, 0.0)
        no_more = np.where(powers <= votes, terms, 0.0)
        below = [np.eye(1, draws + 1)[0]]
        above = [np.eye(1, draws + 1)[0]]
        for position in range(classes - 1):
            below.append(np.convolve(below[-1], fewer[position])[: draws + 1])
            above.append(np.convolve(above[-1], no_more[classes - 1 - position])[: draws + 1])
        drawn = votes - 1 if own else votes
        for position in range(classes):
            others = np.convolve(below[position], above[classes - 1 - position])
            total += shares[position] * terms[position, drawn] * others[draws - drawn]
    return float(total * exp(lgamma(draws + 1) - draws * log(k) + k))


def _neighbors(scored, points, counts):
    """The neighbours (n, k) and ""; or None and the reason why there are none."""
    if not counts:
        return None, "too few points"
    if not np.isfinite(points).all():
        return None, "not finite"
    if scored.space == "raw" and scored.neighbors is not None:
        return scored.neighbors, ""
    return nearest_neighbors(points, max(counts))[0], ""
