"""Files of activations that people write for `family: given`, with any framework."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.files.whole import replacing
from layerscope.store.hdf5 import write_array
from layerscope.store.safe_hdf5 import unfailing

if TYPE_CHECKING:
    import numpy as np

# The name of the array of what the network receives, and those of arrays that are no layers.
INPUT = "input"
BESIDE = ("labels", "predictions", "losses", "index", "classes")
LAYER_NAME = r"[A-Za-z0-9_.@-]{1,200}"


def write_activations(
    file: str | Path,
    layers: "Mapping[str, np.ndarray]",
    labels: "Sequence | np.ndarray | None" = None,
    *,
    predictions: "Sequence | np.ndarray | None" = None,
    losses: "Sequence | np.ndarray | None" = None,
    input: "np.ndarray | None" = None,
    index: "Sequence | np.ndarray | None" = None,
    classes: Sequence[str] | None = None,
) -> None:
    """Write the activations of one network as an HDF5 file, which a study takes as `family: given`.

    layers: layer → (n, ...) numbers, from the first layer to the last; they are kept as float32. labels: (n,), whole numbers or
    text; they may be left out where the study names a dataset that has them. predictions: (n,) classes, written as labels are.
    losses: (n,), the cross-entropy of each observation. input: (n, ...), what the network received. index: (n,), the row of each
    observation in its split, where the file has not all of it in order. classes: names of the classes, by number.

    Raises ValueError where names or lengths do not fit, or numbers are not finite.
    """
    import h5py
    import numpy as np

    arrays = {**layers, **({INPUT: input} if input is not None else {})}
    if not layers:
        raise ValueError("layers is empty; one array a layer is wanted")
    n = len(next(iter(layers.values())))
    numbers = {name: _checked(name, np.asarray(array), n) for name, array in arrays.items()}
    beside = {"labels": labels, "predictions": predictions, "losses": losses, "index": index, "classes": classes}
    told = {name: np.asarray(values) for name, values in beside.items() if values is not None}
    for name, values in told.items():
        if values.ndim != 1 or (name != "classes" and len(values) != n):
            raise ValueError(f"{name} is {values.shape}; one value for each of the {n} observations is wanted")
    with (
        replacing(file) as temporary,
        unfailing(temporary) as stream,
        h5py.File(stream, "w", track_order=True) as stored,
    ):
        depths = {INPUT: 0, **{name: depth for depth, name in enumerate(layers, start=1)}}
        for name, array in numbers.items():
            write_array(stored, name, array.shape, "float32", array).attrs["depth"] = depths[name]
        for name, values in told.items():
            is_text = values.dtype.kind in "UO"
            stored.create_dataset(
                name, data=values.astype(object) if is_text else values, dtype=h5py.string_dtype() if is_text else None
            )


def _checked(name: str, array: "np.ndarray", n: int) -> "np.ndarray":
    import numpy as np

    if name in BESIDE or not re.fullmatch(LAYER_NAME, name):
        allowed = f"letters, digits, - _ . @ only, and none of {', '.join(BESIDE)}"
        raise ValueError(f"'{name}' cannot name a layer: {allowed}")
    if array.ndim < 2 or len(array) != n or 0 in array.shape:
        raise ValueError(f"{name} is {array.shape}; (n, ...) is wanted, with one row for each of the {n} observations")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has numbers that are not finite in float32")
    return array
