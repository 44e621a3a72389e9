"""The steps of one epoch of a training."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from layerscope.errors import StudyError, is_out_of_memory
from layerscope.training.augmentation import augmentations
from layerscope.training.evaluation import mean_loss, number_correct
from layerscope.training.parameters import keep_still
from layerscope.training.rates import learning_rate
from layerscope.training.run import TrainingRun

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def train_epoch(
    run: TrainingRun, optimizer: torch.optim.Optimizer, step: int, generators: dict[str, torch.Generator]
) -> tuple[int, float, float]:
    """The number of steps of one epoch, and the means of loss and accuracy over its batches.

    step: steps before it. generators: of the `order` of observations and of their `augmentation`. Raises StudyError where memory
    runs out, with a batch that there is memory for.
    """
    try:
        return _train_epoch(run, optimizer, step, generators)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:200]
    # Not before the error is gone: it holds the tensors of the step that there was no memory for.
    raise StudyError(_too_large(run, optimizer, reason))


def _train_epoch(
    run: TrainingRun, optimizer: torch.optim.Optimizer, step: int, generators: dict[str, torch.Generator]
) -> tuple[int, float, float]:
    network, options = run.network, run.options
    device = next(network.parameters()).device
    augment = augmentations(options["augmentation"])
    steps, seen = _steps_per_epoch(run), 0
    totals = torch.zeros(2, device=device, dtype=torch.float64)
    network.train()
    keep_still(network, options.get("freeze", []))
    for number, (inputs, labels) in enumerate(_batches(run, generators["order"]), start=step):
        for change in augment:
            inputs = change(inputs, generators["augmentation"])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(group["highest"], options, number, steps)
        outputs, loss = _step(run, optimizer, inputs, labels)
        totals[0] += loss.detach() * len(labels)
        totals[1] += number_correct(network, outputs.detach(), labels)
        seen += len(labels)
    mean, accuracy = (totals / seen).tolist()
    return steps, mean, accuracy


def _step(
    run: TrainingRun, optimizer: torch.optim.Optimizer, inputs: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Change the weights by one batch; what the network put out for it, and the loss, before that."""
    network, options = run.network, run.options
    with _precision(run, inputs.device):
        outputs = network(inputs)
        loss = mean_loss(network, outputs, inputs, labels, options.get("label_smoothing", 0.0))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    if "clip_norm" in options:
        nn.utils.clip_grad_norm_(network.parameters(), options["clip_norm"])
    optimizer.step()
    return outputs, loss


def _too_large(run: TrainingRun, optimizer: torch.optim.Optimizer, reason: str) -> str:
    """What is said of a batch that there is no memory for. Halves of it are tried, each in a whole step."""
    batch = min(run.options["batch"], len(run.splits["train"][1]))
    least = 2 if _normalises(run) else 1
    fitting = batch // 2
    while fitting >= least and not _fits(run, optimizer, fitting):
        fitting //= 2
    said = f"training.batch: there is no memory for steps of {batch} observations ({reason})"
    others = "run fewer jobs at once (--cores, on a GPU gpu_share), or use a machine or GPU with more memory"
    if fitting < least:
        return f"{said}, nor for any others; take a smaller network or smaller inputs, {others}"
    return f"{said}, but for {fitting}; write that there, with a learning rate that suits it, {others}"


def _fits(run: TrainingRun, optimizer: torch.optim.Optimizer, batch: int) -> bool:
    inputs, labels = run.splits["train"]
    optimizer.zero_grad(set_to_none=True)
    if labels.device.type == "cuda":
        torch.cuda.empty_cache()
    try:
        _step(run, optimizer, inputs[:batch], labels[:batch])
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True


def _precision(run: TrainingRun, device: torch.device) -> AbstractContextManager:
    """A context in which products are computed in bfloat16, where the run asks for mixed precision."""
    return torch.autocast(device.type, torch.bfloat16) if run.mixed_precision else nullcontext()


def _batches(run: TrainingRun, order: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    inputs, labels = run.splits["train"]
    drawn = _order(len(labels), labels, run.class_rates, order).to(labels.device)
    for rows in drawn.split(run.options["batch"])[: _steps_per_epoch(run)]:
        yield inputs[rows], labels[rows]


def _steps_per_epoch(run: TrainingRun) -> int:
    """Batches of an epoch. Batch norm cannot train on one observation, which may be all that is left for the last batch."""
    n, batch = len(run.splits["train"][1]), run.options["batch"]
    whole, left = divmod(n, batch)
    return whole + (left > 1 or (left == 1 and not _normalises(run)))


def _normalises(run: TrainingRun) -> bool:
    return any(isinstance(module, BATCH_NORMS) for module in run.network.modules())


def _order(n: int, labels: torch.Tensor, class_rates: list[float] | None, order: torch.Generator) -> torch.Tensor:
    """The rows of one epoch: each once in random order or, with class rates, n of them drawn with replacement."""
    if class_rates is None:
        return torch.randperm(n, generator=order)
    counts = torch.bincount(labels.cpu(), minlength=len(class_rates))
    weights = torch.tensor(class_rates, dtype=torch.float64) / counts.clamp(min=1)
    return torch.multinomial(weights[labels.cpu()], n, replacement=True, generator=order)
