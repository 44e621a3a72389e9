"""t-SNE by openTSNE (Poličar et al. 2024), on the study's exact neighbours, with every setting passed explicitly.

Settings and algorithm are those of openTSNE 0.6, which the published studies used. Later versions have other defaults, add noise
to principal components, and carry the velocity of the early exaggeration over into the second phase.
"""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, with_two_columns

ENGINE = {
    "description": "t-SNE by openTSNE, on the study's exact neighbours; any number of points.",
    "method": "tsne",
    "engine": "opentsne",
    "needs_points": {"perplexity": 3},
    "reads": ("neighbors",),
    "packages": ("openTSNE",),
    "cost": {
        "iterations": ("early_exaggeration_iterations", "iterations"),
        "megabytes": 230,
        "bytes_by_neighbor": 30,
        "seconds": [(0.02, 0, 1), (1.7e-06, 1, 1)],
    },
    "neighbors": {"option": "perplexity", "times": 3},
    "alike_where": {"initialisation": ["pca"], "jitter": [False]},
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "perplexity": {"$ref": "#/$defs/perplexity"},
        "early_exaggeration": {"$ref": "#/$defs/early_exaggeration"},
        "early_exaggeration_iterations": {"$ref": "#/$defs/early_exaggeration_iterations"},
        "iterations": {"description": "After the early exaggeration.", "type": "integer", "minimum": 1, "default": 500},
        "learning_rate": {"$ref": "#/$defs/learning_rate", "description": "auto is max(200, n / 12)."},
        "initialisation": {"$ref": "#/$defs/tsne_initialisation"},
        "jitter": {
            "description": (
                "Noise of a hundredth on principal components, which tells seeds apart and separates observations that coincide; "
                "openTSNE 0.6 has none."
            ),
            "type": "boolean",
            "default": False,
        },
    },
}

INITIAL_MOMENTUM, FINAL_MOMENTUM = 0.5, 0.8
FFT_FROM = 10_000
DESCENT = {
    "dof": 1,
    "min_gain": 0.01,
    "max_grad_norm": None,
    "max_step_norm": 5,
    "theta": 0.5,
    "n_interpolation_points": 3,
    "min_num_intervals": 50,
    "ints_in_interval": 1,
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """Affinities over the first 3 · perplexity neighbours; Barnes-Hut below 10,000 points, interpolation from there on.

    The result depends on `threads`.
    """
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    from openTSNE import TSNEEmbedding, initialization
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    used = int(3 * options["perplexity"])
    graph = PrecomputedNeighbors(neighbors.indices[:, :used].copy(), neighbors.distances[:, :used].astype(np.float64))
    affinities = PerplexityBasedNN(perplexity=options["perplexity"], knn_index=graph, n_jobs=threads)
    if options["initialisation"] == "pca":
        start = initialization.pca(with_two_columns(points), svd_solver="full", random_state=seed, add_jitter=options["jitter"])
    else:
        start = initialization.random(points, random_state=seed)
    method = "fft" if len(points) >= FFT_FROM else "bh"
    embedding = TSNEEmbedding(start, affinities, negative_gradient_method=method, n_jobs=threads, random_state=seed)
    rate = options["learning_rate"]
    if rate == "auto":
        rate = max(200.0, len(points) / 12)
    exaggerated = options["early_exaggeration_iterations"]
    embedding.optimize(
        exaggerated,
        exaggeration=options["early_exaggeration"],
        learning_rate=rate,
        momentum=INITIAL_MOMENTUM,
        inplace=True,
        **DESCENT,
    )
    embedding.optimizer.update = None
    embedding.optimize(options["iterations"], learning_rate=rate, momentum=FINAL_MOMENTUM, inplace=True, **DESCENT)
    return checked(embedding, embedding.kl_divergence, exaggerated + options["iterations"])
