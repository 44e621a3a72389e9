"""What a score is computed on: one representation, seen in its own space or through an embedding."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Representation:
    """What one layer, or one filter of it, makes of the observations of a sample.

    activations: (n, d) float32, one row an observation.
    labels: (n,) int64, the class of each observation.
    whole: True for a whole layer, False for a single filter.
    computed: results that every embedding of this representation shares, by the name of what computed them.
    """

    activations: np.ndarray
    labels: np.ndarray
    whole: bool = True
    computed: dict = field(default_factory=dict)


@dataclass
class Subject:
    """One representation in one space.

    points: (n, d) what is scored: the activations themselves (space "raw") or their embedding (space "embedding").
    neighbors: (n, k) int32 indices of the nearest neighbours of the activations, self excluded, nearest first;
        None where the job does not read them.
    kl_engine: the divergence that the embedding's engine reports, NaN where it reports none.
    before: the embedding of the step before: "epochs", this layer or filter at the snapshot before; "layers", the layer
        before at this snapshot. Each (n, 2); the first step has none.
    """

    representation: Representation
    points: np.ndarray
    space: str
    neighbors: np.ndarray | None = None
    kl_engine: float = float("nan")
    before: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def labels(self) -> np.ndarray:
        return self.representation.labels


@dataclass(frozen=True)
class Score:
    """A score and the value it would have if the labels said nothing (NaN where that has no meaning)."""

    value: float
    chance: float = float("nan")
    reason: str = ""
