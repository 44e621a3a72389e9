"""The layers of any torch module: their names, and which of them have weights that map vectors to vectors."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def named_layers(model: "nn.Module") -> dict[str, "nn.Module"]:
    """Name → module, of a model and all its parts, in its order; a module that stands there twice has its first name.

    Names are those of the model itself: what torch.compile, DataParallel and DistributedDataParallel put around a module adds
    nothing to them. The model itself is "".
    """
    return dict(_walk(model, "", set()))


def _walk(module: "nn.Module", name: str, seen: set) -> Iterator[tuple[str, "nn.Module"]]:
    module = unwrapped(module)
    if module in seen:
        return
    seen.add(module)
    yield name, module
    for child, part in module.named_children():
        yield from _walk(part, f"{name}.{child}" if name else child, seen)


def unwrapped(module: "nn.Module") -> "nn.Module":
    """The module that torch.compile, DataParallel or DistributedDataParallel was given."""
    from torch import nn

    while True:
        if is_compiled_itself(module):
            module = module._orig_mod  # type: ignore[assignment]
        elif isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            module = module.module
        else:
            return module


def is_compiled_itself(module: "nn.Module") -> bool:
    """Whether a module is what torch.compile made."""
    return "_orig_mod" in module._modules


def is_compiled(model: "nn.Module") -> bool:
    """Whether any part of a model is compiled."""
    return any(is_compiled_itself(module) for module in model.modules())


def uncompiled() -> AbstractContextManager:
    """Within the block compiled modules run as they were written: once compiled, they would pass over new hooks."""
    import torch

    stance = getattr(torch.compiler, "set_stance", None)
    return stance("force_eager") if stance else nullcontext()


def followed_layers(modules: Mapping[str, "nn.Module"]) -> dict[str, "nn.Module"]:
    """Those of named modules that are linear, convolutional or recurrent layers."""
    from torch import nn

    kinds = (*_convolutions(), nn.Linear, nn.RNNBase)
    return {name: module for name, module in modules.items() if isinstance(module, kinds)}


def unfollowed_layers(modules: Mapping[str, "nn.Module"], followed: Mapping[str, "nn.Module"]) -> dict[str, str]:
    """Name → kind of the named modules that have a matrix of weights of their own, and are not followed."""
    return {
        name: type(module).__name__
        for name, module in modules.items()
        if name not in followed and any(weight.ndim > 1 for weight in module.parameters(recurse=False))
    }


def axes_of_positions(module: "nn.Module") -> int:
    """How many axes of positions follow that of the channels in what a module puts out: 0 unless it is a convolution."""
    from torch import nn

    by_axes = {
        1: (nn.Conv1d, nn.ConvTranspose1d),
        2: (nn.Conv2d, nn.ConvTranspose2d),
        3: (nn.Conv3d, nn.ConvTranspose3d),
    }
    return next((axes for axes, kinds in by_axes.items() if isinstance(module, kinds)), 0)


def _convolutions() -> tuple[type, ...]:
    from torch import nn

    return nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d
