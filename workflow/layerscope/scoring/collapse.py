"""Neural collapse: how far classes have become points, at equal angles, told by the nearest of them (Papyan et al. 2020)."""

import numpy as np

from layerscope.scoring.shared.degenerate import NOT_FINITE
from layerscope.scoring.shared.score_input import Score, ScoreInput

# Of the class means: what is below this share of their size is rounding of float32 activations.
ROUNDING = 1e-6

METRICS = {
    "nc1": {
        "label": "variability collapse (NC1)",
        "reads": {"raw": ()},
        "range": (0, None),
        "unit": "1",
        "higher_is_better": False,
        "whole_only": True,
        "definition": (
            "tr(W B⁺) / C: the covariance W of the points about the means of their classes, against the pseudo-inverse of that "
            "of the class means B about the mean of these, over the number of classes; 0 where each class is a point. Directions "
            "in which class means differ by less than a millionth of their size are rounding, and left out"
        ),
        "reference": "Papyan, Han and Donoho 2020",
        "chance": "none: it grows without bound as class means come together",
        "needs": ("classes",),
    },
    "nc2_norms": {
        "label": "unequal class means (NC2)",
        "reads": {"raw": ()},
        "range": (0, None),
        "unit": "1",
        "higher_is_better": False,
        "whole_only": True,
        "definition": (
            "the standard deviation of the distances of class means from the mean of these, over the mean of the distances; 0 "
            "where all are as far"
        ),
        "reference": "Papyan, Han and Donoho 2020",
        "chance": "none",
        "needs": ("classes",),
    },
    "nc2_angles": {
        "label": "unequal angles (NC2)",
        "reads": {"raw": ()},
        "range": (0, 2),
        "unit": "1",
        "higher_is_better": False,
        "whole_only": True,
        "definition": (
            "the mean over pairs of classes of |cos + 1 / (C - 1)|, cos that of the angle between two class means seen from the "
            "mean of all class means; 0 where the means are the corners of a simplex"
        ),
        "reference": "Papyan, Han and Donoho 2020",
        "chance": "none",
        "needs": ("classes",),
    },
    "nc4": {
        "label": "decisions unlike the nearest class mean (NC4)",
        "reads": {"raw": ("predictions",)},
        "range": (0, 1),
        "unit": "share of points",
        "higher_is_better": False,
        "whole_only": True,
        "definition": "the share of points that the network assigns to another class than that of the nearest class mean",
        "reference": "Papyan, Han and Donoho 2020",
        "chance": "none",
        "needs": ("classes",),
    },
}


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer. asked: name -> (metric, options); the result has the same names.

    Class means are those of the points that are scored. NC3, which compares them with weights, is in `self_duality`.
    """
    points = np.asarray(scored.points, dtype=np.float64)
    if not np.isfinite(points).all():
        return dict.fromkeys(asked, Score(float("nan"), reason=NOT_FINITE))
    classes, labels = np.unique(scored.labels, return_inverse=True)
    if len(classes) < 2:
        return dict.fromkeys(asked, Score(float("nan"), reason="one class only"))
    means = np.stack([points[labels == label].mean(axis=0) for label in range(len(classes))])
    corners = means - means.mean(axis=0)
    if not (np.linalg.norm(corners, axis=1) > ROUNDING * np.linalg.norm(means)).all():
        return dict.fromkeys(asked, Score(float("nan"), reason="a class mean lies on the mean of all"))
    return {name: _value(metric, scored, points, classes, labels, means, corners) for name, (metric, _) in asked.items()}


def _value(metric: str, scored: ScoreInput, points, classes, labels, means, corners) -> Score:
    if metric == "nc1":
        return Score(variability_collapse(points - means[labels], means))
    norms = np.linalg.norm(corners, axis=1)
    if metric == "nc2_norms":
        return Score(float(norms.std() / norms.mean()))
    if metric == "nc2_angles":
        cosines = (corners @ corners.T / np.outer(norms, norms))[np.triu_indices(len(corners), 1)]
        return Score(float(np.abs(cosines + 1 / (len(corners) - 1)).mean()))
    if scored.predictions is None or scored.predictions.classes is None:
        return Score(float("nan"), reason="no predictions")
    return Score(float((classes[nearest(points, means)] != scored.predictions.classes).mean()))


def variability_collapse(apart: np.ndarray, means: np.ndarray) -> float:
    """tr(W B⁺) / C. apart: (n, d), points about their class means. means: (C, d), the class means.

    B has rank C - 1 at most, so that its pseudo-inverse needs the singular vectors of the class means alone, whatever d is.
    Directions in which the class means differ by no more than float32 activations of their size are rounded have no part in B.
    """
    count = len(means)
    _, singular, directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    kept = (singular > ROUNDING * np.linalg.norm(means)) & (np.arange(len(singular)) < count - 1)
    within = np.square(apart @ directions[kept].T).mean(axis=0)
    return float((within / (np.square(singular[kept]) / count)).sum() / count)


def nearest(points: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The number of the nearest of some means (C, d) to each of points (n, d), ties to the lower number."""
    squared = np.square(means).sum(axis=1) - 2 * points @ means.T
    return squared.argmin(axis=1)
