"""Locally linear embedding (Roweis and Saul 2000)."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, refuse_more_than, with_two_columns

ENGINE = {
    "description": "Locally linear embedding by scikit-learn.",
    "needs_points": {"n_neighbors": 1},
    "reads": (),
    "largest": 10000,
    "cost": {
        "megabytes": 230,
        "bytes_by_pair": 12,
        "seconds": [(1.2e-10, 3, 0)],
    },
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "n_neighbors": {"type": "integer", "minimum": 2, "default": 12},
    },
}

LARGEST = 10_000


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """scikit-learn's standard LLE with a dense eigensolver; the seed changes nothing."""
    refuse_more_than(points, LARGEST)
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    from sklearn.manifold import LocallyLinearEmbedding

    engine = LocallyLinearEmbedding(
        n_neighbors=options["n_neighbors"],
        n_components=2,
        reg=1e-3,
        eigen_solver="dense",
        method="standard",
        random_state=seed,
        n_jobs=threads,
    )
    return checked(engine.fit_transform(with_two_columns(points).astype(np.float64)))
