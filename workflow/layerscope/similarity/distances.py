"""Representational similarity analysis: whether the same observations are far from each other."""

import numpy as np

MEASURES = {
    "rsa": {
        "label": "correlation of distances (RSA)",
        "range": (-1, 1),
        "definition": "Spearman's rank correlation of the Euclidean distances of all pairs of observations",
        "reference": "Kriegeskorte, Mur and Bandettini 2008",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}


def compare(first: np.ndarray, second: np.ndarray, measures: list[str]) -> dict[str, float]:
    """The measures of two representations (n, d1) and (n, d2) of the same n observations. NaN where one does not vary."""
    from scipy.spatial.distance import pdist
    from scipy.stats import rankdata

    ranks = [rankdata(pdist(points.astype(np.float64))) for points in (first, second)]
    apart = [of - of.mean() for of in ranks]
    lengths = np.prod([np.linalg.norm(of) for of in apart])
    return dict.fromkeys(measures, float(apart[0] @ apart[1] / lengths) if lengths > 0 else float("nan"))
