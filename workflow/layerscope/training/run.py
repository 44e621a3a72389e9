"""The input of a training, its result, and its state in between."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from layerscope.models.network import Network
from layerscope.saturation.spectrum import Spectrum
from layerscope.training.pictures import Pictures


@dataclass
class TrainingRun:
    """One network to train.

    network: freshly initialised, on its device. splits: split → (inputs, labels) on the same device, `train` among them; inputs
    are a tensor, or Pictures in its place; labels are classes (n,) int64, or targets (n, targets) float32, which are learned by
    squared error. options: optimizer (sgd, adam, adamw), lr, lr_decay, momentum, weight_decay, batch, epochs, augmentation, and
    spectra (phases, every, layers, maps, epochs; perhaps classes, by number), as in a study; perhaps schedule, lr_by_name,
    freeze, label_smoothing, clip_norm and patience. class_rates: the probability of each class when an epoch draws observations
    with replacement; None to use every observation once. snapshots: epochs after which the network is kept; 0 is before
    training. seed: of the run. attempt: the number of this attempt at the run, from 0; each attempt has its own random streams.
    earlier: the final test accuracies of earlier attempts, None where one diverged. keep: called with the state of the
    training after every epoch. resume: such a state to resume from. mixed_precision: whether training steps multiply in
    bfloat16; weights and evaluations stay float32.
    """

    network: Network
    splits: dict[str, tuple[torch.Tensor | Pictures, torch.Tensor]]
    options: dict
    snapshots: list[int]
    seed: int
    attempt: int = 0
    class_rates: list[float] | None = None
    earlier: list[float | None] = field(default_factory=list)
    keep: Callable[["TrainingState"], None] | None = None
    resume: "TrainingState | None" = None
    mixed_precision: bool = False


@dataclass
class TrainingResult:
    """The result of a training.

    snapshots: epoch → state dict on the CPU. history: rows of epoch, step (optimizer steps so far), split, loss, accuracy, in
    evaluation mode; the training split only at epoch 0 and at snapshots. Rows of the split `batches` are means over an epoch's
    batches in training mode, each before the step that it leads to.
    status: ok, diverged or not_accepted, with the reason; where it is ok, the reason says which epoch's network was kept, if not
    the last one's. With patience, the rows and the snapshot of the last epoch are those of the network that is kept. attempts:
    the final test accuracy of each attempt at the run, None where it diverged; the last attempt is the one that is kept.
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
    """The full state of a training after an epoch: a training resumed from it gives the same result as one never stopped.

    tensors: of the network, the optimizer and the random generators, on the CPU, by name. result: what the training has
    recorded so far.
    """

    attempt: int
    epoch: int
    step: int
    tensors: dict[str, torch.Tensor]
    result: TrainingResult
