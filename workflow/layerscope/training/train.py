"""Training: networks on tensors that stay on the device, with snapshots, a history and spectra."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from layerscope.models.network import Network
from layerscope.saturation import SaturationTracker, Spectrum
from layerscope.seeds import purpose_seed
from layerscope.training.augmentation import augmentations

EVALUATION_BATCH = 1000


@dataclass
class TrainingRun:
    """One network to train.

    network: freshly initialised, on its device. splits: split → (inputs, labels) tensors on the same device, `train`
    among them. options: optimizer (sgd, adam), lr, lr_decay, momentum, weight_decay, batch, epochs, augmentation.
    snapshots: epochs after which the network is kept; 0 is the fresh one. seed: of the run. attempt: which start of the
    run this is, counted from 0; each has random streams of its own.
    """

    network: Network
    splits: dict[str, tuple[torch.Tensor, torch.Tensor]]
    options: dict
    snapshots: list[int]
    seed: int
    attempt: int = 0


@dataclass
class TrainingResult:
    """What a training leaves behind.

    snapshots: epoch → state dict on the CPU. history: rows of epoch, split, loss, accuracy, in evaluation mode; the training
    split at snapshots only. Rows of the split `batches` are means over an epoch's batches as they were learned from.
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


def train(runs: list[TrainingRun]) -> list[TrainingResult]:
    """Train every run to its last epoch, or until its loss is no longer finite. Runs do not influence each other."""
    return [_train_one(run) for run in runs]


def train_until_accepted(start: Callable[[int], TrainingRun], wanted: float, attempts: int) -> TrainingResult:
    """Train from new initialisations until one ends with the wanted accuracy on the test split, at most `attempts` times.

    start: attempt, counted from 0 -> its run. The result is that of the last attempt, whether it was accepted or not.
    """
    ended = []
    for attempt in range(attempts):
        [result] = train([start(attempt)])
        ended.append(result.test_accuracy)
        if ended[-1] is not None and ended[-1] >= wanted:
            break
    else:
        if result.status == "ok":
            result.status = "not_accepted"
            result.reason = f"none of {attempts} attempts reached {wanted:g} of the test split, the last {ended[-1]:.4f}"
    result.attempts = ended
    return result


def _train_one(run: TrainingRun) -> TrainingResult:
    result = TrainingResult()
    device = next(run.network.parameters()).device
    order = torch.Generator().manual_seed(purpose_seed(run.seed, "order", run.attempt))
    changes = torch.Generator().manual_seed(purpose_seed(run.seed, "augmentation", run.attempt))
    augment = augmentations(run.options["augmentation"])
    optimizer = _optimizer(run)
    step = 0
    # Dropout is the only thing that draws from the global generator.
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(purpose_seed(run.seed, "dropout", run.attempt))
        _record_evaluations(run, 0, result, ("train", "validation", "test"))
        _keep_snapshot(run, 0, step, result)
        for epoch in tqdm(range(1, run.options["epochs"] + 1), desc="epochs", delay=10, mininterval=5):
            totals = torch.zeros(2, device=device, dtype=torch.float64)
            seen = 0
            run.network.train()
            for inputs, labels in _batches(run, order):
                for change in augment:
                    inputs = change(inputs, changes)
                for group in optimizer.param_groups:
                    group["lr"] = run.options["lr"] / (1 + run.options["lr_decay"] * step)
                logits = run.network(inputs)
                loss = functional.cross_entropy(logits, labels)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                totals[0] += loss.detach() * len(labels)
                totals[1] += (logits.detach().argmax(1) == labels).sum()
                seen += len(labels)
                step += 1
            mean_loss, accuracy = (totals / seen).tolist()
            result.history.append({"epoch": epoch, "split": "batches", "loss": mean_loss, "accuracy": accuracy})
            _record_evaluations(run, epoch, result, ("validation", "test"))
            losses = [row["loss"] for row in result.history if row["epoch"] == epoch]
            if not _finite(run.network, losses) or not _keep_snapshot(run, epoch, step, result):
                result.status = "diverged"
                result.reason = f"losses, weights or outputs are no longer finite in epoch {epoch}"
                return result
    return result


def _optimizer(run: TrainingRun) -> torch.optim.Optimizer:
    options = run.options
    if options["optimizer"] == "adam":
        return torch.optim.Adam(run.network.parameters(), lr=options["lr"], weight_decay=options["weight_decay"])
    return torch.optim.SGD(
        run.network.parameters(),
        lr=options["lr"],
        momentum=options["momentum"],
        weight_decay=options["weight_decay"],
    )


def _batches(run: TrainingRun, order: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    inputs, labels = run.splits["train"]
    shuffled = torch.randperm(len(labels), generator=order).to(labels.device)
    normalised = any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in run.network.modules())
    for rows in shuffled.split(run.options["batch"]):
        # Batch norm has no variance to learn from in a last batch of one.
        if len(rows) > 1 or not normalised:
            yield inputs[rows], labels[rows]


def _finite(network: Network, losses: list[float]) -> bool:
    return all(map(math.isfinite, losses)) and all(bool(values.isfinite().all()) for values in network.state_dict().values())


def evaluate(network: Network, inputs: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of a network in evaluation mode."""
    network.eval()
    loss, correct = 0.0, 0
    with torch.inference_mode():
        for batch, wanted in zip(inputs.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True):
            logits = network(batch)
            loss += float(functional.cross_entropy(logits, wanted, reduction="sum").double())
            correct += int((logits.argmax(1) == wanted).sum())
    return loss / len(labels), correct / len(labels)


def _record_evaluations(run: TrainingRun, epoch: int, result: TrainingResult, splits: tuple[str, ...]) -> None:
    for split in splits:
        if split in run.splits:
            loss, accuracy = evaluate(run.network, *run.splits[split])
            result.history.append({"epoch": epoch, "split": split, "loss": loss, "accuracy": accuracy})


def _keep_snapshot(run: TrainingRun, epoch: int, step: int, result: TrainingResult) -> bool:
    """Keep a snapshot, with its spectra, where one is asked for; False where the network's outputs are not finite."""
    if epoch not in run.snapshots:
        return True
    with SaturationTracker(run.network, run.network.maps()) as tracker:
        evaluate(run.network, *run.splits["test"])
    if epoch:
        _record_evaluations(run, epoch, result, ("train",))
    samples, spectra = tracker.samples(), tracker.spectra()
    if not all(np.isfinite(eigenvalues).all() for eigenvalues in spectra.values()):
        return False
    result.snapshots[epoch] = {name: tensor.detach().cpu().clone() for name, tensor in run.network.state_dict().items()}
    depths = {layer.name: (depth, layer.kind) for depth, layer in enumerate(run.network.plan, start=1)}
    for layer, eigenvalues in spectra.items():
        depth, kind = depths[layer]
        result.spectra.append(Spectrum("evaluation", step, epoch, layer, depth, kind, samples[layer], eigenvalues))
    return True
