"""How far apart points of the same and of different classes are, relative to the mean distance of all pairs."""

import numpy as np
from numba import njit, prange

from layerscope.geometry.pairwise import squared_distance_blocks, three_coordinates
from layerscope.scoring.shared.score_input import Score, ScoreInput

METRICS = {
    "d_same": {
        "label": "mean distance within classes",
        "reads": {"raw": (), "embedding": ()},
        "by_default": {"d_same": {}},
        "range": (0, None),
        "unit": "mean distance of all pairs",
        "higher_is_better": False,
        "whole_only": False,
        "definition": "the mean Euclidean distance of pairs of points of the same class over that of all pairs",
        "reference": "Ruman 2021",
        "chance": "1: labels that say nothing pick pairs at random",
        "needs": ("classes",),
    },
    "d_different": {
        "label": "mean distance between classes",
        "reads": {"raw": (), "embedding": ()},
        "by_default": {"d_different": {}},
        "range": (0, None),
        "unit": "mean distance of all pairs",
        "higher_is_better": True,
        "whole_only": False,
        "definition": "the mean Euclidean distance of pairs of points of different classes over that of all pairs",
        "function_of": "d_same",
        "reference": "Ruman 2021",
        "chance": "1: labels that say nothing pick pairs at random",
        "needs": ("classes",),
    },
    "c_same": {
        "label": "mean distance to the class centroid",
        "reads": {"raw": (), "embedding": ()},
        "by_default": {"c_same": {}},
        "range": (0, None),
        "unit": "mean distance of all pairs",
        "higher_is_better": False,
        "whole_only": False,
        "definition": (
            "for each class the mean distance of its points to their centroid; the mean of these over classes, over the mean "
            "distance of all pairs of points"
        ),
        "reference": "Ruman 2021",
        "chance": "mean over 10 seeded permutations of the labels",
        "needs": ("classes",),
    },
    "c_different": {
        "label": "mean distance of class centroids",
        "reads": {"raw": (), "embedding": ()},
        "by_default": {"c_different": {}},
        "range": (0, None),
        "unit": "mean distance of all pairs",
        "higher_is_better": True,
        "whole_only": False,
        "definition": "the mean distance of pairs of class centroids over the mean distance of all pairs of points",
        "reference": "Ruman 2021",
        "chance": "mean over 10 seeded permutations of the labels",
        "needs": ("classes",),
    },
    "silhouette": {
        "label": "silhouette",
        "reads": {"raw": (), "embedding": ()},
        "by_default": {"silhouette": {}},
        "range": (-1, 1),
        "unit": "1",
        "higher_is_better": True,
        "whole_only": False,
        "definition": (
            "the mean over points of (b - a) / max(a, b); a is the mean distance to the other points of the own class, b the "
            "least mean distance to the points of another class; 0 for the only point of a class"
        ),
        "reference": "Rousseeuw 1987, as in scikit-learn",
        "chance": "0, approximately: with random labels the mean is slightly below it",
        "needs": ("classes",),
    },
}

PERMUTATIONS = 10
PERMUTATION_SEED = 0


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one representation or embedding. asked: name -> (metric, options); the result has the same names."""
    points = np.asarray(scored.points, dtype=np.float64)
    _, labels = np.unique(scored.labels, return_inverse=True)
    values = _values(points, labels, {metric for metric, _ in asked.values()})
    return {name: values[metric] for name, (metric, _) in asked.items()}


def class_distance_sums(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n, C) float64: for each point the sum of its Euclidean distances to all points of each class.

    points: (n, d) finite. labels: (n,) integers; column c is the class of the c-th smallest label.
    All pairs are used, without approximation, in O(n) memory besides the result. ValueError where the lengths differ.
    """
    points = np.asarray(points, dtype=np.float64)
    if len(points) != len(labels):
        raise ValueError(f"{len(points)} points but {len(labels)} labels")
    _, labels = np.unique(labels, return_inverse=True)
    # Sorted by class, so that the points of each class are one contiguous range.
    order = np.argsort(labels, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(labels))))
    points = points[order]
    by_class = np.empty((len(points), len(bounds) - 1))
    if points.shape[1] <= 3:
        _sums_in_space(three_coordinates(points), bounds, by_class)
    else:
        for start, stop, squared in squared_distance_blocks(points):
            _sums_of_roots(squared, bounds, by_class[start:stop])
    sums = np.empty_like(by_class)
    sums[order] = by_class
    return sums


