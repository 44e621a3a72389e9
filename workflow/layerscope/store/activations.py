"""Activations: the outputs of a network's layers for the same observations, at each snapshot."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import StudyError
from layerscope.selection import View
from layerscope.store.hdf5 import open_hdf5, write_array
from layerscope.store.layout import epoch_name, filter_name

if TYPE_CHECKING:
    import h5py
    import numpy as np


@dataclass(frozen=True)
class Targets:
    """The targets of some observations of a regression.

    names: of the targets. values: (n, targets) float64, in their own units. shift, scale: (targets,) float64; networks learn
    (values - shift) / scale, and losses are squared errors of these.
    """

    names: list[str]
    values: "np.ndarray"
    shift: "np.ndarray"
    scale: "np.ndarray"

    @property
    def learned(self) -> "np.ndarray":
        """(n, targets) float64 in the units in which networks learn them."""
        return (self.values - self.shift) / self.scale


def write_observations(file: "h5py.File", labels: "np.ndarray | Targets", rows: "np.ndarray") -> None:
    """Write which observations an activations file has: their labels (n,), or their targets, and their rows (n,) in the split."""
    if isinstance(labels, Targets):
        stored = file.create_dataset("targets", data=labels.values)
        stored.attrs.update(names=json.dumps(labels.names), shift=labels.shift, scale=labels.scale)
    else:
        file.create_dataset("labels", data=labels)
    file.create_dataset("index", data=rows)


def create_layer(
    file: "h5py.File", epoch: int, layer: str, n: int, shape: tuple[int, ...], depth: int, kind: str
) -> "h5py.Dataset":
    """An empty (n, *shape) float32 dataset for the outputs of a layer at a snapshot, to be filled row by row."""
    stored = write_array(file.require_group(epoch_name(epoch)), layer, (n, *shape), "float32")
    stored.attrs.update(depth=depth, kind=kind, tap="post", shape=shape)
    return stored


def write_predictions(file: "h5py.File", epoch: int, predicted: "np.ndarray", losses: "np.ndarray") -> None:
    """Write a network's predictions at a snapshot.

    predicted: classes (n,) int64, of a regression targets (n, targets) float32. losses: (n,) float32, cross-entropies or squared
    errors.
    """
    file.require_group("predictions").create_dataset(epoch_name(epoch), data=predicted)
    file.require_group("losses").create_dataset(epoch_name(epoch), data=losses)


def join_activations(file: "h5py.File", parts: Iterable[Path]) -> None:
    """Copy the snapshots of activations files into one, in their order."""
    for part in parts:
        with open_hdf5(part, "activations") as source:
            for name, group in source.items():
                if name.startswith("epoch"):
                    source.copy(group, file)
                else:
                    for epoch, stored in group.items():
                        source.copy(stored, file.require_group(name), epoch)


@dataclass(frozen=True)
class StoredRepresentation:
    """One stored representation, or an array that was computed from it, such as its embedding.

    filter: the filter's number, None for a whole layer. depth: 0 for the input. array: (n, d), or whatever the file has for
    this representation. attributes: its HDF5 attributes.
    """

    epoch: int
    layer: str
    filter: int | None
    depth: int
    array: "np.ndarray"
    attributes: dict

    @property
    def name(self) -> str:
        """The HDF5 name of the representation in files with one entry per representation."""
        return f"{epoch_name(self.epoch)}/{self.layer}/{filter_name(self.filter)}"


def representations(source: str | Path, view: View | None = None) -> Iterator[StoredRepresentation]:
    """The representations of an activations file, each (n, d) float32, ordered by epoch, depth and filter.

    Without a view, these are all whole layers. Snapshots that the file lacks, after a training that diverged, are skipped.
    """
    with open_hdf5(source, "activations") as file:
        epochs = {int(name.removeprefix("epoch")): name for name in file if name.startswith("epoch")}
        for number, epoch in sorted(epochs.items()):
            if view is not None and number not in view.epochs:
                continue
            layers = sorted(file[epoch].items(), key=lambda item: item[1].attrs["depth"])
            for layer, stored in layers:
                whole = view is None or layer in view.whole
                filters = view is not None and layer in view.filters
                if not whole and not filters:
                    continue
                array = stored[:]
                attributes = dict(stored.attrs)
                depth = int(attributes["depth"])
                if whole:
                    yield StoredRepresentation(number, layer, None, depth, array.reshape(len(array), -1), attributes)
                if filters and array.ndim > 2:
                    chosen = view.filters[layer] if view is not None else None
                    for index in range(array.shape[1]) if chosen is None else chosen:
                        if index >= array.shape[1]:
                            raise StudyError(f"{source}: layer {layer} has {array.shape[1]} filters, none is {index}")
                        maps = array[:, index].reshape(len(array), -1)
                        yield StoredRepresentation(number, layer, index, depth, maps, attributes)


def series(source: str | Path, view: View, over: str | None) -> Iterator[list[StoredRepresentation]]:
    """The representations of an activations file in lists, each of which is embedded together.

    over: "epochs", a list for each layer or filter with its snapshots; "layers", a list for each snapshot with its whole layers;
    None, a list for each representation.
    """
    if over is None:
        for stored in representations(source, view):
            yield [stored]
    elif over == "layers":
        for epoch in view.epochs:
            found = list(representations(source, View([epoch], view.whole, {})))
            if found:
                yield found
    else:
        of_whole = [View(view.epochs, [layer], {}) for layer in view.whole]
        of_filters = [View(view.epochs, [], {layer: chosen}) for layer, chosen in view.filters.items()]
        for part in of_whole + of_filters:
            steps: dict[int | None, list[StoredRepresentation]] = {}
            for stored in representations(source, part):
                steps.setdefault(stored.filter, []).append(stored)
            yield from steps.values()


def has_layer(source: str | Path, epoch: int, layer: str) -> bool:
    """Whether an activations file has a layer at a snapshot; not those after a training diverged."""
    with open_hdf5(source, "activations") as file:
        return f"{epoch_name(epoch)}/{layer}" in file


def read_layer_rows(source: str | Path, epoch: int, layer: str, rows: "np.ndarray") -> "np.ndarray":
    """The outputs of a layer for some rows of an activations file: (len(rows), ...) float32 in the layer's own shape.

    Raises StudyError if the file has no such snapshot or layer, for instance after a training that diverged.
    """
    import numpy as np

    with open_hdf5(source, "activations") as file:
        name = f"{epoch_name(epoch)}/{layer}"
        if name not in file:
            raise StudyError(f"{source} has no layer {layer} at epoch {epoch}; did the training diverge?")
        ascending = np.unique(rows)
        return file[name][ascending][np.searchsorted(ascending, rows)]


def read_layer(source: str | Path, epoch: int, layer: str) -> "np.ndarray":
    """The outputs of a layer for all observations of an activations file: (n, ...) float32 in the layer's own shape."""
    import numpy as np

    return read_layer_rows(source, epoch, layer, np.arange(len(read_index(source))))


