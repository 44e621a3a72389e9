"""The covariance of a layer's outputs, batch by batch, and its eigenvalues."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

# Waiting rows are merged once there are this many, or as many as the layer is wide.
FEWEST_ROWS_MERGED = 4096
# Products of the covariance's lower triangle are taken in about four blocks of columns, none narrower than this.
NARROWEST_BLOCK = 64
VALUES_AT_ONCE = 2**18
ROUNDING_STEPS = 8


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
        # Tensors from the first rows on.
        self._buffer: Any = None
        self._about: Any = None
        self._mean: Any = None
        self._scatter: Any = None

    @property
    def count(self) -> int:
        """How many rows were taken in."""
        return self._merged + self._waiting

    def add(self, rows: "torch.Tensor") -> None:
        """Take in a batch (n, width), which may be overwritten afterwards."""
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
        """Take in maps (n, width, ...): the values at one position of all maps are one row."""
        if maps.numel() == 0:
            return
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
        """(width, width) float64: the mean of the outer products of centred rows. ValueError before the first row."""
        self._merge_waiting()
        if not self._merged:
            raise ValueError("no row was taken in yet")
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