def _values(points, labels, metrics):
    n = len(points)
    if n < 2:
        return dict.fromkeys(METRICS, Score(float("nan"), reason="fewer than two points"))
    if not np.isfinite(points).all():
        return dict.fromkeys(METRICS, Score(float("nan"), reason="not finite"))
    sizes = np.bincount(labels)
    sums = class_distance_sums(points, labels)
    same = sums[np.arange(n), labels].sum() / 2
    different = (sums.sum(axis=1) - sums[np.arange(n), labels]).sum() / 2
    same_pairs = int((sizes * (sizes - 1) // 2).sum())
    different_pairs = n * (n - 1) // 2 - same_pairs
    scale = (same + different) / (same_pairs + different_pairs)
    values = {"silhouette": _silhouette(sums, labels, sizes)}
    if scale == 0:
        coincide = Score(float("nan"), reason="all points coincide")
        return values | dict.fromkeys(("d_same", "d_different", "c_same", "c_different"), coincide)
    one_class = Score(float("nan"), reason="a single class")
    values["d_same"] = (
        Score(float(same / same_pairs / scale), 1.0) if same_pairs else Score(float("nan"), 1.0, "no two points share a class")
    )
    values["d_different"] = Score(float(different / different_pairs / scale), 1.0) if different_pairs else one_class
    if metrics & {"c_same", "c_different"}:
        within, between = _centroid_distances(points, labels, sizes)
        chance_within, chance_between = _chance_centroid_distances(points, labels, sizes)
        values["c_same"] = Score(float(within / scale), float(chance_within / scale))
        values["c_different"] = Score(float(between / scale), float(chance_between / scale)) if len(sizes) > 1 else one_class
    return values


def _silhouette(sums, labels, sizes):
    n = len(labels)
    if len(sizes) == 1:
        return Score(float("nan"), 0.0, "a single class")
    if len(sizes) == n:
        return Score(float("nan"), 0.0, "no two points share a class")
    own = sizes[labels]
    within = sums[np.arange(n), labels] / np.maximum(own - 1, 1)
    means = sums / sizes
    means[np.arange(n), labels] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    defined = (own > 1) & (larger > 0)
    widths = np.zeros(n)
    widths[defined] = (nearest[defined] - within[defined]) / larger[defined]
    return Score(float(widths.mean()), 0.0)


def _centroid_distances(points, labels, sizes):
    """Mean over classes of the mean distance to the centroid, and mean distance over unordered pairs of centroids."""
    members = np.zeros((len(sizes), len(points)))
    members[labels, np.arange(len(points))] = 1.0
    centroids = members @ points / sizes[:, None]
    distances = np.empty(len(points))
    _distances_to_own(points, centroids, labels, distances)
    within = float((np.bincount(labels, weights=distances) / sizes).mean())
    pairs = np.triu_indices(len(sizes), 1)
    between = [np.sqrt(((centroids[a] - centroids[b]) ** 2).sum()) for a, b in zip(*pairs, strict=True)]
    return within, float(np.mean(between)) if between else float("nan")


def _chance_centroid_distances(points, labels, sizes):
    generator = np.random.default_rng(PERMUTATION_SEED)
    pairs = [_centroid_distances(points, generator.permutation(labels), sizes) for _ in range(PERMUTATIONS)]
    within, between = np.mean(pairs, axis=0)
    return float(within), float(between)


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _sums_in_space(coordinates, bounds, sums):
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    for own in prange(coordinates.shape[1]):
        own_x, own_y, own_z = x[own], y[own], z[own]
        for group in range(len(bounds) - 1):
            total = 0.0
            for other in range(bounds[group], bounds[group + 1]):
                dx, dy, dz = x[other] - own_x, y[other] - own_y, z[other] - own_z
                total += np.sqrt(dx * dx + dy * dy + dz * dz)
            sums[own, group] = total


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _sums_of_roots(squared, bounds, sums):
    for row in prange(squared.shape[0]):
        for group in range(len(bounds) - 1):
            total = 0.0
            for other in range(bounds[group], bounds[group + 1]):
                total += np.sqrt(squared[row, other])
            sums[row, group] = total


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _distances_to_own(points, centroids, labels, distances):
    for row in prange(len(points)):
        total = 0.0
        for feature in range(points.shape[1]):
            difference = points[row, feature] - centroids[labels[row], feature]
            total += difference * difference
        distances[row] = np.sqrt(total)
