"""The scores of every observation, beside the representations and embeddings that they are taken in."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.store.hdf5 import open_hdf5
from layerscope.store.layout import epoch_name, filter_name

if TYPE_CHECKING:
    import h5py
    import numpy as np


@dataclass(frozen=True)
class ObservationScores:
    """One score of every observation of a sample, in one whole layer, in one embedding of it, or of a network as such.

    layer: "" for a network as such. depth: of the layer, 0 for the input and for a network as such. embedding_seed: None unless
    in an embedding. values: (n,) float64, whose mean is the score of the whole. reason: why they are NaN, or mean little; "" if
    they are sound.
    """

    score: str
    epoch: int
    layer: str
    depth: int
    embedding_seed: int | None
    values: "np.ndarray"
    reason: str

    @property
    def name(self) -> str:
        """The HDF5 name of the values: that of the representation or embedding, and the score."""
        seed = [] if self.embedding_seed is None else [f"seed{self.embedding_seed}"]
        place = [self.layer, filter_name(None)] if self.layer else []
        return "/".join([*seed, epoch_name(self.epoch), *place, self.score])


def write_observation_scores(file: "h5py.File", scores: ObservationScores) -> None:
    """Write one score of every observation. Which observations these are is written by write_observations."""
    # Not in compressed chunks: what HDF5 keeps of these is larger than most of such arrays.
    stored = file.create_dataset(scores.name, data=scores.values.astype("float64"))
    stored.attrs.update(depth=scores.depth, reason=scores.reason)


def read_observations(source: str | Path) -> "tuple[np.ndarray, np.ndarray | None]":
    """Of a file of scores of observations: their rows (n,) int64 in the split, and their labels (n,) int64.

    The labels are None where the observations have targets.
    """
    with open_hdf5(source, "observations") as file:
        return file["index"][:], file["labels"][:] if "labels" in file else None


def observation_scores(source: str | Path, scores: Collection[str] | None = None) -> Iterator[ObservationScores]:
    """The scores in a file of scores of observations, ordered by seed, epoch, depth and score. scores: by name, or all."""
    import h5py

    with open_hdf5(source, "observations") as file:
        found = []

        def keep(name: str, stored: "h5py.Dataset | h5py.Group") -> None:
            if not isinstance(stored, h5py.Dataset) or "reason" not in stored.attrs:
                return
            *place, score = name.split("/")
            seed = int(place.pop(0).removeprefix("seed")) if place[0].startswith("seed") else None
            epoch, layer = int(place[0].removeprefix("epoch")), place[1] if len(place) > 1 else ""
            if scores is None or score in scores:
                found.append((-1 if seed is None else seed, epoch, int(stored.attrs["depth"]), score, layer, seed, stored))

        file.visititems(keep)
        for _, epoch, depth, score, layer, seed, stored in sorted(found, key=lambda item: item[:4]):
            yield ObservationScores(score, epoch, layer, depth, seed, stored[:], str(stored.attrs["reason"]))
