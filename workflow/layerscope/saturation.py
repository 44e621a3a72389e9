"""Layer saturation (Shenk et al.): how many directions carry a layer's variance.

Usable on any torch module, while it trains or afterwards:

    with SaturationTracker(model) as tracker:
        for inputs, labels in batches:
            training_step(model, inputs, labels)
    for layer, eigenvalues in tracker.spectra().items():
        print(layer, intrinsic_dimension(eigenvalues), saturation(eigenvalues))
    print(mean_saturation(tracker.spectra()))
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

from layerscope.hooks import outputs_of

if TYPE_CHECKING:
    import torch
    from torch import nn

THRESHOLD = 0.99
# Waiting rows are merged once there are this many, or as many as the layer is wide.
FEWEST_ROWS_MERGED = 4096
# Products of the covariance's lower triangle are taken in about four blocks of columns, none narrower than this.
NARROWEST_BLOCK = 64
VALUES_AT_ONCE = 2**18
ROUNDING_STEPS = 8


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of one layer's covariance, float64, descending, none below 0.

    phase: train or evaluation. step, epoch: when. samples: how many rows the covariance rests on. kind: conv or linear.
    """

    phase: str
    step: int
    epoch: int
    layer: str
    depth: int
    kind: str
    samples: int
    eigenvalues: np.ndarray


def intrinsic_dimension(eigenvalues: np.ndarray, threshold: float = THRESHOLD) -> int:
    """The smallest number of leading directions whose share of the variance reaches `threshold` (Shenk et al., section 3).

    eigenvalues: (d,) descending, not negative. A layer without variance has dimension 0.
    """
    total = eigenvalues.sum()
    if total <= 0:
        return 0
    shares = np.cumsum(eigenvalues) / total
    # The last share is 1 but for rounding: a threshold of 1 must still be reached.
    return int(min(np.searchsorted(shares, threshold * (1 - 1e-12)) + 1, len(eigenvalues)))


def saturation(eigenvalues: np.ndarray, threshold: float = THRESHOLD) -> float:
    """The intrinsic dimension of a layer over its width, from its eigenvalues (d,): 0 for a dead layer, otherwise above 0."""
    return intrinsic_dimension(eigenvalues, threshold) / len(eigenvalues)


def mean_saturation(spectra: Mapping[str, np.ndarray], threshold: float = THRESHOLD) -> float:
    """The mean saturation of a model's hidden layers: all but the last of `spectra`, which is taken for the output.

    spectra: layer → eigenvalues, first to last layer. NaN where there is no hidden layer.
    """
    hidden = list(spectra.values())[:-1]
    return float(np.mean([saturation(eigenvalues, threshold) for eigenvalues in hidden])) if hidden else float("nan")


def _free_of_gradients(method: Callable) -> Callable:
    """The method in torch's inference mode, outside of which what was made within it cannot be changed."""

    @wraps(method)
    def call(*arguments: object) -> object:
        import torch

        with torch.inference_mode():
            return method(*arguments)

    return call


def _writable_everywhere(shape: tuple[int, ...], dtype: "torch.dtype", device: "torch.device") -> "torch.Tensor":
    """An empty tensor that can be written to in torch's inference mode and outside of it."""
    import torch

    with torch.inference_mode(False):
        return torch.empty(shape, dtype=dtype, device=device)


