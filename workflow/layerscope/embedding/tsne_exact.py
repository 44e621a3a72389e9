"""t-SNE over all pairs of points, by our own estimator: for samples of up to 10,000 points."""

import numpy as np

from layerscope.embedding.result import Embedding, checked, coincident
from layerscope.errors import StudyError
from layerscope.tsne.estimator import ExactTSNE

READS = ()
LARGEST = 10_000


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """The result does not depend on `threads`."""
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    exaggerated = options["early_exaggeration_iterations"]
    engine = ExactTSNE(
        perplexity=options["perplexity"],
        early_exaggeration=options["early_exaggeration"],
        early_exaggeration_iter=exaggerated,
        learning_rate=options["learning_rate"],
        max_iter=exaggerated + options["iterations"],
        n_iter_without_progress=exaggerated + options["iterations"],
        min_grad_norm=0.0,
        init=options["initialisation"],
        random_state=seed,
        n_jobs=threads,
    )
    try:
        engine.fit(points)
    except ValueError as error:
        raise StudyError(f"engine: exact, on {points.shape[0]} points: {error}") from error
    return checked(engine.embedding_, engine.kl_divergence_, engine.n_iter_)
