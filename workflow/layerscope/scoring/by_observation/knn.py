"""How well the nearest neighbours of each observation predict its class."""

import numpy as np

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.knn import majority, with_self
from layerscope.scoring.shared.score_input import ScoreInput

BY_OBSERVATION = ("knn_accuracy", "knn_accuracy_loo", "neighborhood_hit")


def by_observation(scored: ScoreInput, metric: str, options: dict) -> np.ndarray:
    """(n,) float64 whose mean is the score of the whole, where that has a value.

    Of the neighborhood hit the share of the k nearest other points that are of the point's class; of the accuracies 1 where the
    neighbours tell the class of the point, else 0.
    """
    k, points = options["k"], np.asarray(scored.points)
    _, labels = np.unique(scored.labels, return_inverse=True)
    stored = scored.neighbors if scored.space == "raw" else None
    neighbors = nearest_neighbors(points, k)[0] if stored is None else stored[:, :k]
    if metric == "neighborhood_hit":
        return (labels[neighbors] == labels[:, None]).mean(axis=1)
    voters = neighbors if metric == "knn_accuracy_loo" else with_self(points, neighbors)
    return (majority(labels[voters], labels.max() + 1) == labels).astype(np.float64)
