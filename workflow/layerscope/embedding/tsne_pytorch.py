"""t-SNE on a CUDA device, or by torch on processors: all representations of a network at once, by layerscope.tsne.batched."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident
from layerscope.errors import StudyError

ENGINE = {
    "description": (
        "t-SNE by torch, for a GPU: repulsion over all pairs of any number of points, many small representations at once. "
        "P is over all pairs to 10,000 points, above over the study's exact neighbours."
    ),
    "method": "tsne",
    "engine": "pytorch",
    "needs_points": {"perplexity": 3},
    "reads": ("neighbors",),
    "neighbors": {"option": "perplexity", "times": 3},
    "pairs_together": 67108864,
    "on_device": "device",
    "cost": {
        "iterations": ("early_exaggeration_iterations", "iterations"),
        "megabytes": 3000,
        "bytes_by_pair": 12,
        "seconds": [(1e-8, 2, 1)],
        "beyond": {
            "points": 10000,
            "megabytes": 3000,
            "bytes_by_neighbor": 90,
            "seconds": [(1e-8, 2, 1)],
        },
    },
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "device": {
            "description": "auto is CUDA where torch sees a device; cuda asks for one of the resource gpu, too.",
            "enum": ["auto", "cpu", "cuda"],
            "default": "auto",
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
    """One representation by itself. On a processor the result depends on `threads`."""
    return embed_together([points], [neighbors], options, seed, threads)[0]


def embed_together(arrays: Sequence[np.ndarray], neighbors: Sequence, options: dict, seed: int, threads: int) -> list[Embedding]:
    """Representations of the same observations, each from the start that it would have by itself."""
    from layerscope.tsne.estimator import estimator_for, fit_together

    found = [coincident(points) for points in arrays]
    moving = [index for index, degenerate in enumerate(found) if degenerate is None]
    if moving:
        engine = estimator_for(options, seed, threads, "auto")
        indices = [neighbors[index].indices for index in moving]
        try:
            fitted = fit_together(engine, [arrays[index] for index in moving], _device(options["device"], threads), indices)
        except ValueError as error:
            raise StudyError(f"engine: pytorch, on {len(arrays[0])} points: {error}") from error
        for index, one in zip(moving, fitted, strict=True):
            found[index] = checked(one.embedding_, one.kl_divergence_, one.n_iter_)
    return [embedded for embedded in found if embedded is not None]


def device_name(options: dict, threads: int) -> str:
    """`cpu`, or the name of the CUDA device that is used."""
    from layerscope.models.device import device_kind

    return device_kind(_device(options["device"], threads))


@cache
def _device(wanted, threads):
    from layerscope.models.device import set_up_device

    return set_up_device(wanted, threads, "float32")
