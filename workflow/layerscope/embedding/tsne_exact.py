"""t-SNE over all pairs of points, by layerscope.tsne.estimator: for samples of up to 10,000 points."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident
from layerscope.errors import StudyError
from layerscope.tsne.estimator import estimator_for

ENGINE = {
    "description": "t-SNE over all pairs of up to 10,000 points.",
    "method": "tsne",
    "engine": "exact",
    "by_default": {"tsne": {}},
    "needs_points": {"perplexity": 3},
    "reads": (),
    "largest": 10000,
    "cost": {
        "iterations": ("early_exaggeration_iterations", "iterations"),
        "megabytes": 340,
        "bytes_by_pair": 8,
        "seconds": [(7e-10, 2, 1)],
    },
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "perplexity": {"$ref": "#/$defs/perplexity"},
        "early_exaggeration": {"$ref": "#/$defs/early_exaggeration"},
        "early_exaggeration_iterations": {"$ref": "#/$defs/early_exaggeration_iterations"},
        "iterations": {"description": "After the early exaggeration.", "type": "integer", "minimum": 1, "default": 750},
        "learning_rate": {"$ref": "#/$defs/learning_rate", "description": "auto is max(n / exaggeration / 4, 50)."},
        "initialisation": {"$ref": "#/$defs/tsne_initialisation"},
    },
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """Exact t-SNE by ExactTSNE. The result does not depend on `threads`."""
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    engine = estimator_for(options, seed, threads)
    try:
        engine.fit(points)
    except ValueError as error:
        raise StudyError(f"engine: exact, on {points.shape[0]} points: {error}") from error
    return checked(engine.embedding_, engine.kl_divergence_, engine.n_iter_)