class RunningCovariance:
    """Population covariance of rows that arrive in batches, on the device of the first batch.

    width: of a row. dtype: of centred rows and their products; means and sums over batches are float64 in any case. Rows
    wait in a buffer until they number about the width; then their mean and scatter are merged with those of all rows before
    (Chan, Golub and LeVeque 1979), which stays accurate for data far from zero. float32 takes half the time of float64 and
    leaves the eigenvalues an error of about 1e-7 of the largest.
    """

    def __init__(self, width: int, dtype: "torch.dtype"):
        import torch

        self.width = width
        self.dtype = dtype
        # Bound once: this is asked at every step of a training.
        self._subtract = torch.sub
        self._merged = 0
        self._waiting = 0
        self._capacity = max(width, FEWEST_ROWS_MERGED)
        self._buffer = None
        self._about = None
        self._mean = None
        self._scatter = None

    @property
    def count(self) -> int:
        """How many rows were taken in."""
        return self._merged + self._waiting

    def add(self, rows: "torch.Tensor") -> None:
        """Take in a batch (n, width), which may be overwritten afterwards."""
        n = len(rows)
        if n > self._capacity:
            for part in rows.split(self._capacity):
                self.add(part)
            return
        if self._buffer is None:
            self._buffer = _writable_everywhere((self._capacity, self.width), self.dtype, rows.device)
        if self._waiting + n > self._capacity:
            self._merge_waiting()
        self._take(rows, self._about, self._buffer.narrow(0, self._waiting, n))
        self._waiting += n

    def add_positions(self, maps: "torch.Tensor") -> None:
        """Take in maps (n, width, ...): the values at one position of all maps are one row."""
        vectors = maps.flatten(2).transpose(0, 1)
        # Parts that stay in the cache from one pass to the next.
        for part in vectors.split(max(1, VALUES_AT_ONCE // vectors[:, 0].numel()), dim=1):
            taken = _writable_everywhere(part.shape, self.dtype, part.device)
            self._take(part, None if self._about is None else self._about[:, None, None], taken)
            self._merge(taken.flatten(1).T)

    def _take(self, values: "torch.Tensor", about: "torch.Tensor | None", place: "torch.Tensor") -> None:
        if about is None:
            place.copy_(values)
        else:
            self._subtract(values, about, out=place)

    def _merge_waiting(self) -> None:
        count, self._waiting = self._waiting, 0
        if count:
            self._merge(self._buffer[:count])

    @_free_of_gradients
    def _merge(self, rows: "torch.Tensor") -> None:
        """Merge rows (n, width) with all before: differences from `_about`, the mean of the rows merged last.

        So near their mean that products lose nothing; the first rows come as they are, and are overwritten.
        """
        count = len(rows)
        if self._about is None:
            self._about = rows.mean(dim=0)
            rows -= self._about
        rest = rows.mean(dim=0).double()
        scatter = _lower_blocks(rows).addr_(rest, rest, alpha=-count)
        mean = rest.add_(self._about)
        self._about = mean.to(self.dtype, copy=True)
        if self._mean is None:
            self._mean, self._scatter = mean, scatter
        else:
            total = self._merged + count
            shift = mean.sub_(self._mean)
            self._scatter.add_(scatter).addr_(shift, shift, alpha=self._merged * count / total)
            self._mean.add_(shift, alpha=count / total)
        self._merged += count

    @_free_of_gradients
    def covariance(self) -> "torch.Tensor":
        """(width, width) float64: the mean of the outer products of centred rows."""
        self._merge_waiting()
        return (self._scatter.tril() + self._scatter.tril(-1).T) / self._merged

    def eigenvalues(self) -> np.ndarray:
        """(width,) float64, descending, clipped at 0; NaN where outputs were not finite, all 0 where all rows were the same."""
        import torch

        covariance = self.covariance()
        if not bool(covariance.isfinite().all()):
            return np.full(self.width, np.nan)
        # Means of equal rows are rounded, and leave that much variance.
        rounding = self._mean * (ROUNDING_STEPS * torch.finfo(self.dtype).eps)
        if bool(covariance.trace() <= rounding.square().sum()):
            return np.zeros(self.width)
        values = torch.linalg.eigvalsh(covariance).cpu().numpy()[::-1]
        return np.clip(values, 0, None)


def _lower_blocks(rows: "torch.Tensor") -> "torch.Tensor":
    """The product (d, d) float64 of rows (n, d) with themselves, in which only the lower triangle is to be read."""
    import torch

    width = rows.shape[1]
    block = max(NARROWEST_BLOCK, -(-width // 4))
    product = torch.empty((width, width), dtype=torch.float64, device=rows.device)
    for start in range(0, width, block):
        end = min(start + block, width)
        product[start:end, :end] = rows[:, start:end].T @ rows[:, :end]
    return product


class SaturationTracker:
    """Follows the outputs of linear and convolutional layers, before their activation, and keeps their covariances.

    model: any torch module.
    layers: name → module; by default every Linear and Conv2d of the model under its own name. Other convolutions, transposed
        ones too, and modules whose outputs are (..., width) can be named.
    every: takes in each so many-th output of a layer, beginning with the first.
    maps: `mean` averages the maps of a convolution over their positions (global average pooling, as in the paper);
        `channelwise` takes every position for an observation of its own.

    Outputs of a linear layer with more than two dimensions are one observation a vector. Where gradients are recorded, and
    weights move from output to output, products are taken in float32 (see RunningCovariance), otherwise in float64. Nothing
    is left on the model.
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

        Layers that put nothing out are left out; a layer whose outputs were not finite has NaN.
        """
        return {name: self._covariances[name].eigenvalues() for name in self._layers if name in self._covariances}

    def samples(self) -> dict[str, int]:
        """Layer → how many rows its covariance rests on."""
        return {name: self._covariances[name].count for name in self._layers if name in self._covariances}

    def dead_layers(self) -> list[str]:
        """The layers without variance: every output was the same."""
        return [name for name, eigenvalues in self.spectra().items() if not eigenvalues.any()]
