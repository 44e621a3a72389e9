"""Track the outputs of a torch module's layers while it runs."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from layerscope.models.hooks import outputs_of
from layerscope.saturation.covariance import RunningCovariance

if TYPE_CHECKING:
    import torch
    from torch import nn


class SaturationTracker:
    """Accumulates the covariances of the outputs of linear and convolutional layers, before their activation functions.

    model: any torch module.
    layers: name → module; by default every Linear and Conv2d of the model under its own name. Other convolutions, including
        transposed ones, and modules whose outputs are (..., width) can be passed.
    every: 1 uses every output of a layer, 2 every second one, and so on, beginning with the first.
    maps: `mean` averages the maps of a convolution over their positions (global average pooling, as in the paper);
        `channelwise` counts every position as an observation of its own.

    In outputs of a linear layer with more than two dimensions, every vector along the last is an observation. Products
    are computed in float32 (see RunningCovariance) while gradients are enabled, because the weights then change between
    outputs anyway; without gradients, and for float64 outputs, in float64. On exit all hooks are removed from the model.
    """

    def __init__(self, model: "nn.Module", layers: Mapping[str, "nn.Module"] | None = None, every: int = 1, maps: str = "mean"):
        from torch import nn
        from torch.nn.modules.conv import _ConvNd

        if every < 1:
            raise ValueError(f"every is {every}; 1 or more is wanted")
        if maps not in ("mean", "channelwise"):
            raise ValueError(f"maps is {maps!r}; mean or channelwise is wanted")
        if layers is None:
            layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)}
        self._layers = dict(layers)
        self._convolutions = {name for name, module in self._layers.items() if isinstance(module, _ConvNd)}
        self._every = every
        self._averaged = maps == "mean"
        self._hooks = ExitStack()
        self.reset()

    def __enter__(self) -> "SaturationTracker":
        self._hooks.enter_context(outputs_of(self._layers, self._receive))
        return self

    def __exit__(self, *error) -> None:
        self._hooks.close()

    def reset(self) -> None:
        """Forget all outputs, as at the end of an epoch."""
        self._covariances: dict[str, RunningCovariance] = {}
        self._seen = dict.fromkeys(self._layers, 0)

    def _receive(self, name: str, output: "torch.Tensor") -> None:
        import torch

        seen = self._seen[name]
        self._seen[name] = seen + 1
        if seen % self._every:
            return
        covariance = self._covariances.get(name)
        if covariance is None:
            double = output.dtype == torch.float64 or not torch.is_grad_enabled()
            width = output.shape[1 if name in self._convolutions else -1]
            covariance = RunningCovariance(width, torch.float64 if double else torch.float32)
            self._covariances[name] = covariance
        if name not in self._convolutions:
            covariance.add(output if output.ndim == 2 else output.reshape(-1, output.shape[-1]))
        elif self._averaged:
            covariance.add(output.flatten(2).mean(dim=2))
        else:
            covariance.add_positions(output)

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
