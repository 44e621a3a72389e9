"""Network inputs: the observations of a split or of a sample, read in parts from a dataset file."""

from dataclasses import dataclass

import numpy as np

from layerscope import store
from layerscope.data.tensors import network_input, normaliser


@dataclass(frozen=True)
class Observations:
    """Some observations of one split of a dataset file.

    data: the path of the file. rows: (n,) int64, their rows in the split. labels: (n,) int64. classes: all class names of the
    dataset. shape: of one input. shift, scale: see layerscope.data.tensors.normaliser.
    """

    data: str
    split: str
    rows: np.ndarray
    labels: np.ndarray
    classes: list[str]
    shape: tuple[int, ...]
    shift: np.ndarray
    scale: np.ndarray

    def inputs(self, part: slice = slice(None)) -> np.ndarray:
        """The network input of a part of the observations: (part, *shape) float32."""
        return network_input(store.read_images(self.data, self.split, self.rows[part]), self.shift, self.scale)


def observations_of_split(data: str, split: str, normalise: str) -> Observations:
    """All observations of a split, in stored order."""
    described = store.describe_data(data)
    labels = store.read_split_labels(data, split)
    shift, scale = normaliser(described.white, described.mean, described.deviation, normalise)
    first = network_input(store.read_images(data, split, np.arange(min(1, len(labels)))), shift, scale)
    return Observations(data, split, np.arange(len(labels)), labels, described.classes, first.shape[1:], shift, scale)
