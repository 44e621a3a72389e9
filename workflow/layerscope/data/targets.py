"""Targets of a regression: numbers to predict, one or several an observation, instead of classes.

This is imported when a study is planned, so it imports NumPy only where arrays are read.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from layerscope.errors import StudyError

if TYPE_CHECKING:
    import numpy as np

# How a study says that it has targets, and what becomes of them where it says nothing more.
REGRESSION = "regression"
STANDARDISE = "standardise"
# The end of messages about labels that may be targets.
SAY_SO = f"where they are numbers to predict, say `task: {REGRESSION}`"
# Messages name no more rows than this.
NAMED = 5


def numbers(given: Mapping[str, "np.ndarray"], where: str) -> dict[str, "np.ndarray"]:
    """Targets (n, targets) float64 by split.

    given: split, as messages call its targets → numbers, (n,) or (n, targets), `train` first. where: the start of messages.
    Raises StudyError for what is no number, with the rows of those that are not finite, for splits that differ in the number of
    targets, and for a target of which all training observations have one value.
    """
    import numpy as np

    found = {split: _columns(np.asarray(array), f"{where}: {split}") for split, array in given.items()}
    train = next(iter(found))
    for split, array in found.items():
        if array.shape[1] != found[train].shape[1]:
            counts = f"{train} has {found[train].shape[1]} targets an observation, {split} {array.shape[1]}"
            raise StudyError(f"{where}: {counts}; all splits must have the same")
    still = np.flatnonzero(np.ptp(found[train], axis=0) == 0)
    if len(still):
        which = f"target {still[0] + 1} of {train}" if found[train].shape[1] > 1 else train
        value = found[train][0, still[0]]
        raise StudyError(f"{where}: {which} is {value:g} for every observation; there is nothing to learn, leave it out")
    return found


def _columns(array: "np.ndarray", where: str) -> "np.ndarray":
    import numpy as np

    if array.dtype.kind not in "buif":
        raise StudyError(f"{where} is {'text' if array.dtype.kind in 'USO' else array.dtype}; targets are numbers")
    if array.ndim not in (1, 2) or (array.ndim == 2 and not array.shape[1]):
        shape = " × ".join(map(str, array.shape)) or "a single value"
        raise StudyError(f"{where} is {shape}; targets are (observations,) or (observations, targets)")
    if not len(array):
        raise StudyError(f"{where} is empty: that split has no observations")
    columns = array.reshape(len(array), -1).astype(np.float64)
    # Networks learn them in single precision.
    with np.errstate(over="ignore"):
        wrong = np.flatnonzero(~np.isfinite(columns.astype(np.float32)).all(axis=1))
    if len(wrong):
        rows = ", ".join(str(row + 1) for row in wrong[:NAMED]) + (", ..." if len(wrong) > NAMED else "")
        raise StudyError(
            f"{where} has {len(wrong)} observations with targets that are missing or not finite (rows {rows}); mend them, or "
            "leave them out"
        )
    return columns


def target_names(count: int) -> list[str]:
    """Names for targets that have none: target, or target1, target2, ..."""
    return ["target"] if count == 1 else [f"target{number}" for number in range(1, count + 1)]


def target_scaling(mean: "np.ndarray", deviation: "np.ndarray", normalise: str) -> tuple["np.ndarray", "np.ndarray"]:
    """(shift, scale) float64 of each target: networks learn (target - shift) / scale.

    mean, deviation: of the training targets. normalise: `standardise`, or `none` for targets as they are.
    """
    import numpy as np

    if normalise == "none":
        return np.zeros_like(mean), np.ones_like(deviation)
    return mean, np.where(deviation > 0, deviation, 1.0)


def listed(names: Sequence[str], mean: "np.ndarray", deviation: "np.ndarray") -> str:
    """The targets with their means and standard deviations, in words."""
    about = [f"{name} (mean {m:g}, deviation {d:g})" for name, m, d in zip(names, mean, deviation, strict=True)]
    return ", ".join(about[:NAMED]) + (f" and {len(about) - NAMED} more" if len(about) > NAMED else "")
