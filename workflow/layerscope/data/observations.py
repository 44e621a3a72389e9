"""Network inputs: the observations of a split or of a sample, read in parts from a dataset file."""

from dataclasses import dataclass, replace

import numpy as np

from layerscope import store
from layerscope.data.tensors import network_input, normaliser
from layerscope.data.tokens import TOKENS


@dataclass(frozen=True)
class Observations:
    """Some observations of one split of a dataset file.

    data: the path of the file. rows: (n,) int64, their rows in the split. labels: (n,) int64. classes: all class names of the
    dataset. shape: of one input. shift, scale: see layerscope.data.tensors.normaliser; None for tokens.
    """

    data: str
    split: str
    rows: np.ndarray
    labels: np.ndarray
    classes: list[str]
    shape: tuple[int, ...]
    shift: np.ndarray | None
    scale: np.ndarray | None

    def inputs(self, part: slice = slice(None)) -> np.ndarray:
        """The network input of a part of the observations: (part, *shape) float32, or int64 for tokens."""
        images = store.read_images(self.data, self.split, self.rows[part])
        if self.shift is None or self.scale is None:
            return images.astype(np.int64)
        return network_input(images, self.shift, self.scale)


def observations_of_split(data: str, split: str, normalise: str) -> Observations:
    """All observations of a split, in stored order. normalise: a way to scale them, or `tokens`."""
    described = store.describe_data(data)
    labels = store.read_split_labels(data, split)
    scaling: tuple[np.ndarray, np.ndarray] | tuple[None, None] = (None, None)
    if normalise != TOKENS:
        scaling = normaliser(described.white, described.mean, described.deviation, normalise)
    whole = Observations(data, split, np.arange(len(labels)), labels, described.classes, (), *scaling)
    return replace(whole, shape=whole.inputs(slice(0, 1)).shape[1:])
