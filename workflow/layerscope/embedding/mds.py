"""Metric multidimensional scaling by stress majorisation (SMACOF)."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, refuse_more_than

ENGINE = {
    "description": "Metric multidimensional scaling by scikit-learn.",
    "reads": (),
    "largest": 10000,
    "cost": {
        "iterations": ("iterations",),
        "megabytes": 230,
        "bytes_by_pair": 53,
        "seconds": [(1e-08, 2, 1)],
    },
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "iterations": {"type": "integer", "minimum": 1, "default": 300},
    },
}

LARGEST = 10_000


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """scikit-learn's metric MDS of the Euclidean distances, from one random start."""
    refuse_more_than(points, LARGEST)
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    from sklearn.manifold import MDS

    engine = MDS(
        n_components=2,
        metric_mds=True,
        metric="euclidean",
        n_init=1,
        init="random",
        max_iter=options["iterations"],
        normalized_stress="auto",
        random_state=seed,
        n_jobs=threads,
    )
    return checked(engine.fit_transform(points.astype(np.float64)), iterations=engine.n_iter_)
