"""Squared Euclidean distances of pairs of points, in blocks of about 32 MiB, so that memory does not grow with n^2."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numba import njit, prange
from threadpoolctl import ThreadpoolController

# Up to this width, summing squared differences is as fast as matrix products.
DIRECT_WIDTH = 8
BLOCK_BYTES = 2**25
# A squared distance below this share of the squared norms has lost too many digits to cancellation.
CANCELLATION = 1e-6
# Rows of one product. Fixed, so that BLAS rounds alike with any number of threads.
PRODUCT_ROWS = 256
LINEAR_ALGEBRA = ThreadpoolController().select(user_api="blas")


def squared_distance_blocks(points: np.ndarray, rows: np.ndarray | None = None) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield (start, stop, block): block (stop - start, n) float64 holds the squared distances from
    points[rows[start:stop]] to all points. The block is overwritten by the next one.

    points: (n, d) finite. rows: (m,) indices, None for all points in order.

    The distance of points that coincide, and of a point from itself, is exactly 0. Where a matrix product would lose more
    than six digits to cancellation, the distance is computed from the differences; the relative error of a squared distance
    is thus about 1e-9 at worst.
    """
    points = np.ascontiguousarray(points, dtype=np.float64)
    n, width = points.shape
    rows = np.arange(n) if rows is None else np.asarray(rows, dtype=np.int64)
    height = max(1, min(len(rows), BLOCK_BYTES // (8 * n)))
    space = np.empty((height, n))
    if width <= DIRECT_WIDTH:
        columns = np.ascontiguousarray(points.T)
    else:
        points = points - points.mean(axis=0)
        norms = np.einsum("ij,ij->i", points, points)
    for start in range(0, len(rows), height):
        stop = min(start + height, len(rows))
        block = space[: stop - start]
        if width <= DIRECT_WIDTH:
            _from_differences(columns, rows[start:stop], block)
        else:
            _fill_with_products(points, rows[start:stop], block)
            _from_products(points, norms, rows[start:stop], block)
        yield start, stop, block


def three_coordinates(points: np.ndarray) -> np.ndarray:
    """(3, n) float64: the coordinates of points (n, d <= 3), padded with 0, so that one kernel serves every width."""
    n, width = points.shape
    if width > 3:
        raise ValueError(f"points of {width} dimensions where at most 3 are expected")
    coordinates = np.zeros((3, n))
    coordinates[:width] = points.T
    return coordinates


def _fill_with_products(points, rows, block):
    def product(start):
        part = slice(start, start + PRODUCT_ROWS)
        np.matmul(points[rows[part]], points.T, out=block[part])

    # BLAS itself runs on one thread: its own threads would keep a core busy while they wait for their next product.
    with LINEAR_ALGEBRA.limit(limits=1), ThreadPoolExecutor(numba.get_num_threads()) as threads:
        for _ in threads.map(product, range(0, len(rows), PRODUCT_ROWS)):
            pass


@njit(parallel=True, cache=True)
def _from_differences(columns, rows, block):
    for row in prange(len(rows)):
        distances = block[row]
        distances[:] = 0.0
        for feature in range(columns.shape[0]):
            values = columns[feature]
            own = values[rows[row]]
            for other in range(len(values)):
                difference = values[other] - own
                distances[other] += difference * difference


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _from_products(points, norms, rows, block):
    width = points.shape[1]
    for row in prange(len(rows)):
        own = rows[row]
        for other in range(len(norms)):
            together = norms[own] + norms[other]
            squared = together - 2.0 * block[row, other]
            if squared <= CANCELLATION * together:
                squared = 0.0
                for feature in range(width):
                    difference = points[own, feature] - points[other, feature]
                    squared += difference * difference
            block[row, other] = squared
