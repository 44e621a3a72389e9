"""Isomap (Tenenbaum et al. 2000): an embedding in the plane of distances along the neighbour graph."""

import warnings

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, refuse_more_than

ENGINE = {
    "description": "Isomap by scikit-learn.",
    "needs_points": {"n_neighbors": 1},
    "reads": (),
    "largest": 10000,
    "cost": {
        "megabytes": 230,
        "bytes_by_pair": 33,
        "seconds": [(1.6e-10, 3, 0)],
    },
    "options": {
        "n_neighbors": {"type": "integer", "minimum": 2, "default": 12},
    },
}

LARGEST = 10_000


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """scikit-learn's Isomap; the seed changes nothing."""
    refuse_more_than(points, LARGEST)
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    from sklearn.manifold import Isomap

    engine = Isomap(n_neighbors=options["n_neighbors"], n_components=2, eigen_solver="dense", metric="euclidean", n_jobs=threads)
    with warnings.catch_warnings():
        # If the graph is disconnected, Isomap warns and connects its parts by their shortest distances, as is wanted here.
        warnings.simplefilter("ignore")
        return checked(engine.fit_transform(points.astype(np.float64)))
