"""Principal components: the plane of largest variance."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, with_two_columns

ENGINE = {
    "description": "The two leading principal components.",
    "reads": (),
    "cost": {"megabytes": 220, "seconds": [(1e-06, 1, 0)]},
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """The two leading principal components by a full singular value decomposition; the seed changes nothing."""
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    from sklearn.decomposition import PCA

    engine = PCA(n_components=2, svd_solver="full")
    return checked(engine.fit_transform(with_two_columns(points).astype(np.float64)))
