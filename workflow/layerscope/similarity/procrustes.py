"""The distance that is left between two representations when one is turned and scaled to fit the other."""

import numpy as np

from layerscope.similarity.shared.directions import centred, in_directions

MEASURES = {
    "procrustes": {
        "label": "Procrustes distance",
        "range": (0, 1),
        "itself": 0,
        "definition": (
            "1 minus the nuclear norm of Xᵀ Y, X and Y centred and of Frobenius norm 1: half the squared distance of both after "
            "the best rotation of one; 0 for equal shapes"
        ),
        "reference": "Schönemann 1966; Ding et al. 2021",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}


Directions = tuple[np.ndarray, np.ndarray]


def prepare(points: np.ndarray) -> Directions:
    """What every comparison of a representation (n, d) needs: its directions and their singular values."""
    return in_directions(centred(points))


def compare(first: Directions, second: Directions, measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations. NaN where one does not vary."""
    (x, scale_x), (y, scale_y) = first, second
    if not scale_x.size or not scale_y.size:
        return dict.fromkeys(measures, float("nan"))
    product = (scale_x / np.linalg.norm(scale_x))[:, None] * (x.T @ y) * (scale_y / np.linalg.norm(scale_y))
    return dict.fromkeys(measures, float(np.clip(1 - np.linalg.svd(product, compute_uv=False).sum(), 0, 1)))
