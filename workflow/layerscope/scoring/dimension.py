"""How many dimensions the points of a representation have."""

from collections.abc import Callable

import numpy as np

from layerscope.geometry.dimension import effective_rank, maximum_likelihood, two_nearest_neighbors, variances
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.saturation.dimension import participation_ratio
from layerscope.scoring.shared.degenerate import NO_VARIANCE, NOT_FINITE
from layerscope.scoring.shared.score_input import Score, ScoreInput, with_defaults

OF_VARIANCES = {"linear_dimension": participation_ratio, "effective_rank": effective_rank}
METRICS: dict[str, dict] = {
    "two_nn": {
        "label": "intrinsic dimension (two nearest neighbours)",
        "reads": {"raw": (), "embedding": ()},
        "range": (0, None),
        "unit": "dimensions",
        "higher_is_better": None,
        "whole_only": False,
        "definition": (
            "the slope of -log(1 - F) over log(r2 / r1) through the origin, over the smallest 90 % of the ratios of distances "
            "to the second and to the first nearest neighbour, F their empirical distribution"
        ),
        "reference": "Facco et al. 2017, as in scikit-dimension",
        "chance": "none",
    },
    "levina_bickel": {
        "label": "intrinsic dimension (maximum likelihood)",
        "reads": {"raw": ("neighbors",), "embedding": ()},
        "neighbors": {"option": "k"},
        "needs_points": {"k": 1},
        "range": (0, None),
        "unit": "dimensions",
        "higher_is_better": None,
        "whole_only": False,
        "definition": "the inverse of the mean over points of the mean of log(T_k / T_j) over their k - 1 nearest neighbours j",
        "reference": "Levina and Bickel 2004, averaged as by MacKay and Ghahramani 2005",
        "chance": "none",
        "options": {
            "k": {
                "description": "Neighbours of each point: fewer see a finer scale.",
                "type": "integer",
                "minimum": 2,
                "default": 20,
            },
        },
    },
    "linear_dimension": {
        "label": "linear dimension",
        "reads": {"raw": ()},
        "range": (0, None),
        "unit": "directions",
        "higher_is_better": None,
        "whole_only": False,
        "definition": (
            "the participation ratio of the covariance of the points: the square of the sum of its eigenvalues over the sum of "
            "their squares"
        ),
        "reference": "Litwin-Kumar et al. 2017, Neuron 93",
        "chance": "none",
    },
    "effective_rank": {
        "label": "effective rank",
        "reads": {"raw": ()},
        "range": (0, None),
        "unit": "directions",
        "higher_is_better": None,
        "whole_only": False,
        "definition": "the exponential of the entropy of the shares of the singular values of the centred points in their sum",
        "reference": "Roy and Vetterli 2007",
        "chance": "none",
    },
}
COINCIDE = "too few points that coincide with no neighbour"


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one representation or embedding. asked: name -> (metric, options); the result has the same names.

    Points that coincide tell nothing of the surface that they lie on: where too few others are left, the score is NaN.
    """
    points = np.asarray(scored.points)
    if not np.isfinite(points).all():
        return dict.fromkeys(asked, Score(float("nan"), reason=NOT_FINITE))
    eigenvalues = variances(points) if {metric for metric, _ in asked.values()} & {*OF_VARIANCES} else np.empty(0)
    # The mean of equal rows may be off by rounding, and variances with it.
    varies = bool((points != points[:1]).any())
    scores = {}
    for name, (metric, options) in asked.items():
        if metric in OF_VARIANCES:
            scores[name] = Score(OF_VARIANCES[metric](eigenvalues)) if varies else Score(float("nan"), reason=NO_VARIANCE)
        else:
            k = 2 if metric == "two_nn" else with_defaults(METRICS[metric], options)["k"]
            dimension = two_nearest_neighbors if metric == "two_nn" else maximum_likelihood
            scores[name] = _of_distances(scored, points, k, dimension)
    return scores


def _of_distances(scored: ScoreInput, points: np.ndarray, k: int, dimension: Callable[[np.ndarray], float]) -> Score:
    if k >= len(points):
        return Score(float("nan"), reason=f"{k} neighbours asked for among {len(points)} points")
    neighbors = scored.neighbors
    if scored.space != "raw" or neighbors is None or neighbors.shape[1] < k:
        neighbors, _ = nearest_neighbors(points, k)
    # One neighbour of all points at a time: all together are k times as large as the points.
    columns = [np.linalg.norm(points[column].astype(np.float64) - points, axis=1) for column in neighbors[:, :k].T]
    value = dimension(np.stack(columns, axis=1))
    return Score(value, reason="" if np.isfinite(value) else COINCIDE)
