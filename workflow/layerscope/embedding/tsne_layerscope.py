"""t-SNE by layerscope.tsne.estimator: over all pairs of points, or interpolated on the study's exact neighbours."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident
from layerscope.errors import StudyError
from layerscope.tsne.estimator import TSNE, estimator_for, fit_with_neighbors

ENGINE = {
    "description": (
        "t-SNE over all pairs to 10,000 points, above interpolated on the study's exact neighbours; any number of points, the "
        "same bytes with any number of threads."
    ),
    "method": "tsne",
    "engine": "layerscope",
    "default": True,
    "by_default": {"tsne": {}},
    "packages": ("ducc0",),
    "needs_points": {"perplexity": 3},
    "reads": ("neighbors",),
    "largest": 10000,
    "largest_unless": {"gradient": ("auto", "interpolated")},
    "cost": {
        "iterations": ("early_exaggeration_iterations", "iterations"),
        "repeats": "restarts",
        "megabytes": 340,
        "bytes_by_pair": 8,
        "seconds": [(7e-10, 2, 1)],
        "beyond": {
            "points": 10000,
            "megabytes": 400,
            "bytes_by_neighbor": 90,
            "seconds": [(0.005, 0, 1), (4e-07, 1, 1)],
        },
    },
    "neighbors": {"option": "perplexity", "times": 3},
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "gradient": {
            "description": "exact, over all pairs of up to 10,000 points; interpolated; auto is exact to 10,000 points.",
            "enum": ["auto", "exact", "interpolated"],
            "default": "auto",
        },
        "restarts": {
            "description": "Descents from different starts, of which the one with the lowest divergence is kept.",
            "type": "integer",
            "minimum": 1,
            "default": 1,
        },
        "perplexity": {"$ref": "#/$defs/perplexity"},
        "early_exaggeration": {"$ref": "#/$defs/early_exaggeration"},
        "early_exaggeration_iterations": {"$ref": "#/$defs/early_exaggeration_iterations"},
        "iterations": {"description": "After the early exaggeration.", "type": "integer", "minimum": 1, "default": 750},
        "learning_rate": {"$ref": "#/$defs/learning_rate", "description": "auto is max(n / exaggeration / 4, 50)."},
        "initialisation": {"$ref": "#/$defs/tsne_initialisation"},
    },
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """The descent with the lowest divergence of `restarts`; the result does not depend on `threads`.

    Of several, the `about` has kl_restarts_mean, kl_restarts_sd and kl_restarts_highest, of the final divergences.
    """
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    fitted = [_fitted(points, neighbors, options, start, threads) for start in _starts(seed, options["restarts"])]
    divergences = np.array([one.kl_divergence_ for one in fitted])
    lowest = fitted[int(np.nanargmin(divergences)) if np.isfinite(divergences).any() else 0]
    about = {}
    if len(fitted) > 1:
        about = {
            "kl_restarts_mean": float(divergences.mean()),
            "kl_restarts_sd": float(divergences.std(ddof=1)),
            "kl_restarts_highest": float(divergences.max()),
        }
    return checked(lowest.embedding_, lowest.kl_divergence_, lowest.n_iter_, about)


def _starts(seed: int, restarts: int) -> list[int | np.random.RandomState]:
    """The random state of each start. The first is the seed's own, so that one restart more keeps those before it."""
    return [seed, *(np.random.RandomState([seed, restart]) for restart in range(1, restarts))]


def _fitted(points, neighbors, options, start, threads) -> TSNE:
    engine = estimator_for(options, start, threads, options["gradient"])
    try:
        return fit_with_neighbors(engine, points, neighbors.indices)
    except ValueError as error:
        raise StudyError(f"engine: layerscope, on {points.shape[0]} points: {error}") from error
