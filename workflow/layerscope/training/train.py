"""Training: networks on tensors that stay on the device, with snapshots, a history and spectra."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import torch
from tqdm import tqdm

from layerscope.models.at_once import observations_at_once
from layerscope.models.network import Network
from layerscope.saturation.spectrum import Spectrum
from layerscope.saturation.tracker import SaturationTracker
from layerscope.training.early_stopping import PREFIX, best_epoch, copied, is_over, put_back
from layerscope.training.epoch import train_epoch
from layerscope.training.evaluation import EVALUATION_BATCH, evaluate
from layerscope.training.parameters import freeze, make_optimizer
from layerscope.training.pictures import Pictures
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
    generators = {
        purpose: torch.Generator().manual_seed(purpose_seed(run.seed, purpose, run.attempt))
        for purpose in ("order", "augmentation")
    }
    freeze(run.network, run.options.get("freeze", []))
    optimizer = make_optimizer(run.network, run.options)
    patience, last = run.options.get("patience"), run.options["epochs"]
    best: dict[str, torch.Tensor] = {}
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
            best = {name: tensor for name, tensor in run.resume.tensors.items() if name.startswith(PREFIX)}
            of_now = {name: tensor for name, tensor in run.resume.tensors.items() if name not in best}
            restore(of_now, run.network, optimizer, generators)
        for epoch in tqdm(range(done + 1, last + 1), desc="epochs", delay=10, mininterval=5):
            if patience and is_over(result.history, patience):
                break
            with _followed(run, "train") as tracker:
                steps, mean, accuracy = train_epoch(run, optimizer, step, generators)
            step += steps
            result.history.append({"epoch": epoch, "step": step, "split": "batches", "loss": mean, "accuracy": accuracy})
            followed = _spectra(run, tracker, "train", epoch, step)
            if not _end_epoch(run, epoch, step, result):
                result.status = "diverged"
                result.reason = f"losses, weights or outputs are no longer finite in epoch {epoch}"
                return result
            result.spectra += followed
            if patience and best_epoch(result.history) == epoch:
                best = copied(run.network)
            if run.keep is not None:
                tensors = captured(run.network, optimizer, generators) | best
                run.keep(TrainingState(run.attempt, epoch, step, tensors, result))
        if best:
            _keep_best(run, best, step, result)
    return result


def _keep_best(run: TrainingRun, best: dict[str, torch.Tensor], step: int, result: TrainingResult) -> None:
    """Let the network with the lowest validation loss be the one at the end, with its rows in the place of the last epoch's."""
    last, trained = run.options["epochs"], max(row["epoch"] for row in result.history)
    epoch = best_epoch(result.history)
    result.reason = f"the network of epoch {epoch} of {trained} is kept, by its validation loss"
    if epoch == last:
        return
    put_back(run.network, best)
    of_end = ("train", "validation", "test")
    result.history = [row for row in result.history if row["epoch"] != last or row["split"] not in of_end]
    result.spectra = [spectrum for spectrum in result.spectra if spectrum.epoch != last or spectrum.phase != "evaluation"]
    _end_epoch(run, last, step, result)


def _finite(network: Network, losses: list[float]) -> bool:
    return all(map(math.isfinite, losses)) and all(bool(values.isfinite().all()) for values in network.state_dict().values())


def _end_epoch(run: TrainingRun, epoch: int, step: int, result: TrainingResult) -> bool:
    """Evaluate the network after an epoch and record spectra and snapshot. False, with history alone, where it is not finite."""
    kept = epoch in run.snapshots
    at_once = observations_at_once(run.network, run.splits["train"][0][:2], EVALUATION_BATCH)
    spectra = []
    for split in ("train", "validation", "test"):
        # Evaluating the training split takes another pass over it, so it is done only before training and at snapshots.
        if split not in run.splits or (split == "train" and epoch and not kept):
            continue
        wanted = split == "test" and (kept or run.options["spectra"]["epochs"] == "all")
        classes = run.options["spectra"].get("classes")
        with _followed(run, "evaluation", wanted and not classes) as tracker:
            loss, accuracy = evaluate(run.network, *run.splits[split], at_once)
        if classes:
            with _followed(run, "evaluation", wanted) as tracker:
                if tracker is not None:
                    evaluate(run.network, *_of_classes(*run.splits[split], classes), at_once)
        result.history.append({"epoch": epoch, "step": step, "split": split, "loss": loss, "accuracy": accuracy})
        spectra += _spectra(run, tracker, "evaluation", epoch, step)
    losses = [row["loss"] for row in result.history if row["epoch"] == epoch and epoch]
    if not all(np.isfinite(spectrum.eigenvalues).all() for spectrum in spectra) or not _finite(run.network, losses):
        return False
    result.spectra += spectra
    if kept:
        result.snapshots[epoch] = {name: tensor.detach().cpu().clone() for name, tensor in run.network.state_dict().items()}
    return True


def _of_classes(
    inputs: torch.Tensor | Pictures, labels: torch.Tensor, classes: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    chosen = torch.isin(labels, torch.tensor(classes, device=labels.device))
    return inputs[chosen], labels[chosen]


def _followed(run: TrainingRun, phase: str, wanted: bool = True) -> AbstractContextManager[SaturationTracker | None]:
    """A context with a tracker of the network's layers where the run asks for spectra in this phase, else with None."""
    options = run.options["spectra"]
    if not wanted or phase not in options["phases"]:
        return nullcontext()
    chosen = options["layers"]
    layers = {name: module for name, module in run.network.maps().items() if chosen == "all" or name in chosen}
    every = options["every"] if phase == "train" else 1
    return SaturationTracker(run.network, layers, every, options["maps"], options.get("stride", 1))


def _spectra(run: TrainingRun, tracker: SaturationTracker | None, phase: str, epoch: int, step: int) -> list[Spectrum]:
    if tracker is None:
        return []
    samples = tracker.samples()
    places = {layer.name: (depth, layer.kind) for depth, layer in enumerate(run.network.plan, start=1)}
    return [
        Spectrum(phase, step, epoch, layer, *places[layer], samples[layer], eigenvalues)
        for layer, eigenvalues in tracker.spectra().items()
    ]
