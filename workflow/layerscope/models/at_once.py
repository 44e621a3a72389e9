"""How many observations run through a network at once where no gradients are kept."""

from typing import TYPE_CHECKING

from layerscope.models.hooks import first_tensor

if TYPE_CHECKING:
    import torch
    from torch import nn

# Bytes that the widest output of a network may take. What a pass holds at a time is a few such outputs.
WIDEST = 2**28


def observations_at_once(network: "nn.Module", inputs: "torch.Tensor", most: int) -> int:
    """As many observations as keep the widest output of any module within WIDEST bytes, at least 1, at most `most`.

    This depends on the network and the shape of inputs (n, ...) alone, and not on the machine: how many there are at once decides
    the order in which numbers are summed. The first observations are run for it, in evaluation mode.
    """
    import torch

    few = inputs[:2]
    widest = few[0].numel() * few.element_size()

    def measure(module: "nn.Module", _inputs: tuple, output: object) -> None:
        nonlocal widest
        try:
            tensor = first_tensor(output, "", module)
        except TypeError:
            return
        widest = max(widest, tensor.numel() * tensor.element_size() // len(few))

    network.eval()
    hooks = [module.register_forward_hook(measure) for module in network.modules()]
    try:
        with torch.inference_mode():
            network(few)
    finally:
        for hook in hooks:
            hook.remove()
    return min(most, max(1, WIDEST // widest))
