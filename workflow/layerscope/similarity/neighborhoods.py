"""Whether observations have the same nearest neighbours."""

import numpy as np

from layerscope.geometry.neighbors import nearest_neighbors

MEASURES = {
    "mutual_neighbors": {
        "label": "shared nearest neighbours",
        "range": (0, 1),
        "definition": "the mean over observations of the share of their ten nearest neighbours that they have in both",
        "reference": "Huh et al. 2024",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}
NEIGHBORS = 10


def compare(first: np.ndarray, second: np.ndarray, measures: list[str]) -> dict[str, float]:
    """The measures of two representations (n, d1) and (n, d2) of the same n observations. NaN where n is ten or less."""
    k = NEIGHBORS
    if k >= len(first):
        return dict.fromkeys(measures, float("nan"))
    of_first, of_second = (np.sort(nearest_neighbors(points, k)[0], axis=1) for points in (first, second))
    together = np.sort(np.concatenate([of_first, of_second], axis=1), axis=1)
    shared = (together[:, 1:] == together[:, :-1]).sum(axis=1)
    return dict.fromkeys(measures, float(shared.mean() / k))
