"""What every embedding engine takes and gives back.

An engine is a module of this package, named after its method and, where a method has several, its engine. It offers
`READS`, a literal tuple of what it needs beside the activations, and
`embed(points, neighbors, options, seed, threads) -> Embedding`:

points: (n, d) float32. neighbors: the exact nearest neighbours (layerscope.store.Neighbors), None unless the module reads
them. options: as in the study, defaults filled in. seed: of this embedding. threads: how many the engine may use; part of
the result for engines that sum in another order with more of them.

An engine that embeds the same observations at several steps together offers `embed_steps(steps, options, seed, threads)`
too: a list of `points` in, a list of Embedding out. The steps are what its option `over` says, epochs or layers.
"""

from dataclasses import dataclass, field

import numpy as np

from layerscope.errors import StudyError


@dataclass(frozen=True)
class Embedding:
    """points: (n, 2) float32. kl_engine: the engine's own final divergence (NaN: none). status: ok, or what went wrong.

    about: what else the engine says of it, numbers by name.
    """

    points: np.ndarray
    kl_engine: float = float("nan")
    iterations: int = 0
    status: str = "ok"
    about: dict[str, float] = field(default_factory=dict)


def coincident(points: np.ndarray) -> Embedding | None:
    """All points at the origin where all inputs are equal, for methods that are undefined there; None elsewhere."""
    if np.ptp(points, axis=0).max(initial=0) > 0:
        return None
    return Embedding(np.zeros((len(points), 2), np.float32), status="no variance: all points at the origin")


def refuse_more_than(points: np.ndarray, largest: int) -> None:
    """Raise StudyError for more points than an engine that holds all their pairs may take."""
    if len(points) > largest:
        raise StudyError(f"the method holds all pairs of points, for at most {largest} of them, not {len(points)}")


def with_two_columns(points: np.ndarray) -> np.ndarray:
    """Points of one feature with a second one that is 0: no distance changes, and a plane can be laid through them."""
    return np.hstack([points, np.zeros_like(points)]) if points.shape[1] == 1 else points


def checked(points: np.ndarray, kl_engine: float = float("nan"), iterations: int = 0) -> Embedding:
    """An engine's result as float32; one that is not finite is kept and marked as diverged."""
    points = np.asarray(points, np.float32)
    status = "ok" if np.isfinite(points).all() else "diverged: the embedding is not finite"
    return Embedding(points, float(kl_engine), int(iterations), status)
