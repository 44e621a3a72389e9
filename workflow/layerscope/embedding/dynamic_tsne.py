"""Dynamic t-SNE over all pairs of points: embeds all steps of a network so that each stays near the one before it."""

from dataclasses import replace

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident
from layerscope.errors import StudyError
from layerscope.tsne.dynamic import fit_dynamically
from layerscope.tsne.estimator import estimator_for

ENGINE = {
    "description": (
        "t-SNE over all pairs of up to 10,000 points, for all steps of a network together: minimised is the sum over "
        "steps of the divergence, plus lambda times the mean squared displacement of points between consecutive steps."
    ),
    "needs_points": {"perplexity": 3},
    "reads": (),
    "largest": 10000,
    "cost": {
        "iterations": ("early_exaggeration_iterations", "iterations"),
        "megabytes": 340,
        "bytes_by_pair": 8,
        "seconds": [(7e-10, 2, 1)],
    },
    "required": ("over", "lambda"),
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "over": {
            "description": "The steps: the snapshots of each layer, or the whole layers of each snapshot.",
            "enum": ["epochs", "layers"],
        },
        "lambda": {
            "description": (
                "What a point's moving costs; 0 embeds every step by itself, a large number gives all steps one picture."
            ),
            "type": "number",
            "minimum": 0,
            "maximum": 1000000000000.0,
        },
        "perplexity": {"$ref": "#/$defs/perplexity"},
        "early_exaggeration": {"$ref": "#/$defs/early_exaggeration"},
        "early_exaggeration_iterations": {"$ref": "#/$defs/early_exaggeration_iterations"},
        "iterations": {"description": "After the early exaggeration.", "type": "integer", "minimum": 1, "default": 750},
        "learning_rate": {"$ref": "#/$defs/learning_rate", "description": "auto is max(n / exaggeration / 4, 50)."},
        "initialisation": {
            "$ref": "#/$defs/tsne_initialisation",
            "description": "pca is that of the first step, for all of them.",
        },
    },
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """Embed a single step, by plain t-SNE. The result does not depend on `threads`."""
    return embed_steps([points], options, seed, threads)[0]


def embed_steps(steps: list[np.ndarray], options: dict, seed: int, threads: int) -> list[Embedding]:
    """Embed the steps together, in order, each (n, d_t): an Embedding of (n, 2) points for each of them.

    With `lambda` 0 each step is embedded by t-SNE alone, from its own start. Each Embedding has the divergence of its step. Its
    `about` is the same for all: the mean squared displacement of points between consecutive steps, the final learning rate,
    and how often the descent was repeated because it had diverged. The result does not depend on `threads`.
    """
    try:
        found = fit_dynamically(estimator_for(options, seed, threads), steps, options["lambda"])
    except ValueError as error:
        raise StudyError(f"method: dynamic_tsne, on {len(steps[0])} points: {error}") from error
    about = {"displacement": found.displacement, "learning_rate": found.learning_rate, "retries": found.retries}
    all_dead = all(coincident(points) is not None for points in steps)
    embedded = []
    for points, step, divergence in zip(steps, found.points, found.divergences, strict=True):
        alone = coincident(points) if options["lambda"] == 0 or all_dead else None
        embedded.append(replace(alone or checked(step, divergence, found.iterations), about=about))
    return embedded
