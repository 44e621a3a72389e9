"""The interface of embedding engines: their arguments and their result.

An engine is a module of this package, named after its method and, where a method has several, its engine. It declares
`ENGINE`, a literal dictionary whose `reads` lists what the engine needs besides the activations, and defines
`embed(points, neighbors, options, seed, threads) -> Embedding`:

points: (n, d) float32. neighbors: the exact nearest neighbours (layerscope.store.Neighbors), None unless the module reads
them. options: as in the study, with defaults filled in. seed: of this embedding. threads: how many the engine may use; some
engines sum in another order with more threads, so that their results depend on it.

An engine that embeds the same observations at several steps together also defines
`embed_steps(steps, options, seed, threads)`: it takes a list of `points` and returns a list of Embedding. Its option `over`
says what the steps are, epochs or layers.

An engine that embeds several representations at once, each as it would by itself, declares `pairs_together` and defines
`embed_together(arrays, neighbors, options, seed, threads)`: it takes a list of `points` and one of their neighbours, and
returns a list of Embedding. One that has an option for a device declares `on_device` and defines `device_name(options, threads)`.
"""

from dataclasses import dataclass, field

import numpy as np

from layerscope.errors import StudyError


@dataclass(frozen=True)
class Embedding:
    """points: (n, 2) float32. kl_engine: the engine's own final divergence (NaN: none). status: ok, or what went wrong.

    about: further numbers that the engine reports, by name.
    """

    points: np.ndarray
    kl_engine: float = float("nan")
    iterations: int = 0
    status: str = "ok"
    about: dict[str, float] = field(default_factory=dict)


def coincident(points: np.ndarray) -> Embedding | None:
    """If all points are equal, where many methods are undefined: an embedding with all points at the origin. Otherwise None."""
    if np.ptp(points, axis=0).max(initial=0) > 0:
        return None
    return Embedding(np.zeros((len(points), 2), np.float32), status="no variance: all points at the origin")


def refuse_more_than(points: np.ndarray, largest: int) -> None:
    """Raise StudyError for more points than an engine that holds all their pairs may take."""
    if len(points) > largest:
        raise StudyError(f"the method holds all pairs of points, for at most {largest} of them, not {len(points)}")


def with_two_columns(points: np.ndarray) -> np.ndarray:
    """Add a second feature of 0 to points of one feature: distances stay the same, and methods that need two features work."""
    return np.hstack([points, np.zeros_like(points)]) if points.shape[1] == 1 else points


def checked(
    points: np.ndarray, kl_engine: float = float("nan"), iterations: int = 0, about: dict[str, float] | None = None
) -> Embedding:
    """Make an Embedding of an engine's points, as float32. If they are not finite, they are kept and marked as diverged."""
    points = np.asarray(points, np.float32)
    status = "ok" if np.isfinite(points).all() else "diverged: the embedding is not finite"
    return Embedding(points, float(kl_engine), int(iterations), status, about or {})
