"""t-SNE by scikit-learn: Barnes-Hut, or exact over all pairs of points, for small samples."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, refuse_more_than, with_two_columns

ENGINE = {
    "description": "t-SNE by scikit-learn: Barnes-Hut, or over all pairs.",
    "method": "tsne",
    "engine": "sklearn",
    "needs_points": {"perplexity": 3},
    "reads": (),
    "largest": 10000,
    "cost": {
        "iterations": ("iterations",),
        "megabytes": 230,
        "bytes_by_neighbor": 30,
        "seconds": [(8e-06, 1, 1)],
    },
    "largest_unless": {"exact": (False,)},
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "perplexity": {"$ref": "#/$defs/perplexity"},
        "early_exaggeration": {"$ref": "#/$defs/early_exaggeration"},
        "iterations": {"description": "After the 250 of early exaggeration.", "type": "integer", "minimum": 1, "default": 750},
        "learning_rate": {"$ref": "#/$defs/learning_rate", "description": "auto is max(n / exaggeration / 4, 50)."},
        "initialisation": {"$ref": "#/$defs/tsne_initialisation"},
        "exact": {"description": "Every pair of points instead of Barnes-Hut.", "type": "boolean", "default": False},
    },
}

LARGEST = 10_000


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """scikit-learn's TSNE. `iterations` counts those after the 250 of early exaggeration."""
    if options["exact"]:
        refuse_more_than(points, LARGEST)
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    from sklearn.manifold import TSNE

    engine = TSNE(
        n_components=2,
        perplexity=options["perplexity"],
        early_exaggeration=options["early_exaggeration"],
        learning_rate=options["learning_rate"],
        max_iter=250 + options["iterations"],
        init=options["initialisation"],
        method="exact" if options["exact"] else "barnes_hut",
        random_state=seed,
        n_jobs=threads,
    )
    embedded = engine.fit_transform(with_two_columns(points))
    return checked(embedded, engine.kl_divergence_, engine.n_iter_ + 1)
