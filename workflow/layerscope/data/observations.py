"""Network inputs: the observations of a split or of a sample, read in parts from a dataset file."""

from dataclasses import dataclass, replace

import numpy as np

from layerscope import store
from layerscope.data.targets import STANDARDISE, target_scaling
from layerscope.data.tensors import channelled, network_input, normaliser
from layerscope.data.tokens import TOKENS


@dataclass(frozen=True)
class Observations:
    """Some observations of one split of a dataset file.

    data: the path of the file. rows: (n,) int64, their rows in the split. labels: (n,) int64, of a regression targets (n,
    targets) float64. classes, targets: all names of classes, or of targets, of the dataset; it has one of both. shape: of one
    input. shift, scale: see layerscope.data.tensors.normaliser; None for tokens. target_shift, target_scale: see
    layerscope.data.targets.target_scaling.
    """

    data: str
    split: str
    rows: np.ndarray
    labels: np.ndarray
    classes: list[str]
    shape: tuple[int, ...]
    shift: np.ndarray | None
    scale: np.ndarray | None
    targets: list[str]
    target_shift: np.ndarray
    target_scale: np.ndarray

    @property
    def outputs(self) -> int:
        """How many numbers a network puts out: one for each class, or for each target."""
        return len(self.targets or self.classes)

    @property
    def learned(self) -> np.ndarray:
        """What a network learns of the observations: labels (n,) int64, or targets (n, targets) float32, scaled."""
        return ((self.labels - self.target_shift) / self.target_scale).astype(np.float32) if self.targets else self.labels

    @property
    def kept(self) -> "np.ndarray | store.Targets":
        """What is kept beside activations: the labels, or the targets with their units."""
        if self.targets:
            return store.Targets(self.targets, self.labels, self.target_shift, self.target_scale)
        return self.labels

    def in_units_of_data(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs (n, targets) of a network of a regression as predictions in the units of the targets, float32."""
        return (outputs * self.target_scale + self.target_shift).astype(np.float32)

    def stored(self) -> np.ndarray:
        """All observations as they are stored, pictures with a channel: (n, *shape)."""
        return channelled(store.read_images(self.data, self.split, self.rows))

    def inputs(self, part: slice = slice(None)) -> np.ndarray:
        """The network input of a part of the observations: (part, *shape) float32, or int64 for tokens."""
        images = store.read_images(self.data, self.split, self.rows[part])
        if self.shift is None or self.scale is None:
            return images.astype(np.int64)
        return network_input(images, self.shift, self.scale)


def observations_of_split(data: str, split: str, normalise: str, normalise_targets: str = STANDARDISE) -> Observations:
    """All observations of a split, in stored order.

    normalise: a way to scale them, or `tokens`. normalise_targets: a way to scale the targets of a regression.
    """
    described = store.describe_data(data)
    labels = store.read_split_labels(data, split)
    shift, scale = None, None
    if normalise != TOKENS:
        shift, scale = normaliser(described.white, described.mean, described.deviation, normalise)
    target_shift, target_scale = target_scaling(described.target_mean, described.target_deviation, normalise_targets)
    whole = Observations(
        data,
        split,
        rows=np.arange(len(labels)),
        labels=labels,
        classes=described.classes,
        shape=(),
        shift=shift,
        scale=scale,
        targets=described.targets,
        target_shift=target_shift,
        target_scale=target_scale,
    )
    return replace(whole, shape=whole.inputs(slice(0, 1)).shape[1:])
