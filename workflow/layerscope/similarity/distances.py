"""Representational similarity analysis: whether the same observations are far from each other."""

import numpy as np

MEASURES = {
    "rsa": {
        "label": "correlation of distances (RSA)",
        "range": (-1, 1),
        "holds_pairs": True,
        "definition": "Spearman's rank correlation of the Euclidean distances of all pairs of observations",
        "reference": "Kriegeskorte, Mur and Bandettini 2008",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}


def prepare(points: np.ndarray) -> np.ndarray:
    """What every comparison of a representation (n, d) needs: the ranks of all distances about their mean, of length 1 or 0."""
    from scipy.spatial.distance import pdist
    from scipy.stats import rankdata

    ranks = rankdata(pdist(points.astype(np.float64)))
    apart = ranks - ranks.mean()
    return apart / (np.linalg.norm(apart) or 1.0)


def compare(first: np.ndarray, second: np.ndarray, measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations. NaN where one does not vary."""
    vary = first.any() and second.any()
    return dict.fromkeys(measures, float(first @ second) if vary else float("nan"))
