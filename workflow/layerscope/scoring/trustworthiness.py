"""Whether neighbours in an embedding are neighbours in the representation (trustworthiness), and the reverse."""

import numpy as np
from numba import njit, prange

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.geometry.pairwise import squared_distance_blocks
from layerscope.scoring.shared.score_input import Score, ScoreInput, with_defaults

METRICS = {
    "trustworthiness": {
        "label": "trustworthiness",
        "reads": {"embedding": ()},
        "by_default": {"trustworthiness": {}},
        "range": (0, 1),
        "unit": "1",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "1 - 2 / (m k (2 n - 3 k - 1)) times the sum over all m = n points and their k nearest neighbours in the "
            "embedding of max(0, r - k); r is the rank of that neighbour by distance in the representation, 1 for the "
            "nearest, ties by row; for at most 10,000 points"
        ),
        "reference": "Venna and Kaski 2001",
        "chance": "exact for neighbours drawn at random: 1 - (n - 1 - k) (n - k) / ((n - 1) (2 n - 3 k - 1))",
        "needs_points": {"k": 2},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 12,
            },
        },
    },
    "continuity": {
        "label": "continuity",
        "reads": {"embedding": ("neighbors",)},
        "by_default": {"continuity": {}},
        "neighbors": {"option": "k"},
        "range": (0, 1),
        "unit": "1",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "1 - 2 / (m k (2 n - 3 k - 1)) times the sum over all m = n points and their k nearest neighbours in the "
            "representation of max(0, r - k); r is the rank of that neighbour by distance in the embedding, 1 for the "
            "nearest, ties by row; for at most 10,000 points"
        ),
        "reference": "Venna and Kaski 2001",
        "chance": "exact for neighbours drawn at random: 1 - (n - 1 - k) (n - k) / ((n - 1) (2 n - 3 k - 1))",
        "needs_points": {"k": 2},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 12,
            },
        },
    },
    "trustworthiness_sampled": {
        "label": "trustworthiness (sampled)",
        "reads": {"embedding": ()},
        "range": (0, 1),
        "unit": "1",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "1 - 2 / (m k (2 n - 3 k - 1)) times the sum over m seeded query points (`queries`, all if there are fewer) of n "
            "and their k nearest neighbours in the embedding of max(0, r - k); r is the rank of that neighbour by distance in "
            "the representation, 1 for the nearest, ties by row"
        ),
        "reference": "Venna and Kaski 2001",
        "chance": "exact for neighbours drawn at random: 1 - (n - 1 - k) (n - k) / ((n - 1) (2 n - 3 k - 1))",
        "needs_points": {"k": 2},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 12,
            },
            "queries": {
                "description": "How many seeded query points are ranked.",
                "type": "integer",
                "minimum": 1,
                "default": 2000,
            },
        },
    },
    "continuity_sampled": {
        "label": "continuity (sampled)",
        "reads": {"embedding": ("neighbors",)},
        "neighbors": {"option": "k"},
        "range": (0, 1),
        "unit": "1",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "1 - 2 / (m k (2 n - 3 k - 1)) times the sum over m seeded query points (`queries`, all if there are fewer) of n "
            "and their k nearest neighbours in the representation of max(0, r - k); r is the rank of that neighbour by "
            "distance in the embedding, 1 for the nearest, ties by row"
        ),
        "reference": "Venna and Kaski 2001",
        "chance": "exact for neighbours drawn at random: 1 - (n - 1 - k) (n - k) / ((n - 1) (2 n - 3 k - 1))",
        "needs_points": {"k": 2},
        "options": {
            "k": {
                "description": "Neighbours of each point, itself not counted.",
                "type": "integer",
                "minimum": 1,
                "default": 12,
            },
            "queries": {
                "description": "How many seeded query points are ranked.",
                "type": "integer",
                "minimum": 1,
                "default": 2000,
            },
        },
    },
}

LARGEST_EXACT = 10_000
QUERY_SEED = 0


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one embedding. asked: name -> (metric, options); the result has the same names."""
    return {name: _score(scored, metric, options) for name, (metric, options) in asked.items()}


def preservation(points: np.ndarray, neighbors: np.ndarray, rows: np.ndarray) -> float:
    """1 minus a normalised penalty for neighbours in another space that are not among the k nearest of the points.

    points: (n, d) finite. neighbors: (m, k) the k nearest of points[rows] in another space. rows: (m,) indices.

    1 - 2 / (m k (2n - 3k - 1)) times the sum over all listed neighbours of max(0, r - k), where r is the rank of the neighbour
    among the points, 1 for the nearest, ties by lower index (Venna and Kaski 2001). With the points of the
    representation and the neighbours of the embedding it is the trustworthiness; the other way round, the continuity.
    """
    n = len(points)
    k = neighbors.shape[1]
    neighbors = np.ascontiguousarray(neighbors, dtype=np.int64)
    intrusions = np.empty(len(rows), dtype=np.int64)
    for start, stop, squared in squared_distance_blocks(points, rows):
        _sum_rank_excess(squared, rows[start:stop], neighbors[start:stop], intrusions[start:stop])
    return 1.0 - 2.0 * int(intrusions.sum()) / (len(rows) * k * (2 * n - 3 * k - 1))


def _score(scored, metric, options):
    undefined = float("nan")
    options = with_defaults(METRICS[metric], options)
    k = int(options["k"])
    n = len(scored.points)
    # Venna and Kaski's normaliser holds for k < n / 2 only.
    if k < 1 or 2 * k >= n:
        return Score(undefined, reason=f"k = {k} needs more than {2 * k} points, there are {n}")
    chance = 1 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))
    rows = np.arange(n)
    if metric.endswith("_sampled"):
        if options["queries"] < 1:
            return Score(undefined, chance, "no queries")
        if options["queries"] < n:
            generator = np.random.default_rng(QUERY_SEED)
            rows = np.sort(generator.choice(n, size=int(options["queries"]), replace=False))
    elif n > LARGEST_EXACT:
        return Score(undefined, chance, f"{n} points are too many for {metric}, ask for {metric}_sampled")
    if not np.isfinite(scored.points).all():
        return Score(undefined, chance, "the embedding is not finite")
    if metric.startswith("continuity"):
        stored = 0 if scored.neighbors is None else scored.neighbors.shape[1]
        if stored < k:
            return Score(undefined, chance, f"{k} neighbours asked for, {stored} are stored")
        return Score(preservation(scored.points, scored.neighbors[rows, :k], rows), chance)
    if not np.isfinite(scored.representation.activations).all():
        return Score(undefined, chance, "not finite")
    neighbors, _ = nearest_neighbors(scored.points, k, rows)
    return Score(preservation(scored.representation.activations, neighbors, rows), chance)


@njit(parallel=True, cache=True)
def _sum_rank_excess(squared, rows, neighbors, excess):
    k = neighbors.shape[1]
    for row in prange(len(rows)):
        distances = squared[row]
        own = rows[row]
        total = 0
        for position in range(k):
            neighbor = neighbors[row, position]
            limit = distances[neighbor]
            nearer = 0
            for other in range(neighbor):
                nearer += distances[other] <= limit
            for other in range(neighbor + 1, len(distances)):
                nearer += distances[other] < limit
            # The loops have counted the point itself, at distance 0, if it precedes the neighbour; it has no rank.
            if own < neighbor or limit > 0.0:
                nearer -= 1
            total += max(0, nearer + 1 - k)
        excess[row] = total
