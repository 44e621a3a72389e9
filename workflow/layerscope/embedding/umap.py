"""UMAP by umap-learn (McInnes et al. 2018), on the study's exact neighbours."""

import warnings

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked
from layerscope.files.compiled import share_compiled_code

ENGINE = {
    "description": "UMAP by umap-learn, on the study's exact neighbours.",
    "needs_points": {"n_neighbors": 1},
    "reads": ("neighbors",),
    "packages": ("umap-learn",),
    "cost": {
        "iterations": ("epochs",),
        "megabytes": 350,
        "bytes_by_neighbor": 52,
        "seconds": [(0.00056, 1, 0), (2e-07, 1, 1)],
    },
    "neighbors": {"option": "n_neighbors", "plus": -1},
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "n_neighbors": {"description": "The point itself counted.", "type": "integer", "minimum": 2, "default": 15},
        "min_dist": {"type": "number", "minimum": 0, "default": 0.1},
        "epochs": {
            "description": "null: 500 below 10,000 points, 200 above.",
            "type": ["integer", "null"],
            "minimum": 1,
            "default": None,
        },
    },
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """umap-learn with spectral initialisation. With a seed it runs on one thread, whatever `threads` is."""
    import umap

    _keep_compiled()
    count = options["n_neighbors"]
    own = np.arange(len(points), dtype=np.int32)[:, None]
    indices = np.hstack([own, neighbors.indices[:, : count - 1]])
    distances = np.hstack([np.zeros_like(own, dtype=np.float32), neighbors.distances[:, : count - 1]])
    engine = umap.UMAP(
        n_neighbors=count,
        n_components=2,
        metric="euclidean",
        n_epochs=options["epochs"],
        learning_rate=1.0,
        init="spectral",
        min_dist=options["min_dist"],
        spread=1.0,
        set_op_mix_ratio=1.0,
        local_connectivity=1.0,
        repulsion_strength=1.0,
        negative_sample_rate=5,
        densmap=False,
        disconnection_distance=np.inf,
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(indices, distances),
        force_approximation_algorithm=True,
    )
    with warnings.catch_warnings():
        # UMAP warns that precomputed neighbours without a search index cannot embed new points, which is not needed here,
        # and that it starts at random where a representation has too few directions for the spectral initialisation.
        warnings.simplefilter("ignore")
        embedded = engine.fit_transform(points)
    return checked(embedded)


def _keep_compiled() -> None:
    """Let numba keep umap-learn's compiled functions, as layerscope.files.compiled has it; else each job would compile them."""
    from numba.extending import is_jitted
    from umap import layouts, umap_, utils

    share_compiled_code()
    for module in (layouts, umap_, utils):
        for function in vars(module).values():
            if is_jitted(function) and not function.signatures:
                function.enable_caching()
