"""The distance that is left between two representations when one is turned and scaled to fit the other."""

import numpy as np

from layerscope.similarity.shared.directions import centred, in_directions

MEASURES = {
    "procrustes": {
        "label": "Procrustes distance",
        "range": (0, 1),
        "definition": (
            "1 minus the nuclear norm of Xᵀ Y, X and Y centred and of Frobenius norm 1: half the squared distance of both after "
            "the best rotation of one; 0 for equal shapes"
        ),
        "reference": "Schönemann 1966; Ding et al. 2021",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}


def compare(first: np.ndarray, second: np.ndarray, measures: list[str]) -> dict[str, float]:
    """The measures of two representations (n, d1) and (n, d2) of the same n observations. NaN where one does not vary."""
    (x, scale_x), (y, scale_y) = (in_directions(centred(points)) for points in (first, second))
    if not scale_x.size or not scale_y.size:
        return dict.fromkeys(measures, float("nan"))
    product = (scale_x / np.linalg.norm(scale_x))[:, None] * (x.T @ y) * (scale_y / np.linalg.norm(scale_y))
    return dict.fromkeys(measures, float(1 - np.linalg.svd(product, compute_uv=False).sum()))
