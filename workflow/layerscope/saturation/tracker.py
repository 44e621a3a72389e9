"""Track the outputs of a torch module's layers while it runs."""

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from layerscope.models.hooks import outputs_of
from layerscope.models.layers import axes_of_positions, followed_layers, is_compiled, named_layers, uncompiled, unfollowed_layers
from layerscope.saturation.covariance import RunningCovariance

if TYPE_CHECKING:
    import torch
    from torch import nn


class SaturationTracker:
    """Accumulates the covariances of the outputs of linear, convolutional and recurrent layers, before their activation.

    model: any torch module, also behind torch.compile (it runs uncompiled while it is followed) or DataParallel.
    layers: name → module; by default every linear, convolutional (including transposed) and recurrent layer of the model under
        its own name, without the prefixes that torch.compile and DataParallel add. Other modules whose outputs are
        (..., width) can be passed.
    every: 1 uses every output of a layer, 2 every second one, and so on, beginning with the first.
    maps: `mean` averages the maps of a convolution over their positions (global average pooling, as in the paper);
        `channelwise` counts every position as an observation of its own.
    stride: with `channelwise`, 1 counts every position, 2 every second one along each axis of the maps, and so on, in a grid in
        their middle: a quarter, a ninth, ... of the positions, and of the time.

    Every time step of a recurrent layer's output is an observation. In outputs of a linear layer with more than two dimensions,
    every vector along the last is one. Products are computed in float32 (see RunningCovariance) while gradients are enabled,
    because the weights then change between outputs anyway; without gradients, and for float64 outputs, in float64. Empty
    batches add nothing. On exit all hooks are removed from the model. By default one warning names the layers with weights that
    are not followed (not_followed).
    """

    def __init__(
        self,
        model: "nn.Module",
        layers: Mapping[str, "nn.Module"] | None = None,
        every: int = 1,
        maps: str = "mean",
        stride: int = 1,
    ):
        for name, value in (("every", every), ("stride", stride)):
            if value < 1:
                raise ValueError(f"{name} is {value}; 1 or more is wanted")
        if maps not in ("mean", "channelwise"):
            raise ValueError(f"maps is {maps!r}; mean or channelwise is wanted")
        if stride > 1 and maps == "mean":
            raise ValueError(f"stride is {stride}; maps='mean' takes the mean over all positions")
        found = named_layers(model)
        chosen = followed_layers(found) if layers is None else dict(layers)
        self._unfollowed = {} if layers is not None else unfollowed_layers(found, chosen)
        self._layers = chosen
        self._positions = {name: count for name, module in chosen.items() if (count := axes_of_positions(module))}
        self._compiled = is_compiled(model)
        self._every = every
        self._averaged = maps == "mean"
        self._stride = stride
        self._hooks = ExitStack()
        self._said: set[str] = set()
        self.reset()

    @property
    def not_followed(self) -> dict[str, str]:
        """Layers with matrices of weights whose outputs are not taken in: name → what they are.

        Those of other kinds than are followed by default and, once others have put something out, those that have not.
        """
        silent = [name for name, seen in self._seen.items() if not seen and any(self._seen.values())]
        return {**self._unfollowed, **{name: f"{type(self._layers[name]).__name__}, never called" for name in silent}}

    def __enter__(self) -> "SaturationTracker":
        self._warn(self._unfollowed)
        if self._compiled:
            self._hooks.enter_context(uncompiled())
        self._hooks.enter_context(outputs_of(self._layers, self._receive))
        return self

    def __exit__(self, *error) -> None:
        self._hooks.close()
        self._warn({name: kind for name, kind in self.not_followed.items() if name not in self._unfollowed})

    def _warn(self, layers: dict[str, str]) -> None:
        unsaid = {name: kind for name, kind in layers.items() if name not in self._said}
        self._said |= unsaid.keys()
        if unsaid:
            listed = ", ".join(f"{name} ({kind})" for name, kind in unsaid.items())
            warnings.warn(f"SaturationTracker does not follow {listed}", stacklevel=3)

    def reset(self) -> None:
        """Forget all outputs, as at the end of an epoch."""
        self._covariances: dict[str, RunningCovariance] = {}
        self._seen = dict.fromkeys(self._layers, 0)

    def _receive(self, name: str, output: "torch.Tensor") -> None:
        import torch

        if output.ndim == self._positions.get(name, 0) + 1:
            # A single observation without a batch.
            output = output.unsqueeze(0)
        if output.numel() == 0:
            return
        seen = self._seen[name]
        self._seen[name] = seen + 1
        if seen % self._every:
            return
        covariance = self._covariances.get(name)
        if covariance is None:
            double = output.dtype == torch.float64 or not torch.is_grad_enabled()
            width = output.shape[1 if name in self._positions else -1]
            covariance = RunningCovariance(width, torch.float64 if double else torch.float32)
            self._covariances[name] = covariance
        if name not in self._positions:
            covariance.add(output if output.ndim == 2 else output.reshape(-1, output.shape[-1]))
        elif self._averaged:
            covariance.add(output.flatten(2).mean(dim=2))
        else:
            covariance.add_positions(_in_steps(output, self._stride))

    def spectra(self) -> dict[str, np.ndarray]:
        """Layer → eigenvalues of its covariance (width,), float64, descending; in the model's order.

        Layers that produced no output are left out; a layer whose outputs were not finite has NaN.
        """
        return {name: self._covariances[name].eigenvalues() for name in self._layers if name in self._covariances}

    def samples(self) -> dict[str, int]:
        """Layer → number of rows in its covariance."""
        return {name: self._covariances[name].count for name in self._layers if name in self._covariances}

    def dead_layers(self) -> list[str]:
        """The layers without variance: all their outputs were equal."""
        return [name for name, eigenvalues in self.spectra().items() if not eigenvalues.any()]

    def layers_not_finite(self) -> list[str]:
        """The layers whose outputs held NaN or infinite values: they have no spectrum."""
        return [name for name, eigenvalues in self.spectra().items() if np.isnan(eigenvalues).any()]


def _in_steps(maps: "torch.Tensor", stride: int) -> "torch.Tensor":
    """Every so-many-th position along each axis of maps (n, channels, ...), with as much left out before as after."""
    if stride == 1:
        return maps
    return maps[:, :, *(slice((size - 1) % stride // 2, None, stride) for size in maps.shape[2:])]
