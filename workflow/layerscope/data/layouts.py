"""Arrays of observations as people have them, laid out as layerscope reads them."""

from collections.abc import Mapping, Sequence

import numpy as np

from layerscope.data.axes import axes_of, written
from layerscope.errors import StudyError

WHITE_BY_TYPE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(bool): 1.0}
# Whole numbers up to here are exact in float32.
EXACT = 2**24


def laid_out(
    given: Mapping[str, np.ndarray], asked: str | None, declared: Sequence[int] | None, where: str, notes: list[str]
) -> tuple[dict[str, np.ndarray], float | None]:
    """Observations (n, features), (n, height, width) or (n, channels, height, width), uint8 or float32, by split; and white.

    given: split, as messages call it → numbers (n, ...), `train` first. white: the value of full intensity, None where the
    numbers do not tell it: 255 of bytes, 65,535 of 16 bits, 1 of what lies within -1 and 1 or is true and false. Raises
    StudyError for splits that differ in type or shape, and for values that are no finite numbers.
    """
    arrays = {split: np.asarray(array) for split, array in given.items()}
    # The order of bytes changes no number.
    arrays = {split: array.astype(array.dtype.newbyteorder("="), copy=False) for split, array in arrays.items()}
    train, *others = arrays
    for split, array in arrays.items():
        if array.dtype.kind not in "buif" or array.ndim < 2:
            raise StudyError(f"{where}: {split} is {array.dtype} {array.shape}; numbers, an observation a row, are wanted")
    first = arrays[train]
    for split in others:
        if arrays[split].shape[1:] != first.shape[1:] or arrays[split].dtype != first.dtype:
            raise StudyError(
                f"{where}: {train} is {first.dtype} {first.shape[1:]}, {split} {arrays[split].dtype} {arrays[split].shape[1:]}; "
                "all must have one type and one shape of observations"
            )
    axes = axes_of(first.shape[1:], asked, declared, where)
    if len(axes) < first.ndim - 1 or list(axes) != sorted(axes):
        sizes = [first.shape[1 + axis] for axis in axes]
        notes.append(f"observations of {written(first.shape[1:])} are read as {written(sizes)}{_kind_of(len(sizes))}")
    found = {split: _typed(_turned(array, axes), f"{where}: {split}", notes) for split, array in arrays.items()}
    return found, _white(first.dtype, list(found.values()))


def _kind_of(dimensions: int) -> str:
    return {2: " (height × width)", 3: " (channels × height × width)"}.get(dimensions, "")


def _turned(array: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    of_one = [axis for axis in range(array.ndim - 1) if axis not in axes]
    turned = array.transpose(0, *(1 + axis for axis in (*axes, *of_one)))
    return turned.reshape(turned.shape[: 1 + len(axes)])


def _typed(array: np.ndarray, where: str, notes: list[str]) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8)
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        rows = int(wrong.reshape(len(array), -1).any(axis=1).sum())
        raise StudyError(f"{where} has {rows} observations with values that are not finite; mend or remove them")
    if array.dtype.kind in "ui" and array.size and max(abs(int(array.min())), abs(int(array.max()))) > EXACT:
        notes.append(f"whole numbers above {EXACT:,} are rounded to seven digits (float32)")
    return numbers


def _white(dtype: np.dtype, arrays: list[np.ndarray]) -> float | None:
    if dtype in WHITE_BY_TYPE:
        return WHITE_BY_TYPE[dtype]
    largest = max(max(float(array.max(initial=0)), -float(array.min(initial=0))) for array in arrays)
    return 1.0 if largest <= 1 else None
