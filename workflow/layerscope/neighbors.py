"""Exact Euclidean nearest neighbours with a fixed order, the same on every machine and at any number of threads."""

import numpy as np
from numba import njit, prange
from scipy.spatial import cKDTree

# Up to this width a tree narrows the search; above it matrix products pay.
DIRECT_WIDTH = 3
# Neighbours whose squared distances differ by less than this share may be in another order in the tree's own arithmetic.
TREE_TOLERANCE = 1e-9
PRODUCT_BYTES = 2**26


def nearest_neighbors(points: np.ndarray, k: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest neighbours of points, each point itself left out by its index.

    points: (n, d) float32 or float64.
    k: how many neighbours, 1 <= k < n.
    rows: (m,) indices of the points whose neighbours are asked for; None for all of them, m = n.

    Returns indices (m, k) int32 and distances (m, k) float32, nearest first, ties by lower index. The order is that of
    the float64 distances of the values as given, so points that coincide are at exactly 0 and nothing is approximate.

    ValueError where k does not fit n, or a value is NaN or infinite.
    """
    points = np.asarray(points)
    if points.ndim != 2:
        raise ValueError(f"points must have two axes, (n, d), not {points.ndim}")
    n, width = points.shape
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if k >= n:
        raise ValueError(f"{n} points have at most {n - 1} neighbours each; {k} were asked for")
    if not np.isfinite(points).all():
        raise ValueError("points hold NaN or infinite values")
    rows = np.arange(n) if rows is None else np.asarray(rows, dtype=np.int64)
    indices = np.empty((len(rows), k), dtype=np.int32)
    squared = np.empty((len(rows), k), dtype=np.float64)
    if width <= DIRECT_WIDTH:
        coordinates = np.zeros((DIRECT_WIDTH, n))
        coordinates[:width] = points.T
        _search_by_tree(coordinates, rows, indices, squared)
    else:
        _search_by_products(points, rows, indices, squared)
    return indices, np.sqrt(squared).astype(np.float32)


def _search_by_tree(coordinates, rows, indices, squared):
    """Fill indices and squared (m, k) from a k-d tree; rows that it cannot decide (ties, crowds of equal points) are scanned."""
    n, k = coordinates.shape[1], indices.shape[1]
    points = np.ascontiguousarray(coordinates.T)
    # The point itself, and one more than asked for, which shows whether the last neighbour is tied.
    _, found = cKDTree(points).query(points[rows], k=min(k + 2, n))
    own = found == rows[:, None]
    decided = own.any(axis=1)
    own[~decided, -1] = True
    candidates = np.sort(found[~own].reshape(len(rows), -1), axis=1)
    # The sum in the order of _scan_all, so that both find the same distances to the last bit.
    differences = points[candidates] - points[rows][:, None]
    distances = differences[..., 0] ** 2 + differences[..., 1] ** 2 + differences[..., 2] ** 2
    # Stable, from ascending indices: ties by lower index.
    order = np.argsort(distances, axis=1, kind="stable")
    distances = np.take_along_axis(distances, order, axis=1)
    if candidates.shape[1] > k:
        decided &= distances[:, k] > distances[:, k - 1] * (1 + TREE_TOLERANCE)
    indices[:] = np.take_along_axis(candidates, order, axis=1)[:, :k]
    squared[:] = distances[:, :k]
    if not decided.all():
        undecided = np.flatnonzero(~decided)
        scanned = np.empty((len(undecided), k), dtype=np.int32), np.empty((len(undecided), k))
        _scan_all(coordinates, rows[undecided], *scanned)
        indices[undecided], squared[undecided] = scanned


def _search_by_products(points, rows, indices, squared):
    """Fill indices and squared (m, k) from blocks of float32 matrix products, which only narrow the search.

    For centred points y the product gives |y_i|^2 + |y_j|^2 - 2 y_i.y_j up to (d + 8) u (|y_i|^2 + |y_j|^2), u = 2^-24:
    d u |y_i| |y_j| for each of the two products (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1),
    and u (|y_i| + |y_j|) in the distance for having rounded y to float32. Shrinking the norms by that much turns
    every approximate distance into a lower bound, and a point whose bound is above k known distances is no neighbour.
    """
    n, width = points.shape
    if points.dtype != np.float32:
        points = points.astype(np.float64, copy=False)
    points = np.ascontiguousarray(points)
    mean = points.mean(axis=0, dtype=np.float64)
    centred = np.empty((n, width), dtype=np.float32)
    norms = np.empty(n)
    block = max(1, PRODUCT_BYTES // (8 * max(n, width)))
    largest = 0.0
    for start in range(0, n, block):
        largest = max(largest, np.abs(points[start : start + block] - mean).max())
    # A power of two costs no digits; squared norms stay below 1, so float32 products cannot overflow.
    exponent = int(np.frexp(largest * np.sqrt(width))[1]) if largest > 0 else 0
    for start in range(0, n, block):
        centred[start : start + block] = np.ldexp(points[start : start + block] - mean, -exponent)
        norms[start : start + block] = (centred[start : start + block].astype(np.float64) ** 2).sum(axis=1)
    lowered_norms = norms * (1 - 1.01 * (width + 8) * 2.0**-24)
    underflow = width * 2.0**-125
    unit = float(np.ldexp(1.0, -2 * exponent))
    block = max(1, PRODUCT_BYTES // (4 * n))
    products = np.empty((block, n), dtype=np.float32)
    for start in range(0, len(rows), block):
        stop = min(start + block, len(rows))
        part, own = products[: stop - start], rows[start:stop]
        np.matmul(centred[own], centred.T, out=part)
        _select(part, lowered_norms, underflow, unit, points, own, indices[start:stop], squared[start:stop])


@njit(cache=True)
def _insert(distance, index, distances, indices):
    """Put (distance, index) into its place in the ascending distances, behind equal ones, dropping the last."""
    position = len(distances) - 1
    while position > 0 and distances[position - 1] > distance:
        distances[position] = distances[position - 1]
        indices[position] = indices[position - 1]
        position -= 1
    distances[position] = distance
    indices[position] = index


@njit(cache=True, fastmath={"reassoc", "contract"})
def _squared_distance(first, second):
    total = 0.0
    for feature in range(len(first)):
        difference = np.float64(first[feature]) - np.float64(second[feature])
        total += difference * difference
    return total


@njit(parallel=True, cache=True)
def _select(products, lowered_norms, underflow, unit, points, rows, indices, squared):
    k = indices.shape[1]
    n = len(lowered_norms)
    for row in prange(len(rows)):
        own = rows[row]
        bounds = np.full(k, np.inf)
        candidates = np.zeros(k, dtype=np.int32)
        for other in range(n):
            bound = lowered_norms[other] - 2.0 * products[row, other]
            if bound < bounds[k - 1] and other != own:
                _insert(bound, other, bounds, candidates)
        limit = 0.0
        for candidate in range(k):
            limit = max(limit, _squared_distance(points[own], points[candidates[candidate]]))
        offset = lowered_norms[own] - underflow
        found = squared[row]
        found[:] = np.inf
        for other in range(n):
            bound = offset + lowered_norms[other] - 2.0 * products[row, other]
            if bound <= limit * unit and other != own:
                distance = _squared_distance(points[own], points[other])
                if distance < found[k - 1]:
                    _insert(distance, other, found, indices[row])
                    limit = min(limit, found[k - 1])
                    # Later points cannot come before k that coincide with this one.
                    if found[k - 1] == 0.0:
                        break


@njit(parallel=True, cache=True)
def _scan_all(coordinates, rows, indices, squared):
    k = indices.shape[1]
    n = coordinates.shape[1]
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    tile = 128
    for row in prange(len(rows)):
        own = rows[row]
        own_x, own_y, own_z = x[own], y[own], z[own]
        found = squared[row]
        found[:] = np.inf
        distances = np.empty(tile)
        for start in range(0, n, tile):
            count = min(tile, n - start)
            # Two loops, so that the first has no branch and runs on vectors.
            for offset in range(count):
                other = start + offset
                dx, dy, dz = x[other] - own_x, y[other] - own_y, z[other] - own_z
                distances[offset] = dx * dx + dy * dy + dz * dz
            for offset in range(count):
                if distances[offset] < found[k - 1] and start + offset != own:
                    _insert(distances[offset], start + offset, found, indices[row])
            if found[k - 1] == 0.0:
                break
