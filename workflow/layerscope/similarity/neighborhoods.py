"""Whether observations have the same nearest neighbours."""

import numpy as np

from layerscope.geometry.neighbors import nearest_neighbors

MEASURES = {
    "mutual_neighbors": {
        "label": "shared nearest neighbours",
        "range": (0, 1),
        "fewest": 11,
        "definition": "the mean over observations of the share of their ten nearest neighbours that they have in both",
        "reference": "Huh et al. 2024",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}
NEIGHBORS = 10


def prepare(points: np.ndarray) -> np.ndarray | None:
    """What every comparison of a representation (n, d) needs: the neighbours (n, 10) of each point. None of ten or fewer."""
    return nearest_neighbors(points, NEIGHBORS)[0] if len(points) > NEIGHBORS else None


def compare(first: np.ndarray | None, second: np.ndarray | None, measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations. NaN of ten observations or fewer."""
    if first is None or second is None:
        return dict.fromkeys(measures, float("nan"))
    together = np.sort(np.concatenate([first, second], axis=1), axis=1)
    shared = (together[:, 1:] == together[:, :-1]).sum(axis=1)
    return dict.fromkeys(measures, float(shared.mean() / NEIGHBORS))
