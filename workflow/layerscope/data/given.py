"""Activations that people bring in files of their own: one array a layer, with labels and what else is known."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerscope.data.class_names import check_class_names
from layerscope.data.labels import label_vector, numbered
from layerscope.data.npz_file import array_head, opened_npz
from layerscope.errors import StudyError, one_of
from layerscope.files.refusals import refusals_named
from layerscope.store.given import BESIDE, INPUT, LAYER_NAME
from layerscope.store.safe_hdf5 import leads_outside

if TYPE_CHECKING:
    import h5py

WANTED = "hold one array a layer, with one row an observation"


@dataclass(frozen=True)
class GivenFile:
    """What a file of activations holds, without the numbers themselves.

    layers: layer → shape of its output for one observation, in the order of the file. ordered: whether from first to last.
    n: observations. input: the shape of one input, None where the file has none. beside: which of BESIDE it has.
    """

    file: str
    layers: dict[str, tuple[int, ...]]
    ordered: bool
    n: int
    input: tuple[int, ...] | None
    beside: frozenset[str]


@dataclass(frozen=True)
class _Stored:
    """An array in an open file. depth: the place that the file gives it, None where it gives none."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]
    depth: int | None = None


def look_at(file: Path, where: str) -> GivenFile:
    """What an npz or HDF5 file of activations holds; only the heads of its arrays are read. where: the start of messages.

    Arrays within groups of an HDF5 file are named by their path, with dots. Raises StudyError for a file without layers, for
    names that no layer may have, for arrays that are no numbers, and for arrays of different lengths.
    """
    with refusals_named(file):
        about = file.stat()
    return _looked_at(file, where, about.st_mtime_ns, about.st_size)


@cache
def _looked_at(file: Path, where: str, *_: int) -> GivenFile:
    """look_at of a file, cached for each state of it: planning asks for its layers, its size and what else it has."""
    with _opened(file, where) as (arrays, ordered):
        named = {name: stored for name, stored in arrays.items() if name not in BESIDE}
        messages = [message for name, stored in arrays.items() for message in _mistakes(name, stored)]
        layers = {name: stored for name, stored in named.items() if name != INPUT}
        if not layers:
            messages.append(f"it holds {', '.join(arrays) or 'nothing'}, which are no layers")
        lengths = {name: stored.shape[0] for name, stored in arrays.items() if name != "classes" and stored.shape}
        n = lengths[next(iter(layers))] if layers else 0
        messages += [
            f"{name} has {length} rows, {next(iter(layers))} {n}; one row an observation is wanted in each"
            for name, length in lengths.items()
            if layers and length != n
        ]
        if messages:
            raise StudyError(*(f"{where}: {file}: {message}" for message in messages))
        depths = [stored.depth for stored in layers.values()]
        if all(depth is not None for depth in depths):
            layers = dict(sorted(layers.items(), key=lambda item: item[1].depth or 0))
            ordered = True
        shapes = {name: stored.shape[1:] for name, stored in layers.items()}
        given_input = named[INPUT].shape[1:] if INPUT in named else None
        return GivenFile(str(file), shapes, ordered or len(layers) == 1, n, given_input, frozenset(BESIDE) & arrays.keys())


def _mistakes(name: str, stored: _Stored) -> Iterator[str]:
    if name in BESIDE:
        return
    if not re.fullmatch(LAYER_NAME, name):
        yield f"'{name}' cannot name a layer: letters, digits, - _ . @ only, 200 at most; rename the array"
    if stored.dtype.kind not in "buif":
        yield f"{name} is {stored.dtype}; real numbers are wanted, for instance float32"
    elif len(stored.shape) < 2:
        yield f"{name} is {' × '.join(map(str, stored.shape)) or 'a single value'}; (n, ...) is wanted, one row an observation"
    elif 0 in stored.shape:
        yield f"{name} is {' × '.join(map(str, stored.shape))} and holds no numbers"


def read_layer(file: str | Path, layer: str, rows: np.ndarray) -> np.ndarray:
    """The outputs of a layer (or the input) for some rows of a file: (len(rows), ...) float32.

    Raises StudyError where a number is not finite, or too large for float32.
    """
    with _opened(Path(file), "given activations") as (arrays, _):
        if layer not in arrays:
            raise StudyError(f"{file} has no layer {layer}; {one_of(layer, arrays)}")
        with np.errstate(over="ignore"):
            values = arrays[layer].read()[rows].astype(np.float32)
    wrong = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if wrong.any():
        first = int(rows[np.flatnonzero(wrong)[0]])
        raise StudyError(
            f"{file}: {layer} has numbers that are not finite in float32 for {int(wrong.sum())} of {len(rows)} observations, the "
            f"first in row {first}; leave these observations out, or mend what made them"
        )
    return values


@dataclass(frozen=True)
class Labelled:
    """Labels of the observations of a file.

    labels: (n,) int64 from 0. classes: the names of the classes. written: the labels as the file has them, (n,) int64 or text.
    notes: what was renumbered, a line each.
    """

    labels: np.ndarray
    classes: list[str]
    written: np.ndarray
    notes: list[str]


@dataclass(frozen=True)
class GivenObservations:
    """What a file tells of its observations: their labels, and their rows in the split, (n,) int64; each None if it does not."""

    labelled: Labelled | None
    rows: np.ndarray | None


