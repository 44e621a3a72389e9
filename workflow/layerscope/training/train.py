"""Training: networks on tensors that stay on the device, with snapshots, a history and spectra."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from layerscope.models.network import Network
from layerscope.saturation.spectrum import Spectrum
from layerscope.saturation.tracker import SaturationTracker
from layerscope.training.augmentation import augmentations
from layerscope.training.evaluation import evaluate, mean_loss, number_correct
from layerscope.training.run import TrainingResult, TrainingRun, TrainingState
from layerscope.training.seeds import purpose_seed
from layerscope.training.state import captured, restore


def train(runs: list[TrainingRun]) -> list[TrainingResult]:
    """Train every run to its last epoch, or until its loss is no longer finite. Runs do not influence each other."""
    return [_train_one(run) for run in runs]


def train_until_accepted(
    start: Callable[[int], TrainingRun], wanted: float, attempts: int, earlier: Sequence[float | None] = ()
) -> TrainingResult:
    """Train from new initialisations until one ends with the wanted accuracy on the test split, at most `attempts` times.

    start: makes the run of an attempt, counted from 0. earlier: the final test accuracies of attempts that ended before an
    interruption. The result is that of the last attempt, whether it was accepted or not.
    """
    ended = list(earlier)
    for attempt in range(len(ended), attempts):
        [result] = train([replace(start(attempt), earlier=list(ended))])
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
    result = TrainingResult(attempts=list(run.earlier))
    device = next(run.network.parameters()).device
    order = torch.Generator().manual_seed(purpose_seed(run.seed, "order", run.attempt))
    changes = torch.Generator().manual_seed(purpose_seed(run.seed, "augmentation", run.attempt))
    generators = {"order": order, "augmentation": changes}
    augment = augmentations(run.options["augmentation"])
    optimizer = _optimizer(run)
    step, done = 0, 0
    # Dropout is the only thing that draws from the global generator.
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        # torch.manual_seed would also seed the generators of all other devices, which fork_rng does not restore.
        dropout = purpose_seed(run.seed, "dropout", run.attempt)
        torch.default_generator.manual_seed(dropout)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(dropout)
        if run.resume is None:
            _end_epoch(run, 0, step, result)
        else:
            result, step, done = run.resume.result, run.resume.step, run.resume.epoch
            restore(run.resume.tensors, run.network, optimizer, generators)
        bar = tqdm(range(done + 1, run.options["epochs"] + 1), desc="epochs", delay=10, mininterval=5)
        for epoch in bar:
            totals = torch.zeros(2, device=device, dtype=torch.float64)
            seen = 0
            run.network.train()
            with _followed(run, "train") as tracker:
                for inputs, labels in _batches(run, order):
                    for change in augment:
                        inputs = change(inputs, changes)
                    for group in optimizer.param_groups:
                        group["lr"] = run.options["lr"] / (1 + run.options["lr_decay"] * step)
                    outputs = run.network(inputs)
                    loss = mean_loss(run.network, outputs, inputs, labels)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    optimizer.step()
                    totals[0] += loss.detach() * len(labels)
                    totals[1] += number_correct(run.network, outputs.detach(), labels)
                    seen += len(labels)
                    step += 1
            mean, accuracy = (totals / seen).tolist()
            result.history.append({"epoch": epoch, "step": step, "split": "batches", "loss": mean, "accuracy": accuracy})
            followed = _spectra(run, tracker, "train", epoch, step)
            if not _end_epoch(run, epoch, step, result):
                result.status = "diverged"
                result.reason = f"losses, weights or outputs are no longer finite in epoch {epoch}"
                return result
            result.spectra += followed
            if run.keep is not None:
                run.keep(TrainingState(run.attempt, epoch, step, captured(run.network, optimizer, generators), result))
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
    drawn = _order(len(labels), labels, run.class_rates, order).to(labels.device)
    normalised = any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in run.network.modules())
    for rows in drawn.split(run.options["batch"]):
        # Batch norm cannot train on one observation, which may be all that is left for the last batch.
        if len(rows) > 1 or not normalised:
            yield inputs[rows], labels[rows]


def _order(n: int, labels: torch.Tensor, class_rates: list[float] | None, order: torch.Generator) -> torch.Tensor:
    """The rows of one epoch: each once in random order or, with class rates, n of them drawn with replacement."""
    if class_rates is None:
        return torch.randperm(n, generator=order)
    counts = torch.bincount(labels.cpu(), minlength=len(class_rates))
    weights = torch.tensor(class_rates, dtype=torch.float64) / counts.clamp(min=1)
    return torch.multinomial(weights[labels.cpu()], n, replacement=True, generator=order)


def _finite(network: Network, losses: list[float]) -> bool:
    return all(map(math.isfinite, losses)) and all(bool(values.isfinite().all()) for values in network.state_dict().values())


def _end_epoch(run: TrainingRun, epoch: int, step: int, result: TrainingResult) -> bool:
    """Evaluate the network after an epoch and record spectra and snapshot. False, with history alone, where it is not finite."""
    kept = epoch in run.snapshots
    spectra = []
    for split in ("train", "validation", "test"):
        # Evaluating the training split takes another pass over it, so it is done only before training and at snapshots.
        if split not in run.splits or (split == "train" and epoch and not kept):
            continue
        wanted = split == "test" and (kept or run.options["spectra"]["epochs"] == "all")
        with _followed(run, "evaluation", wanted) as tracker:
            loss, accuracy = evaluate(run.network, *run.splits[split])
        result.history.append({"epoch": epoch, "step": step, "split": split, "loss": loss, "accuracy": accuracy})
        spectra += _spectra(run, tracker, "evaluation", epoch, step)
    losses = [row["loss"] for row in result.history if row["epoch"] == epoch and epoch]
    if not all(np.isfinite(spectrum.eigenvalues).all() for spectrum in spectra) or not _finite(run.network, losses):
        return False
    result.spectra += spectra
    if kept:
        result.snapshots[epoch] = {name: tensor.detach().cpu().clone() for name, tensor in run.network.state_dict().items()}
    return True


def _followed(run: TrainingRun, phase: str, wanted: bool = True) -> AbstractContextManager[SaturationTracker | None]:
    """A context with a tracker of the network's layers where the run asks for spectra in this phase, else with None."""
    options = run.options["spectra"]
    if not wanted or phase not in options["phases"]:
        return nullcontext()
    chosen = options["layers"]
    layers = {name: module for name, module in run.network.maps().items() if chosen == "all" or name in chosen}
    return SaturationTracker(run.network, layers, options["every"] if phase == "train" else 1, options["maps"])


def _spectra(run: TrainingRun, tracker: SaturationTracker | None, phase: str, epoch: int, step: int) -> list[Spectrum]:
    if tracker is None:
        return []
    samples = tracker.samples()
    places = {layer.name: (depth, layer.kind) for depth, layer in enumerate(run.network.plan, start=1)}
    return [
        Spectrum(phase, step, epoch, layer, *places[layer], samples[layer], eigenvalues)
        for layer, eigenvalues in tracker.spectra().items()
    ]
