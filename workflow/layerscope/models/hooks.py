"""Receive the outputs of modules while a network runs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@contextmanager
def outputs_of(modules: dict[str, "nn.Module"], receive: Callable[[str, "torch.Tensor"], None]) -> Iterator[None]:
    """Call receive(name, output) at every forward pass of each module; remove the hooks at the end.

    The output is detached but not copied: a receiver that keeps it must copy it at once, for a later in-place activation
    may overwrite it. Of an output with several parts it is the first tensor; TypeError where a module puts out none.
    """
    with ExitStack() as hooks:
        for name, module in modules.items():
            handle = module.register_forward_hook(
                lambda module, _inputs, output, name=name: receive(name, first_tensor(output, name, module).detach())
            )
            hooks.callback(handle.remove)
        yield


def first_tensor(output: object, name: str, module: "nn.Module") -> "torch.Tensor":
    """The first tensor of what a module puts out: itself, the values of a packed sequence, or that of a tuple, list or dict.

    A recurrent layer's is its output at every step. name: as messages call the module. TypeError where there is none.
    """
    import torch
    from torch.nn.utils.rnn import PackedSequence

    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, PackedSequence):
        return output.data
    parts = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    for part in parts:
        if isinstance(part, torch.Tensor | PackedSequence | tuple | list | Mapping):
            return first_tensor(part, name, module)
    raise TypeError(f"'{name}' ({type(module).__name__}) puts out {type(output).__name__}, which holds no tensor; choose another")
