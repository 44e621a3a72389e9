"""Layer saturation (Shenk et al.): how many directions carry a layer's variance.

Usable on any torch module:

    with SaturationTracker(model) as tracker:
        for batch in batches:
            model(batch)
    for layer, eigenvalues in tracker.spectra().items():
        print(layer, intrinsic_dimension(eigenvalues, 0.99) / len(eigenvalues))
"""

from dataclasses import dataclass

import numpy as np

from layerscope.hooks import outputs_of


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


def intrinsic_dimension(eigenvalues: np.ndarray, threshold: float) -> int:
    """The smallest number of leading directions whose share of the variance reaches `threshold` (Shenk et al., section 3).

    eigenvalues: (d,) descending, not negative. A layer without variance has dimension 0.
    """
    total = eigenvalues.sum()
    if total <= 0:
        return 0
    shares = np.cumsum(eigenvalues) / total
    # The last share is 1 but for rounding: a threshold of 1 must still be reached.
    return int(min(np.searchsorted(shares, threshold * (1 - 1e-12)) + 1, len(eigenvalues)))


class RunningCovariance:
    """Population covariance of rows that arrive in batches, in float64 on the device of the first batch.

    Batches are gathered until they number about the width and then merged pairwise (Chan, Golub and LeVeque 1979), which
    stays accurate for data far from zero.
    """

    def __init__(self, width: int):
        self.width = width
        self.count = 0
        self._mean = None
        self._scatter = None
        self._waiting = []
        self._waiting_rows = 0

    def add(self, rows) -> None:
        """Take in a batch: a tensor (n, width)."""
        self._waiting.append(rows.double().clone())
        self._waiting_rows += len(rows)
        if self._waiting_rows >= self.width:
            self._merge()

    def _merge(self) -> None:
        import torch

        if not self._waiting_rows:
            return
        rows = torch.cat(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        count, mean = len(rows), rows.mean(dim=0)
        centred = rows - mean
        scatter = centred.T @ centred
        if self._mean is None:
            self.count, self._mean, self._scatter = count, mean, scatter
            return
        total = self.count + count
        shift = mean - self._mean
        self._scatter += scatter + torch.outer(shift, shift) * (self.count * count / total)
        self._mean = self._mean + shift * (count / total)
        self.count = total

    def covariance(self):
        """(width, width) float64 tensor: the mean of the outer products of centred rows."""
        self._merge()
        return self._scatter / self.count

    def eigenvalues(self) -> np.ndarray:
        """(width,) float64, descending, clipped at 0; NaN where outputs were not finite."""
        import torch

        covariance = self.covariance()
        if not bool(covariance.isfinite().all()):
            return np.full(self.width, np.nan)
        values = torch.linalg.eigvalsh(covariance).cpu().numpy()[::-1]
        return np.clip(values, 0, None)


class SaturationTracker:
    """Follows the outputs of linear and convolutional layers, before their activation, and keeps their covariances.

    model: any torch module. layers: name → module; by default every Linear and Conv2d of the model under its own name.
    Maps are averaged over their positions (global average pooling), as in the paper. Nothing is left on the model.
    """

    def __init__(self, model, layers: dict | None = None):
        from torch import nn

        if layers is None:
            layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)}
        self._layers = layers
        self._covariances: dict[str, RunningCovariance] = {}
        self._hooks = None

    def __enter__(self) -> "SaturationTracker":
        self._hooks = outputs_of(self._layers, self._receive)
        self._hooks.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._hooks.__exit__(*error)

    def _receive(self, name: str, output) -> None:
        rows = output.mean(dim=(2, 3)) if output.ndim == 4 else output
        if name not in self._covariances:
            self._covariances[name] = RunningCovariance(rows.shape[1])
        self._covariances[name].add(rows)

    def spectra(self) -> dict[str, np.ndarray]:
        """Layer name → eigenvalues of its covariance, descending."""
        return {name: covariance.eigenvalues() for name, covariance in self._covariances.items()}

    def samples(self) -> dict[str, int]:
        """Layer name → how many rows its covariance rests on."""
        return {name: covariance.count + covariance._waiting_rows for name, covariance in self._covariances.items()}
