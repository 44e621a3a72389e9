"""When a training ends because its validation loss falls no more, and which of its networks is kept."""

import math
from collections.abc import Sequence

import torch
from torch import nn

# How the tensors of the best network are called in the state of an unfinished training.
PREFIX = "best/"


def best_epoch(history: Sequence[dict]) -> int | None:
    """The first epoch with the lowest validation loss; None before the first epoch. history: as in a TrainingResult."""
    losses = _validation_losses(history)
    return min(losses, key=lambda epoch: (losses[epoch], epoch), default=None)


def is_over(history: Sequence[dict], patience: int) -> bool:
    """Whether so many epochs have passed since the one with the lowest validation loss (Prechelt 1998, UP with strips of one)."""
    best = best_epoch(history)
    return best is not None and max(_validation_losses(history)) - best >= patience


def _validation_losses(history: Sequence[dict]) -> dict[int, float]:
    of_epochs = (row for row in history if row["split"] == "validation" and row["epoch"])
    return {row["epoch"]: row["loss"] if math.isfinite(row["loss"]) else math.inf for row in of_epochs}


def copied(network: nn.Module) -> dict[str, torch.Tensor]:
    """The state of a network on the CPU, under the names that it has in the state of an unfinished training."""
    return {f"{PREFIX}{name}": tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def put_back(network: nn.Module, best: dict[str, torch.Tensor]) -> None:
    """Give a network the state that was copied from it."""
    network.load_state_dict({name.removeprefix(PREFIX): tensor for name, tensor in best.items()})
