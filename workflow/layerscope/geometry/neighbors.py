"""Exact Euclidean nearest neighbours in a fixed order, the same on every machine and with any number of threads."""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numba import njit, prange
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

# Up to this width a k-d tree narrows the search; above it matrix products are faster.
DIRECT_WIDTH = 3
# The tree's own rounding may swap neighbours whose squared distances differ by a smaller share than this.
TREE_TOLERANCE = 1e-9
# Sums of squares of larger values, or of values below its inverse, may overflow or underflow in float64.
LARGEST_VALUE = 1e140
PRODUCT_BYTES = 2**25
# From this many points per column on, computing principal components is cheap compared with the products.
MANY_POINTS = 10
# Share of the variance that the components must hold. Fewer components make the products cheaper, but the bounds looser.
REDUCED_SHARE = 0.92
SORTING_COLUMNS = 12
# Number of points of whose bounds the smallest is kept; _tile_minima halves it four times.
TILE = 64


def nearest_neighbors(points: np.ndarray, k: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest neighbours of points. A point is not its own neighbour; other points that coincide with it are.

    points: (n, d) float32 or float64.
    k: how many neighbours, 1 <= k < n.
    rows: (m,) indices of the points whose neighbours are wanted; None for all of them, m = n.

    Returns indices (m, k) int32 and distances (m, k) float32, nearest first, ties by lower index. Neighbours are ordered by
    float64 distances of the values as given: points that coincide are at exactly 0, and nothing is approximate.

    ValueError where points do not have two axes, k is not from 1 to n - 1, a value is NaN or infinite, or the largest is so
    large or small that its square could overflow or underflow.
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
    largest = float(np.abs(points).max(initial=0))
    if largest > LARGEST_VALUE or 0 < largest < 1 / LARGEST_VALUE:
        raise ValueError(
            f"the largest value is {largest:g}; scale the points to between {1 / LARGEST_VALUE:g} and {LARGEST_VALUE:g}"
        )
    rows = np.arange(n) if rows is None else np.asarray(rows, dtype=np.int64)
    indices = np.empty((len(rows), k), dtype=np.int32)
    squared = np.empty((len(rows), k), dtype=np.float64)
    if len(rows) == 0:
        return indices, squared.astype(np.float32)
    if width <= DIRECT_WIDTH:
        coordinates = np.zeros((DIRECT_WIDTH, n))
        coordinates[:width] = points.T
        _search_by_tree(coordinates, rows, indices, squared)
    else:
        _search_by_products(points, rows, indices, squared)
    return indices, np.sqrt(squared).astype(np.float32)


def _search_by_tree(coordinates, rows, indices, squared):
    """Fill indices and squared (m, k) by a k-d tree; rows with ties or many equal points are searched exhaustively instead."""
    n, k = coordinates.shape[1], indices.shape[1]
    points = np.ascontiguousarray(coordinates.T)
    # Two more than k: the point itself, and one neighbour that shows whether the k-th is tied.
    _, found = cKDTree(points).query(points[rows], k=min(k + 2, n))
    own = found == rows[:, None]
    decided = own.any(axis=1)
    own[~decided, -1] = True
    candidates = np.sort(found[~own].reshape(len(rows), -1), axis=1)
    # Summed in the same order as in _scan_all, so that both give the same distances to the last bit.
    differences = points[candidates] - points[rows][:, None]
    distances = differences[..., 0] ** 2 + differences[..., 1] ** 2 + differences[..., 2] ** 2
    # Candidates are in ascending order, so a stable sort breaks ties by lower index.
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
    """Fill indices and squared (m, k). Blocks of float32 matrix products narrow the search; distances are then exact.

    For the columns y of _bounding_columns the product gives |y_i|^2 + |y_j|^2 - 2 y_i.y_j. It exceeds the squared distance
    by no more than (d + 16) u (|y_i|^2 + |y_j|^2), u = 2^-24, which covers d u |y_i| |y_j| for each of the two products
    (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), u (|y_i| + |y_j|) in the distance for each
    rounding of y to float32, and the rounding of the sums. Reducing the norms by that much turns every approximate distance
    into a lower bound. A point whose lower bound is above k known distances cannot be a neighbour.
    """
    n, width = points.shape
    if points.dtype != np.float32:
        points = points.astype(np.float64, copy=False)
    points = np.ascontiguousarray(points)
    columns, exponent = _bounding_columns(points)
    norms = np.einsum("ij,ij->i", columns[:n], columns[:n], dtype=np.float64)
    lowered_norms = norms * (1 - 1.01 * (columns.shape[1] + 16) * 2.0**-24)
    # The padding of the last tile is at an infinite distance.
    tiled_norms = np.full(len(columns), np.inf, dtype=np.float32)
    tiled_norms[:n] = lowered_norms
    underflow = width * 2.0**-125
    unit = float(np.ldexp(1.0, -2 * exponent))
    # Rows on the same side of most medians are processed in sequence: the neighbours that they share are still in the cache.
    leading = columns[rows, :SORTING_COLUMNS]
    order = np.lexsort((leading > np.median(leading, axis=0)).T[::-1])
    block = max(1, PRODUCT_BYTES // (4 * len(columns)))

    def search(start):
        places = order[start : start + block]
        own = rows[places]
        products = columns[own] @ columns.T
        _select(products, tiled_norms, lowered_norms, underflow, unit, points, own, places, indices, squared)

    # Threads work on whole blocks, with BLAS itself on one thread: waiting BLAS threads would keep a core busy.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(numba.get_num_threads()) as threads:
        for _ in threads.map(search, range(0, len(rows), block)):
            pass


def _bounding_columns(points):
    """Columns whose distances are at most those of the points times 2^-exponent, and the exponent.

    The columns, (n, d) float32 padded with zero rows to whole tiles, are the points centred and scaled by a power of two.
    The scaling loses no digits and keeps squared norms below 1, so that float32 products cannot overflow. If there are many
    points and few principal components hold REDUCED_SHARE of their variance, the columns are instead the projections on these
    components and the norm of the residual r: the squared distance of two points is at least that of their projections plus
    (|r_i| - |r_j|)^2.
    """
    n, width = points.shape
    tiled = -(-n // TILE) * TILE
    mean = points.mean(axis=0, dtype=np.float64)
    block = max(1, PRODUCT_BYTES // (8 * max(n, width)))
    blocks = [slice(start, min(start + block, n)) for start in range(0, n, block)]
    largest = max(np.abs(points[part] - mean).max() for part in blocks)
    exponent = int(np.frexp(largest * np.sqrt(width))[1]) if largest > 0 else 0
    centred = np.zeros((tiled, width), dtype=np.float32)
    for part in blocks:
        centred[part] = np.ldexp(points[part] - mean, -exponent)
    if n < MANY_POINTS * width:
        return centred, exponent
    variances, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    kept = int((np.cumsum(variances[::-1]) < REDUCED_SHARE * variances.sum()).sum()) + 1
    if largest == 0 or kept > width // 2:
        return centred, exponent
    leading = directions[:, ::-1][:, :kept]
    columns = np.zeros((tiled, kept + 1), dtype=np.float32)
    for part in blocks:
        projected = centred[part].astype(np.float64) @ leading
        columns[part, :kept] = projected
        columns[part, kept] = np.linalg.norm(centred[part] - projected @ leading.T, axis=1)
    return columns, exponent


@njit(cache=True)
def _insert(distance, index, distances, indices):
    """Insert (distance, index) into the list sorted by distance, ties by lower index; its last entry is dropped."""
    position = len(distances) - 1
    while position > 0 and (
        distances[position - 1] > distance or (distances[position - 1] == distance and indices[position - 1] > index)
    ):
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


# Without NaN and signed zeros, neither of which occurs, the smaller of two floats is one instruction for many pairs.
@njit(nogil=True, cache=True, fastmath={"nnan", "nsz"})
def _tile_minima(products, norms, minima):
    """Fill minima (tiles,) with the smallest norms - 2 products of each tile."""
    lower = np.empty(TILE, dtype=np.float32)
    for tile in range(len(minima)):
        start = tile * TILE
        # Loops of a length that is known and without branches, so that the compiler vectorises them.
        for offset in range(TILE):
            lower[offset] = norms[start + offset] - np.float32(2) * products[start + offset]
        for offset in range(32):
            lower[offset] = min(lower[offset], lower[offset + 32])
        for offset in range(16):
            lower[offset] = min(lower[offset], lower[offset + 16])
        for offset in range(8):
            lower[offset] = min(lower[offset], lower[offset + 8])
        for offset in range(4):
            lower[offset] = min(lower[offset], lower[offset + 4])
        minima[tile] = min(min(lower[0], lower[1]), min(lower[2], lower[3]))


@njit(nogil=True, cache=True)
def _select(products, norms, lowered_norms, underflow, unit, points, rows, places, indices, squared):
    """Fill indices and squared at some places. Of a row's tiles only those are looked into whose smallest bound is small enough.

    The k-th smallest of the minima of tiles is at least the k-th smallest bound, so the k candidates with the smallest bounds lie
    in tiles up to it. Their exact distances then say up to which bound there may be more.
    """
    k = indices.shape[1]
    n = len(lowered_norms)
    minima = np.empty(len(norms) // TILE, dtype=np.float32)
    for row in range(len(rows)):
        own, own_products = rows[row], products[row]
        own_products[own] = -np.inf
        _tile_minima(own_products, norms, minima)
        limit = np.partition(minima, k - 1)[k - 1] if k < len(minima) else np.float32(np.inf)
        bounds = np.full(k, np.float32(np.inf))
        candidates = np.full(k, n, dtype=np.int32)
        for tile in range(len(minima)):
            if minima[tile] <= limit and minima[tile] < bounds[k - 1]:
                for other in range(tile * TILE, min((tile + 1) * TILE, n)):
                    bound = norms[other] - np.float32(2) * own_products[other]
                    if bound < bounds[k - 1]:
                        _insert(bound, other, bounds, candidates)
        found, neighbors = squared[places[row]], indices[places[row]]
        found[:] = np.inf
        for candidate in candidates:
            _insert(_squared_distance(points[own], points[candidate]), candidate, found, neighbors)
        lowered = lowered_norms[own] - underflow
        threshold = np.float32(found[k - 1] * unit - lowered)
        for tile in range(len(minima)):
            # All k neighbours coincide with this point: no point of higher index can precede them.
            if found[k - 1] == 0.0 and tile * TILE > neighbors[k - 1]:
                break
            if minima[tile] <= threshold:
                for other in range(tile * TILE, min((tile + 1) * TILE, n)):
                    bound = norms[other] - np.float32(2) * own_products[other]
                    # Skip the candidates, already measured: exactly the points up to the last of them by bound, then index.
                    seen = bound < bounds[k - 1] or (bound == bounds[k - 1] and other <= candidates[k - 1])
                    if bound <= threshold and not seen and other != own:
                        distance = _squared_distance(points[own], points[other])
                        if distance < found[k - 1] or (distance == found[k - 1] and other < neighbors[k - 1]):
                            _insert(distance, other, found, neighbors)
                            threshold = np.float32(found[k - 1] * unit - lowered)


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
            # Two loops, so that the first has no branch and is vectorised.
            for offset in range(count):
                other = start + offset
                dx, dy, dz = x[other] - own_x, y[other] - own_y, z[other] - own_z
                distances[offset] = dx * dx + dy * dy + dz * dz
            for offset in range(count):
                if distances[offset] < found[k - 1] and start + offset != own:
                    _insert(distances[offset], start + offset, found, indices[row])
            if found[k - 1] == 0.0:
                break
