"""Capture and restore the full state of a training as tensors: weights, optimizer, random generators."""

import torch
from torch import nn

CPU, CUDA = "dropout", "dropout_cuda"


def captured(
    network: nn.Module, optimizer: torch.optim.Optimizer, generators: dict[str, torch.Generator]
) -> dict[str, torch.Tensor]:
    """Copies of all state on the CPU, named network/..., optimizer/{number of the parameter}/... and random/...

    generators: those that the training uses beside the global generators of the CPU and, on CUDA, of the device.
    """
    found = {f"network/{name}": tensor for name, tensor in network.state_dict().items()}
    for number, parameter in enumerate(_parameters(optimizer)):
        for name, value in optimizer.state.get(parameter, {}).items():
            if value is not None:
                found[f"optimizer/{number}/{name}"] = value
    found = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in found.items()}
    found |= {f"random/{name}": generator.get_state() for name, generator in generators.items()}
    found[f"random/{CPU}"] = torch.get_rng_state()
    device = next(network.parameters()).device
    if device.type == "cuda":
        found[f"random/{CUDA}"] = torch.cuda.get_rng_state(device)
    return found


def restore(
    tensors: dict[str, torch.Tensor],
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    generators: dict[str, torch.Generator],
) -> None:
    """Load what `captured` returned into a network and an optimizer that were constructed in the same way."""
    parts: dict[str, dict[str, torch.Tensor]] = {"network": {}, "optimizer": {}, "random": {}}
    for name, tensor in tensors.items():
        part, rest = name.split("/", 1)
        parts[part][rest] = tensor
    network.load_state_dict(parts["network"])
    parameters = _parameters(optimizer)
    for name, tensor in parts["optimizer"].items():
        number, key = name.split("/", 1)
        parameter = parameters[int(number)]
        # The step counter has no dimensions; the optimizer keeps it on the CPU.
        optimizer.state[parameter][key] = tensor.clone() if tensor.ndim == 0 else tensor.to(parameter.device, copy=True)
    for name, generator in generators.items():
        generator.set_state(parts["random"][name])
    torch.set_rng_state(parts["random"][CPU])
    if CUDA in parts["random"]:
        torch.cuda.set_rng_state(parts["random"][CUDA], next(network.parameters()).device)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
