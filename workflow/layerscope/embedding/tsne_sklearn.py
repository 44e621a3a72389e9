"""t-SNE by scikit-learn: Barnes-Hut, or exact (every pair of points, for small samples)."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident, refuse_more_than, with_two_columns

READS = ()
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
