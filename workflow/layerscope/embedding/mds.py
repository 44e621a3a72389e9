"""Metric multidimensional scaling by stress majorisation (SMACOF)."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, refuse_more_than

READS = ()
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
