"""The covariance of a layer's outputs, accumulated batch by batch, and its eigenvalues."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

# Rows are buffered and merged once there are this many, or the layer's width if that is larger.
FEWEST_ROWS_MERGED = 4096
# The covariance's lower triangle is computed in up to four strips; all but the last have at least this many rows.
NARROWEST_BLOCK = 64
VALUES_AT_ONCE = 2**18
ROUNDING_STEPS = 8


def _free_of_gradients(method: Callable) -> Callable:
    """Run the method in torch's inference mode. Tensors that it creates cannot be modified outside of that mode."""

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

    width: number of columns. dtype: of centred rows and their products; means and sums over batches are always float64. Rows
    are collected in a buffer; when it is full, their mean and scatter are merged with those of all earlier rows (Chan, Golub
    and LeVeque 1979), which stays accurate for data far from zero. float32 takes half the time of float64; the error of the
    eigenvalues is then about 1e-7 of the largest.
    """

    def __init__(self, width: int, dtype: "torch.dtype"):
        import torch

        self.width = width
        self.dtype = dtype
        # Looked up once, because it is called at every training step.
        self._subtract = torch.sub
        self._merged = 0
        self._waiting = 0
        self._capacity = max(width, FEWEST_ROWS_MERGED)
        # None until the first rows arrive, tensors from then on.
        self._buffer: Any = None
        self._about: Any = None
        self._mean: Any = None
        self._scatter: Any = None

    @property
    def count(self) -> int:
        """How many rows were added."""
        return self._merged + self._waiting

    def add(self, rows: "torch.Tensor") -> None:
        """Add a batch (n, width). It is copied: the caller may overwrite it afterwards."""
        n = len(rows)
        if n == 0:
            return
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
        """Add feature maps (n, channels, ...): the channels' values at one position are one row."""
        if maps.numel() == 0:
            return
        vectors = maps.flatten(2).transpose(0, 1)
        # Split into parts small enough to stay in the cache between the passes over them.
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
        """Merge the mean and scatter of rows (n, width) with those of all earlier rows.

        The rows are differences from `_about`, the mean of the rows merged last: close to their own mean, so that their
        products lose no digits. The first rows are not yet centred; they are centred in place.
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
        """(width, width) float64: the mean of the outer products of centred rows. ValueError before the first row."""
        self._merge_waiting()
        if not self._merged:
            raise ValueError("no row was taken in yet")
        return (self._scatter.tril() + self._scatter.tril(-1).T) / self._merged

    def eigenvalues(self) -> np.ndarray:
        """(width,) float64, descending, clipped at 0; NaN where outputs were not finite, all 0 where all rows were equal."""
        import torch

        covariance = self.covariance()
        if not bool(covariance.isfinite().all()):
            return np.full(self.width, np.nan)
        # Even where all rows are equal their mean is rounded, which leaves a variance of up to this size.
        rounding = self._mean * (ROUNDING_STEPS * torch.finfo(self.dtype).eps)
        if bool(covariance.trace() <= rounding.square().sum()):
            return np.zeros(self.width)
        values = torch.linalg.eigvalsh(covariance).cpu().numpy()[::-1]
        return np.clip(values, 0, None)


def _lower_blocks(rows: "torch.Tensor") -> "torch.Tensor":
    """rows.T @ rows of rows (n, d): (d, d) float64, of which only the lower triangle is valid."""
    import torch

    width = rows.shape[1]
    block = max(NARROWEST_BLOCK, -(-width // 4))
    product = torch.empty((width, width), dtype=torch.float64, device=rows.device)
    for start in range(0, width, block):
        end = min(start + block, width)
        product[start:end, :end] = rows[:, start:end].T @ rows[:, :end]
    return product
