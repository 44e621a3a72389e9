"""What is computed from each representation: its neighbour graph, its embeddings, the map of its neurons."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.store.activations import StoredRepresentation
from layerscope.store.hdf5 import open_hdf5, write_array
from layerscope.store.layout import epoch_name

if TYPE_CHECKING:
    import h5py
    import numpy as np


@dataclass(frozen=True)
class Neighbors:
    """Indices (n, k) int32 and distances (n, k) float32 of the nearest neighbours, self excluded, nearest first."""

    indices: "np.ndarray"
    distances: "np.ndarray"


def write_neighbors(file: "h5py.File", representation: "StoredRepresentation", neighbors: Neighbors) -> None:
    """Write the neighbour graph of one representation."""
    group = file.create_group(representation.name)
    for name, array in (("indices", neighbors.indices), ("distances", neighbors.distances)):
        write_array(group, name, array.shape, array.dtype.str, array)


class NeighborsFile:
    """The neighbour graphs of a neighbors file, read one at a time."""

    def __init__(self, source: str | Path | None):
        self.source = source

    def read(self, representation: StoredRepresentation) -> Neighbors | None:
        """The graph of one representation; None if there is no file (`source` is None)."""
        if self.source is None:
            return None
        with open_hdf5(self.source, "neighbors") as file:
            group = file[representation.name]
            return Neighbors(group["indices"][:], group["distances"][:])


def write_embedding(
    file: "h5py.File", seed: int, representation: "StoredRepresentation", points: "np.ndarray", attributes: dict
) -> None:
    """Write the embedding (n, 2) of one representation with one seed."""
    written = file.create_dataset(f"seed{seed}/{representation.name}", data=points)
    written.attrs.update(depth=representation.depth, **attributes)


def embeddings(source: str | Path) -> Iterator[tuple[int, StoredRepresentation]]:
    """(embedding seed, embedding (n, 2) float32 of one representation), ordered by seed, epoch, depth and filter."""
    with open_hdf5(source, "embedding") as file:
        for seed in sorted((name for name in file if name.startswith("seed")), key=lambda name: int(name[4:])):
            found = []
            for epoch in file[seed]:
                for layer in file[seed][epoch]:
                    for view, stored in file[seed][epoch][layer].items():
                        number = None if view == "whole" else int(view.removeprefix("filter"))
                        found.append((int(epoch[5:]), int(stored.attrs["depth"]), layer, number, stored))
            found.sort(key=lambda item: (item[0], item[1], -1 if item[3] is None else item[3]))
            for epoch_number, depth, layer, number, stored in found:
                yield int(seed[4:]), StoredRepresentation(epoch_number, layer, number, depth, stored[:], dict(stored.attrs))


@dataclass(frozen=True)
class Neurons:
    """points (d, 2) float32, NaN for dead neurons; importances (classes, d) float64; living (d,) bool."""

    points: "np.ndarray"
    importances: "np.ndarray"
    living: "np.ndarray"


def write_neurons(file: "h5py.File", representation: "StoredRepresentation", neurons: Neurons) -> None:
    """Write the map of the neurons of one layer, with their importances and which of them are living."""
    group = file.create_group(f"{epoch_name(representation.epoch)}/{representation.layer}")
    group.attrs["depth"] = representation.depth
    for name in ("points", "importances", "living"):
        group.create_dataset(name, data=getattr(neurons, name))


def neurons(source: str | Path) -> Iterator[tuple[StoredRepresentation, Neurons]]:
    """(layer, its neurons), ordered by epoch and depth. The layer's `array` is empty."""
    import numpy as np

    with open_hdf5(source, "neurons") as file:
        for epoch in file:
            for layer, group in sorted(file[epoch].items(), key=lambda item: item[1].attrs["depth"]):
                stored = StoredRepresentation(int(epoch[5:]), layer, None, int(group.attrs["depth"]), np.empty(0), {})
                yield stored, Neurons(group["points"][:], group["importances"][:], group["living"][:])
