"""Weights that a network begins with, from a file of a person's own."""

import pickle
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named
from layerscope.models.network import Network
from layerscope.models.patterns import fits

# Messages name no more parameters than this.
NAMED = 5
# Where training scripts keep the state dict among other things.
WITHIN = ("state_dict", "model_state_dict", "model")


def load_weights(network: Network, file: Path, fresh: Sequence[str], where: str) -> None:
    """Replace the weights of a network by those of a file, but for parameters whose names fit `fresh` (see patterns.fits).

    Names are those of the network that its own code builds. Raises StudyError for files that hold no state dict, for names that
    are missing or too many, and for other shapes.
    """
    given = read_weights(file, where)
    own = network.origin.state_dict()
    kept = {name for name in own if any(fits(name, pattern) for pattern in fresh)}
    unused = [pattern for pattern in fresh if not any(fits(name, pattern) for name in own)]
    missing = [name for name in own if name not in given and name not in kept]
    unexpected = [name for name in given if name not in own and not any(fits(name, pattern) for pattern in fresh)]
    shapes = [name for name in own if name in given and name not in kept and own[name].shape != given[name].shape]
    aside = "`fresh` leaves parameters out"
    messages = []
    if unused:
        messages.append(f"{where}.fresh: no parameter of the network is called {_listed(unused)}; it has {_listed(list(own))}")
    if missing:
        messages.append(f"{where}.weights: {_listed(missing)} is missing in {file}; {aside}")
    if unexpected:
        messages.append(f"{where}.weights: {_listed(unexpected)} is in {file}, and the network has no such parameter; {aside}")
    for name in shapes:
        there, here = (" × ".join(map(str, tensors[name].shape)) or "one number" for tensors in (given, own))
        messages.append(f"{where}.weights: {name} is {there} in {file} and {here} in the network; {aside}")
    if messages:
        raise StudyError(*messages)
    with torch.no_grad():
        for name, tensor in own.items():
            if name not in kept:
                tensor.copy_(given[name])


def read_weights(file: Path, where: str) -> dict[str, torch.Tensor]:
    """The state dict of a file: safetensors, or PyTorch's format, of which nothing but tensors is read.

    Of the checkpoints of a study that is the last snapshot.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    found: Any
    try:
        with refusals_named(file):
            if file.suffix == ".safetensors":
                found = load_file(file)
            else:
                found = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise StudyError(f"{where}.weights: there is no {file}") from None
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        # PyTorch goes on to advise to run the code in the file.
        first = str(error).strip().splitlines()[0].partition(". ")[0] if str(error).strip() else type(error).__name__
        raise StudyError(f"{where}.weights: {file} holds no state dict that can be read ({first})") from None
    if isinstance(found, dict):
        found = next((found[key] for key in WITHIN if isinstance(found.get(key), dict)), found)
    if not isinstance(found, dict) or not found or not all(isinstance(tensor, torch.Tensor) for tensor in found.values()):
        raise StudyError(f"{where}.weights: {file} holds no state dict; torch.save(model.state_dict(), file) writes one")
    wrong = [name for name, tensor in found.items() if tensor.is_floating_point() and not bool(tensor.isfinite().all())]
    if wrong:
        raise StudyError(f"{where}.weights: {_listed(wrong)} in {file} holds values that are not finite")
    found = _last_snapshot(found, file)
    # So named by a DataParallel model, all of them.
    parallel = all(name.startswith("module.") for name in found)
    return {name.removeprefix("module.") if parallel else name: tensor for name, tensor in found.items()}


def _last_snapshot(found: dict[str, torch.Tensor], file: Path) -> dict[str, torch.Tensor]:
    """The state dict of the last epoch, by the names of the network's own code, if a file has snapshots of a study."""
    snapshots: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in found.items():
        snapshot = re.fullmatch(r"(epoch\d+)/(?:module|steps)\.(.+)", name)
        if snapshot is None:
            return found
        snapshots.setdefault(snapshot[1], {})[snapshot[2]] = tensor
    last = max(snapshots)
    print(f"layerscope: {file} has snapshots of a study; {last}, the last of {len(snapshots)}, is taken", file=sys.stderr)
    return snapshots[last]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
