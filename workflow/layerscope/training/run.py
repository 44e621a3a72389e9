"""What a training takes, what it gives back, and where it stands in between."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from layerscope.models.network import Network
from layerscope.saturation.spectrum import Spectrum


@dataclass
class TrainingRun:
    """One network to train.

    network: freshly initialised, on its device. splits: split → (inputs, labels) tensors on the same device, `train`
    among them. options: optimizer (sgd, adam), lr, lr_decay, momentum, weight_decay, batch, epochs, augmentation, and
    spectra (phases, every, layers, maps, epochs), as in a study. class_rates: the share of each class in what an epoch draws,
    with replacement; None for every observation once. snapshots: epochs after which the network is kept; 0 is the fresh
    one. seed: of the run. attempt: which start of the run this is, counted from 0; each has random streams of its own.
    earlier: the test accuracies that earlier starts ended with. keep: called with the state of the training after every epoch.
    resume: such a state, to go on from.
    """

    network: Network
    splits: dict[str, tuple[torch.Tensor, torch.Tensor]]
    options: dict
    snapshots: list[int]
    seed: int
    attempt: int = 0
    class_rates: list[float] | None = None
    earlier: list[float | None] = field(default_factory=list)
    keep: Callable[["TrainingState"], None] | None = None
    resume: "TrainingState | None" = None


@dataclass
class TrainingResult:
    """What a training leaves behind.

    snapshots: epoch → state dict on the CPU. history: rows of epoch, step (how many there were), split, loss, accuracy, in
    evaluation mode; the training split at snapshots only. Rows of the split `batches` are means over an epoch's batches as
    they were learned from.
    status: ok, diverged or not_accepted, with the reason. attempts: the test accuracy that each start of the run ended with,
    None where it diverged; the last start is the one that is kept.
    """

    snapshots: dict[int, dict] = field(default_factory=dict)
    history: list[dict] = field(default_factory=list)
    spectra: list[Spectrum] = field(default_factory=list)
    status: str = "ok"
    reason: str = ""
    attempts: list[float | None] = field(default_factory=list)

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy on the test split at the end of the training, None where it diverged."""
        if self.status == "diverged":
            return None
        return next(row["accuracy"] for row in reversed(self.history) if row["split"] == "test")


@dataclass
class TrainingState:
    """Where a training stands after an epoch: all that it needs to go on as if it had never stopped.

    tensors: of the network, the optimizer and the generators of random numbers, on the CPU, by name. result: what there is of
    it so far.
    """

    attempt: int
    epoch: int
    step: int
    tensors: dict[str, torch.Tensor]
    result: TrainingResult