def read_observations(file: str | Path, where: str) -> GivenObservations:
    """Labels and rows of the observations of a file. where: the start of messages. Raises StudyError where they are none."""
    said = f"{where}: {file}"
    with _opened(Path(file), where) as (arrays, _):
        rows = _rows(arrays, said)
        if "labels" not in arrays:
            return GivenObservations(None, rows)
        given, notes = arrays["labels"].read(), list[str]()
        found, classes = numbered({"labels": given}, _class_names(arrays, said), said, notes)
        return GivenObservations(Labelled(found["labels"], classes, label_vector(given, f"{said}: labels"), notes), rows)


def read_predictions(
    file: str | Path, labelled: Labelled | None, classes: list[str], where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Predicted classes (n,) int64, by their number in `classes`, and losses (n,) float32, NaN where the file has none.

    labelled: the labels of the file, if it has any: predictions are written as these are. Otherwise they are numbers or names of
    `classes`. Raises StudyError for a prediction that is no class.
    """
    with _opened(Path(file), where) as (arrays, _):
        said = f"{where}: {file}: predictions"
        given = label_vector(arrays["predictions"].read(), said)
        is_text = given.dtype.kind == "U"
        known = {name if is_text else str(number): number for number, name in enumerate(classes)}
        if labelled is not None and not is_text:
            written = {
                str(value): number for value, number in zip(labelled.written.tolist(), labelled.labels.tolist(), strict=True)
            }
            # Where labels are numbered anew, a number that none of them has is no class.
            known = known | written if all(known.get(value) == number for value, number in written.items()) else written
        values = [str(value) for value in given.tolist()]
        unknown = sorted({*values} - known.keys())
        if unknown:
            raise StudyError(f"{said} has {', '.join(unknown[:5])}, which is no class; write predictions as the labels are")
        losses = np.full(len(values), np.nan, np.float32)
        if "losses" in arrays:
            losses = np.asarray(arrays["losses"].read(), np.float32)
            if losses.shape != (len(values),):
                raise StudyError(f"{where}: {file}: losses is {losses.shape}; one number an observation is wanted")
        return np.array([known[value] for value in values], np.int64), losses


def _rows(arrays: Mapping[str, _Stored], where: str) -> np.ndarray | None:
    if "index" not in arrays:
        return None
    rows = np.asarray(arrays["index"].read())
    if rows.ndim != 1 or rows.dtype.kind not in "ui" or (rows.size and rows.min() < 0) or len(np.unique(rows)) != len(rows):
        raise StudyError(f"{where}: index holds no rows of a split; whole numbers from 0 are wanted, each once")
    return rows.astype(np.int64)


def _class_names(arrays: Mapping[str, _Stored], where: str) -> list[str] | None:
    if "classes" not in arrays:
        return None
    given = np.asarray(arrays["classes"].read())
    if given.ndim != 1:
        raise StudyError(f"{where}: classes is {' × '.join(map(str, given.shape))}; one name for each class is wanted")
    names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in given.tolist()]
    return check_class_names(names, f"{where}: classes")


@contextmanager
def _opened(file: Path, where: str) -> Iterator[tuple[dict[str, _Stored], bool]]:
    """(name → array, whether the file keeps the order in which they were written) of an npz or HDF5 file."""
    if file.suffix == ".npz":
        with opened_npz(file, where, WANTED) as content:
            yield {key: _of_npz(content, key) for key in content}, True
        return
    import h5py

    with refusals_named(file):
        try:
            opened = h5py.File(file, "r", locking=False)
        except OSError as error:
            if error.errno:
                raise
            raise StudyError(f"{where}: {file} is neither an HDF5 file nor an npz file ({error})") from None
    with opened as content:
        elsewhere = leads_outside(content)
        if elsewhere is not None:
            raise StudyError(f"{where}: {file}: {elsewhere} leads to another file; copy its numbers into this one")
        yield dict(_of_hdf5(content["/"], "")), _keeps_order(content["/"])


def _of_npz(content, key: str) -> _Stored:
    shape, dtype = array_head(content.zip, key)
    return _Stored(shape, dtype, lambda: content[key])


def _of_hdf5(group: "h5py.Group", prefix: str) -> Iterator[tuple[str, _Stored]]:
    import h5py

    for name, member in group.items():
        if isinstance(member, h5py.Group):
            yield from _of_hdf5(member, f"{prefix}{name}.")
        elif isinstance(member, h5py.Dataset):
            depth = member.attrs.get("depth")
            yield f"{prefix}{name}", _Stored(member.shape, member.dtype, _reader(member), None if depth is None else int(depth))


def _keeps_order(group: "h5py.Group") -> bool:
    """Whether a group and all within it keep the order in which their members were made."""
    import h5py

    groups = [member for member in group.values() if isinstance(member, h5py.Group)]
    return bool(group.id.get_create_plist().get_link_creation_order()) and all(map(_keeps_order, groups))


def _reader(stored: "h5py.Dataset") -> Callable[[], np.ndarray]:
    text = stored.dtype.kind == "O"
    return (lambda: np.asarray(stored.asstr()[()], dtype=str)) if text else (lambda: stored[()])
