"""The inputs of scores: a representation, in its own space or embedded, or a network as a whole."""

from dataclasses import dataclass, field

import numpy as np

from layerscope.errors import StudyError


@dataclass
class Representation:
    """The activations of one layer, or of one of its filters, on the observations of a sample.

    activations: (n, d) float32, one row per observation.
    labels: (n,) int64, the class of each observation; None of a regression.
    targets: (n, targets) float64 of a regression, in the units in which networks learn them; else None.
    whole: True for a whole layer, False for a single filter.
    computed: cache of results that the scores of all embeddings of this representation share, by a name for each result.
    """

    activations: np.ndarray
    labels: np.ndarray | None
    whole: bool = True
    computed: dict = field(default_factory=dict)
    targets: np.ndarray | None = None


@dataclass
class ScoreInput:
    """One representation in one space.

    points: (n, d) to be scored: the activations themselves (space "raw") or their embedding (space "embedding").
    neighbors: (n, k) int32 indices of the nearest neighbours of the activations, self excluded, nearest first;
        None where the job does not read them.
    kl_engine: the divergence that the embedding's engine reports, NaN where it reports none.
    before: the previous step's embedding, (n, 2), by kind of step: "epochs", this layer or filter at the previous snapshot;
        "layers", the previous layer at this snapshot. The first step has none.
    predictions: the network's predictions for the observations at this snapshot; None unless the metric reads them.
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
        """(n,) int64, the class of each observation. Raises StudyError where there are targets instead."""
        return present(self.representation.labels, "classes")

    @property
    def targets(self) -> np.ndarray:
        """(n, targets) float64, the targets of each observation. Raises StudyError where there are classes instead."""
        return present(self.representation.targets, "targets")


@dataclass(frozen=True)
class Predicted:
    """A network's predictions: classes (n,) int64, and losses (n,) float32, the cross-entropy of each observation.

    Of a regression classes is None, and losses are squared errors, the mean over targets.
    """

    classes: np.ndarray | None
    losses: np.ndarray


@dataclass(frozen=True)
class NetworkInput:
    """A network as a whole at one epoch: on a split, on a sample, or one of its layers. Only what the metric reads is set.

    labels: (n,) int64, the class of each observation. targets: of a regression, (n, targets) float64 in the units of its losses.
    history: accuracy and loss on a split, as measured during training; the loss of a regression, and of a network that
    reconstructs its input, is the squared error. predictions: for the observations of a sample.
    eigenvalues: (d,) float64, descending, of the covariance of a layer. reconstructs: whether the network reconstructs its input.
    """

    labels: np.ndarray | None = None
    history: dict[str, float] | None = None
    predictions: Predicted | None = None
    eigenvalues: np.ndarray | None = None
    reconstructs: bool = False
    targets: np.ndarray | None = None

    @property
    def loss(self) -> float:
        """The mean loss, from the history or the predictions; NaN where there are neither."""
        if self.history is not None:
            return self.history["loss"]
        return float("nan") if self.predictions is None else float(self.predictions.losses.mean(dtype=np.float64))


@dataclass(frozen=True)
class Score:
    """A score, its chance level (with uninformative labels; NaN where there is none), and a reason if it means little."""

    value: float
    chance: float = float("nan")
    reason: str = ""


def present(labels: np.ndarray | None, what: str) -> np.ndarray:
    """The labels or targets that a score reads; StudyError where the dataset has the others."""
    if labels is None:
        raise StudyError(f"the score reads {what}, which this dataset has not; its metric must declare `needs: ({what!r},)`")
    return labels


def with_defaults(declared: dict, options: dict) -> dict:
    """The options of a metric, completed by its declared defaults. declared: its entry in METRICS."""
    defaults = {name: part["default"] for name, part in declared.get("options", {}).items() if "default" in part}
    return {**defaults, **options}
