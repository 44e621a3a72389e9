"""Pictures that stay bytes until a batch of them is taken: a quarter of the memory that they take as numbers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from layerscope.data.observations import Observations
from layerscope.data.tensors import network_input

# Bytes that inputs may take as float32. Below, batches are taken faster than they would be made anew each time.
LARGEST_AS_FLOATS = 2**30


@dataclass(frozen=True)
class Pictures:
    """Inputs of a network, in the place of a tensor (n, channels, height, width) float32, with the same values.

    stored: uint8, of the same shape. shift, scale: (1, channels, 1, 1) float32; the input is (stored - shift) / scale.
    """

    stored: torch.Tensor
    shift: torch.Tensor
    scale: torch.Tensor

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, rows: slice | torch.Tensor) -> torch.Tensor:
        return self.stored[rows].float().sub_(self.shift).div_(self.scale)

    def split(self, size: int) -> Iterator[torch.Tensor]:
        """The inputs in order, `size` at a time."""
        return (self[start : start + size] for start in range(0, len(self), size))


def inputs_of(observations: Observations, largest_as_floats: int = LARGEST_AS_FLOATS) -> torch.Tensor | Pictures:
    """What a network receives of all observations; pictures of bytes that would take more bytes than that stay bytes."""
    shape = observations.shape
    small = 4 * len(observations.rows) * math.prod(shape) <= largest_as_floats
    if small or len(shape) != 3 or observations.shift is None or observations.scale is None:
        return torch.from_numpy(observations.inputs())
    stored = observations.stored()
    if stored.dtype != np.uint8:
        return torch.from_numpy(network_input(stored, observations.shift, observations.scale))
    shift, scale = (torch.from_numpy(one).reshape(1, -1, 1, 1) for one in (observations.shift, observations.scale))
    return Pictures(torch.from_numpy(stored), shift, scale)


def on_device(
    inputs: torch.Tensor | Pictures, device: torch.device, memory_format: torch.memory_format
) -> torch.Tensor | Pictures:
    """Inputs on a device, images in a memory format."""
    if isinstance(inputs, Pictures):
        stored = inputs.stored.to(device).contiguous(memory_format=memory_format)
        return Pictures(stored, inputs.shift.to(device), inputs.scale.to(device))
    inputs = inputs.to(device)
    return inputs.contiguous(memory_format=memory_format) if inputs.ndim == 4 else inputs