def read_labels(source: str | Path) -> "np.ndarray":
    """Labels (n,) int64 of the observations of an activations file. StudyError for those of a regression, which has none."""
    with open_hdf5(source, "activations") as file:
        if "targets" in file:
            raise StudyError(f"{source} is of a regression: its observations have targets, and no classes")
        return file["labels"][:]


def read_targets(source: str | Path) -> Targets | None:
    """The targets of the observations of an activations file; None where they have classes."""
    with open_hdf5(source, "activations") as file:
        if "targets" not in file:
            return None
        stored = file["targets"]
        about = stored.attrs
        return Targets(json.loads(about["names"]), stored[:], about["shift"], about["scale"])


def read_index(source: str | Path) -> "np.ndarray":
    """The rows (n,) int64 that the observations of an activations file have in their split."""
    with open_hdf5(source, "activations") as file:
        return file["index"][:]


@dataclass(frozen=True)
class Predictions:
    """A network's predictions for a sample at one snapshot.

    classes: (n,) int64, the predicted ones; None of a regression, which has targets: (n, targets) float32, in the units of the
    data. losses: (n,) float32, cross-entropies; of a regression squared errors, the mean over targets, in the units of training.
    """

    epoch: int
    classes: "np.ndarray | None"
    losses: "np.ndarray"
    targets: "np.ndarray | None" = None


def predictions(source: str | Path) -> Iterator[Predictions]:
    """The predictions at every snapshot of an activations file; none for the input."""
    with open_hdf5(source, "activations") as file:
        for epoch in file.get("predictions", {}):
            number, found, losses = int(epoch.removeprefix("epoch")), file["predictions"][epoch][:], file["losses"][epoch][:]
            yield Predictions(number, None, losses, found) if found.ndim > 1 else Predictions(number, found, losses)
