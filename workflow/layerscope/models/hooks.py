"""Receive the outputs of modules while a network runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@contextmanager
def outputs_of(modules: dict[str, "nn.Module"], receive: Callable[[str, "torch.Tensor"], None]) -> Iterator[None]:
    """Call receive(name, output) at every forward pass of each module; remove the hooks at the end.

    The output is detached but not copied: a receiver that keeps it must copy it at once, for a later in-place activation
    may overwrite it.
    """
    with ExitStack() as hooks:
        for name, module in modules.items():
            handle = module.register_forward_hook(lambda _module, _inputs, output, name=name: receive(name, output.detach()))
            hooks.callback(handle.remove)
        yield
