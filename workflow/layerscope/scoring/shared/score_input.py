"""What a score is computed on: a representation, seen in its own space or through an embedding, or a network as such."""

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
class ScoreInput:
    """One representation in one space.

    points: (n, d) what is scored: the activations themselves (space "raw") or their embedding (space "embedding").
    neighbors: (n, k) int32 indices of the nearest neighbours of the activations, self excluded, nearest first;
        None where the job does not read them.
    kl_engine: the divergence that the embedding's engine reports, NaN where it reports none.
    before: the embedding of the step before: "epochs", this layer or filter at the snapshot before; "layers", the layer
        before at this snapshot. Each (n, 2); the first step has none.
    predictions: what the network says of the observations at this snapshot; None unless the metric reads it.
    """

    representation: Representation
    points: np.ndarray
    space: str
    neighbors: np.ndarray | None = None
    kl_engine: float = float("nan")
    before: dict[str, np.ndarray] = field(default_factory=dict)
    predictions: "Predicted | None" = None

    @property
    def labels(self) -> np.ndarray:
        """(n,) int64, the class of each observation."""
        return self.representation.labels


@dataclass(frozen=True)
class Predicted:
    """What a network says of observations: classes (n,) int64, the cross-entropy of each, losses (n,) float32."""

    classes: np.ndarray
    losses: np.ndarray


@dataclass(frozen=True)
class NetworkInput:
    """A network as such at one epoch: on a split, on a sample, or one of its layers. A metric is given what it reads.

    labels: (n,) int64, the class of each observation. history: accuracy and loss on a split, as the training measured them; of
    a network that reconstructs its input the loss is the squared error. predictions: of the observations of a sample.
    eigenvalues: (d,) float64, descending, of the covariance of a layer. reconstructs: whether the network draws its input again.
    """

    labels: np.ndarray | None = None
    history: dict[str, float] | None = None
    predictions: Predicted | None = None
    eigenvalues: np.ndarray | None = None
    reconstructs: bool = False


@dataclass(frozen=True)
class Score:
    """A score and the value it would have if the labels said nothing (NaN where that has no meaning)."""

    value: float
    chance: float = float("nan")
    reason: str = ""


def with_defaults(declared: dict, options: dict) -> dict:
    """The options of a metric, with the defaults that it declares (one of METRICS) where none are given."""
    defaults = {name: part["default"] for name, part in declared.get("options", {}).items() if "default" in part}
    return {**defaults, **options}
