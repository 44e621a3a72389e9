"""t-SNE over all pairs of points, by our own estimator: for samples of up to 10,000 points."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident
from layerscope.errors import StudyError
from layerscope.tsne.estimator import estimator_for

READS = ()
LARGEST = 10_000


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """The result does not depend on `threads`."""
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    engine = estimator_for(options, seed, threads)
    try:
        engine.fit(points)
    except ValueError as error:
        raise StudyError(f"engine: exact, on {points.shape[0]} points: {error}") from error
    return checked(engine.embedding_, engine.kl_divergence_, engine.n_iter_)
