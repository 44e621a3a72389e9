"""Which parameters of a network are trained, and at which rates."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from inspect import unwrap

import torch
from torch import nn

from layerscope.errors import StudyError
from layerscope.models.network import Network
from layerscope.models.patterns import fits


def freeze(network: Network, patterns: Sequence[str]) -> None:
    """Let no step change the parameters whose names, those of the network's own code, fit one of some patterns.

    Raises StudyError where nothing is left to train.
    """
    if not patterns:
        return
    for name, parameter in network.origin.named_parameters():
        if _fits_any(name, patterns):
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise StudyError(f"training.freeze: {', '.join(patterns)} leaves nothing to train; `epochs: 0` trains nothing")


def keep_still(network: Network, patterns: Sequence[str]) -> None:
    """Put what is frozen whole and moves without a gradient, running means and variances, into evaluation mode."""
    if not patterns:
        return
    origin = network.origin
    for path, module in origin.named_modules():
        own = [f"{path}.{name}" if path else name for name in _own_state(module)]
        if own and any(module._buffers) and all(_fits_any(name, patterns) for name in own):
            module.eval()


def _own_state(module: nn.Module) -> Iterable[str]:
    return [name for name, tensor in (*module._parameters.items(), *module._buffers.items()) if tensor is not None]


def make_optimizer(network: Network, options: dict) -> torch.optim.Optimizer:
    """The optimizer of a training (sgd, adam, adamw), of all parameters that are not frozen.

    options: of a training. Parameters whose names fit a pattern of lr_by_name have that rate, by the first that fits. Every group
    of the optimizer keeps its own rate as `highest`, of which a schedule takes its share.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.origin.named_parameters():
        if parameter.requires_grad:
            rates = (rate for pattern, rate in options.get("lr_by_name", {}).items() if fits(name, pattern))
            groups.setdefault(next(rates, options["lr"]), []).append(parameter)
    found = [{"params": parameters, "lr": rate, "highest": rate} for rate, parameters in groups.items()]
    if options["optimizer"] == "sgd":
        kind = _without_compiler(torch.optim.SGD)
        return kind(found, lr=options["lr"], momentum=options["momentum"], weight_decay=options["weight_decay"])
    kind = _without_compiler({"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[options["optimizer"]])
    return kind(found, lr=options["lr"], weight_decay=options["weight_decay"])


@cache
def _without_compiler(kind: type[torch.optim.Optimizer]) -> Callable[..., torch.optim.Optimizer]:
    """An optimizer that never asks torch.compile's Dynamo, which takes as long to import as PyTorch itself.

    PyTorch wraps some methods of its optimizers so that Dynamo is imported at their first call, whether anything is compiled or
    not. Here they are called without that; the wrapper of `step` also disables gradients.
    """
    plain = {name: unwrap(getattr(kind, name)) for name in ("add_param_group", "zero_grad")}
    return type(kind.__name__, (kind,), {**plain, "step": torch.no_grad()(unwrap(kind.step))})


def _fits_any(name: str, patterns: Sequence[str]) -> bool:
    return any(fits(name, pattern) for pattern in patterns)
