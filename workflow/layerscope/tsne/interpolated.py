"""The objective of t-SNE on a neighbour graph in O(n log n), its repulsion interpolated on a grid.

As in FIt-SNE (Linderman et al. 2019), each point is spread over the nodes of a regular grid, the kernel is applied there by
Fourier transforms, and what results is read off at the points. Weights are B-splines of order 6, which are divided out of the
kernel's transform (smooth particle mesh Ewald, Essmann et al. 1995). The force is the slope of the potential, since the
derivative of 1 / (1 + r^2) is -2 r / (1 + r^2)^2: one field is transformed, where FIt-SNE has four.

Where an embedding is wide and thin, a grid fine enough for the peak of the kernel would be large. The kernel is then split (P3M,
Hockney and Eastwood 1988): with s = r^2, a squared cutoff c and x = (c - s) / (1 + c), 1 / (1 + s) is the geometric series
sum over k of x^k / (1 + c). Below the cutoff a grid gets its terms up to the degree m, which are smooth. The rest,
x^(m + 1) / (1 + s), is summed over the pairs of near points, which are found by cells.

Every sum has one order, whatever the number of threads, so that the result is bitwise the same with any.
"""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numba import njit, prange
from scipy import sparse

from layerscope.tsne.grid import BELOW, CUTOFF, DEGREE, ORDER, Grid, convolve, new_grid

# Points that a thread takes at once.
BLOCK = 256
F = np.float32


class Interpolation:
    """The divergence KL(P || Q) and its gradient for embeddings in one or two dimensions.

    joint: (n, n) sparse, P. As many threads are used as numba has when it is made. Memory: 8 bytes an entry of P, and about
    30 a node of a grid of at most 2,048 x 2,048.
    """

    def __init__(self, joint: sparse.csr_array):
        n = joint.shape[0]
        # Unsigned indices: with signed ones a loop would test for negative ones, and not be vectorised.
        self._starts, self._columns = joint.indptr.astype(np.uint64), joint.indices.astype(np.uint32)
        self._probabilities = joint.data.astype(np.float32)
        known = joint.data[joint.data > 0]
        self._mass, self._own = float(known.sum()), float((known * np.log(known)).sum())
        self._sorted = np.empty(n, dtype=np.uint32)
        self._placed = np.empty((2, n), dtype=np.float32)
        self._affinities = np.empty(n, dtype=np.float32)
        self._grid: Grid | None = None
        self._field = self._spectrum = np.empty((0, 0))
        self._threads = numba.get_num_threads()
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None

    def forces(self, points: np.ndarray, attraction: np.ndarray, repulsion: np.ndarray) -> float:
        """Write the sums over others of p w (y_i - y_j) and of w^2 (y_i - y_j); return that of w over all pairs.

        w = 1 / (1 + |y_i - y_j|^2). points: (3, n) float32, the last row 0. attraction, repulsion: (3, n) float64.
        """
        _attract(self._starts, self._columns, self._probabilities, points, attraction)
        return self._repel(points, repulsion)

    def divergence(self, coordinates: np.ndarray) -> float:
        """KL(P || Q) in nat, P over the graph and Q over all pairs, for points (3, n) float64. Q's normaliser is interpolated."""
        n = coordinates.shape[1]
        stretches = np.empty(n)
        _stretches(self._starts, self._columns, self._probabilities, coordinates, stretches)
        normaliser = self._repel(coordinates.astype(np.float32), np.empty((3, n)))
        return float(self._own + stretches.sum() + np.log(normaliser) * self._mass)

    def _repel(self, points, repulsion):
        n = points.shape[1]
        lowest, highest = _bounds(points)
        if not (np.isfinite(lowest).all() and np.isfinite(highest).all()):
            repulsion[:] = np.nan
            return np.nan
        spans = highest.astype(np.float64) - lowest
        if self._grid is None or not self._grid.fits(spans):
            self._grid = new_grid(points, lowest, spans)
            self._field = np.empty((self._grid.nodes[0], self._grid.lengths[1]), dtype=np.float32)
            self._spectrum = np.empty((self._grid.nodes[0], self._grid.lengths[1] // 2 + 1), dtype=np.complex64)
        grid, inverse = self._grid, np.float32(1 / self._grid.spacing)
        starts = _sort_by_cell(points, lowest, inverse, grid.cells, self._sorted, self._placed)
        _spread(self._placed, starts, grid.cells, lowest, inverse, self._field)
        convolve(grid, self._field, self._spectrum, self._pool, self._threads)
        _gather(self._placed, self._sorted, lowest, inverse, self._field, repulsion, self._affinities)
        if grid.cutoff:
            cutoff = np.float32(grid.cutoff)
            _add_near_pairs(self._placed, self._sorted, starts, grid.cells, cutoff, repulsion, self._affinities)
        # Less the affinity of 1 of each point with itself. Where others add nothing that a float32 can hold, none is left.
        normaliser = float(self._affinities.sum(dtype=np.float64)) + n * (n * grid.shift) - n
        return normaliser if normaliser > 0 else np.nan


@njit(cache=True)
def _bounds(points):
    """The lowest and the highest x and y, NaN where a value is not finite."""
    bounds = np.empty((2, 2), dtype=np.float32)
    for axis in range(2):
        low, high, total = points[axis, 0], points[axis, 0], np.float32(0)
        for value in points[axis]:
            low, high = min(low, value), max(high, value)
            total += value * np.float32(0)
        bounds[0, axis], bounds[1, axis] = low + total, high + total
    return bounds[0], bounds[1]


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "arcp"})
def _attract(starts, columns, probabilities, points, attraction):
    # Numbering the points along their places, so that neighbours are near in memory, made this a fifth slower.
    xs, ys = points[0], points[1]
    for own in prange(len(xs)):
        x, y = xs[own], ys[own]
        pulled_x, pulled_y = F(0), F(0)
        for entry in range(starts[own], starts[own + 1]):
            other = columns[entry]
            dx, dy = x - xs[other], y - ys[other]
            pull = probabilities[entry] / (F(1) + dx * dx + dy * dy)
            pulled_x += pull * dx
            pulled_y += pull * dy
        attraction[0, own], attraction[1, own], attraction[2, own] = pulled_x, pulled_y, 0.0


@njit(parallel=True, cache=True)
def _stretches(starts, columns, probabilities, coordinates, stretches):
    """The sum over the neighbours of each point of p log(1 + |y_i - y_j|^2)."""
    for own in prange(len(stretches)):
        total = 0.0
        for entry in range(starts[own], starts[own + 1]):
            other = columns[entry]
            dx, dy = coordinates[0, own] - coordinates[0, other], coordinates[1, own] - coordinates[1, other]
            total += probabilities[entry] * np.log1p(dx * dx + dy * dy)
        stretches[own] = total


@njit(cache=True)
def _cell(position):
    """The cell of a position in nodes. Two of them lie between multiples of the cutoff, exactly: strips depend on it."""
    two = int(position) // CUTOFF
    return 2 * two + int(position - F(CUTOFF * two) >= F(CUTOFF / 2))


@njit(cache=True)
def _sort_by_cell(points, lowest, inverse, across, order, placed):
    """Sort points by cell, in each by number: write order and coordinates; return where each cell begins."""
    n = points.shape[1]
    starts = np.zeros(across[0] * across[1] + 1, dtype=np.uint32)
    of_points = np.empty(n, dtype=np.uint32)
    for point in range(n):
        row = _cell((points[0, point] - lowest[0]) * inverse + F(BELOW))
        column = _cell((points[1, point] - lowest[1]) * inverse + F(BELOW))
        of_points[point] = row * across[1] + column
        starts[row * across[1] + column + 1] += 1
    for cell in range(across[0] * across[1]):
        starts[cell + 1] += starts[cell]
    free = starts[:-1].copy()
    for point in range(n):
        cell = of_points[point]
        place = free[cell]
        free[cell] = place + 1
        order[place] = point
        placed[0, place], placed[1, place] = points[0, point], points[1, point]
    return starts


@njit(cache=True, fastmath={"reassoc", "contract"})
def _weights(t):
    """The B-spline of order 6 at the nodes -2 to 3 from a point at t, 0 <= t < 1."""
    s, unit = F(1) - t, F(1 / 120)
    return (
        unit * (s * s) * (s * s) * s,
        unit * (F(1) + s * (F(5) + s * (F(10) + s * (F(10) + s * (F(5) - F(5) * s))))),
        unit * (F(26) + s * (F(50) + s * (F(20) + s * (F(-20) + s * (F(-20) + F(10) * s))))),
        unit * (F(26) + t * (F(50) + t * (F(20) + t * (F(-20) + t * (F(-20) + F(10) * t))))),
        unit * (F(1) + t * (F(5) + t * (F(10) + t * (F(10) + t * (F(5) - F(5) * t))))),
        unit * (t * t) * (t * t) * t,
    )


@njit(cache=True, fastmath={"reassoc", "contract"})
def _slopes(t):
    """The derivatives of the weights by t."""
    s, unit = F(1) - t, F(1 / 24)
    return (
        -unit * (s * s) * (s * s),
        -unit * (F(1) + s * (F(4) + s * (F(6) + s * (F(4) - F(5) * s)))),
        -unit * (F(10) + s * (F(8) + s * (F(-12) + s * (F(-16) + F(10) * s)))),
        unit * (F(10) + t * (F(8) + t * (F(-12) + t * (F(-16) + F(10) * t)))),
        unit * (F(1) + t * (F(4) + t * (F(6) + t * (F(4) - F(5) * t)))),
        unit * (t * t) * (t * t),
    )


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _spread(placed, starts, across, lowest, inverse, field):
    """Write the sum of the weights of all points at every node.

    Two rows of cells are higher than a spline is wide, so they reach into the next two only: every other two come first.
    """
    pairs = (across[0] + 1) // 2
    for later in range(2):
        for half in prange((pairs + 1 - later) // 2):
            row = 2 * (2 * half + later)
            if later == 0:
                # From its own lowest node to that of the next pair that comes now.
                last = CUTOFF * (2 * half + 2) - BELOW if 2 * half + 2 < pairs else field.shape[0]
                field[max(CUTOFF * 2 * half - BELOW, 0) : last] = F(0)
            for place in range(starts[row * across[1]], starts[min(row + 2, across[0]) * across[1]]):
                u = (placed[0, place] - lowest[0]) * inverse + F(BELOW)
                v = (placed[1, place] - lowest[1]) * inverse + F(BELOW)
                left, low = int(u), int(v)
                along_x, along_y = _weights(u - F(left)), _weights(v - F(low))
                for down in range(ORDER):
                    nodes = field[left - BELOW + down]
                    for right in range(ORDER):
                        nodes[low - BELOW + right] += along_x[down] * along_y[right]


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _gather(placed, order, lowest, inverse, field, repulsion, affinities):
    """Read forces and affinities off the potential."""
    half = F(-0.5) * inverse
    for block in prange((len(order) + BLOCK - 1) // BLOCK):
        for place in range(block * BLOCK, min(len(order), (block + 1) * BLOCK)):
            u, v = (placed[0, place] - lowest[0]) * inverse + F(BELOW), (placed[1, place] - lowest[1]) * inverse + F(BELOW)
            left, low = int(u), int(v)
            along_x, along_y = _weights(u - F(left)), _weights(v - F(low))
            slope_x, slope_y = _slopes(u - F(left)), _slopes(v - F(low))
            total, by_x, by_y = F(0), F(0), F(0)
            for down in range(ORDER):
                nodes = field[left - BELOW + down]
                of_row, slope_of_row = F(0), F(0)
                for right in range(ORDER):
                    of_row += along_y[right] * nodes[low - BELOW + right]
                    slope_of_row += slope_y[right] * nodes[low - BELOW + right]
                total += along_x[down] * of_row
                by_x += slope_x[down] * of_row
                by_y += along_x[down] * slope_of_row
            point = order[place]
            repulsion[0, point], repulsion[1, point], repulsion[2, point] = half * by_x, half * by_y, 0.0
            affinities[point] = total


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "arcp"})
def _add_near_pairs(placed, order, starts, across, cutoff, repulsion, affinities):
    """Add what the potential lacks of pairs in cells that are at most two apart.

    The points around a cell are copied next to each other, for all in the cell: one long loop a point, which is vectorised well.
    """
    squared_cutoff = cutoff * cutoff
    scale = F(1) / (F(1) + squared_cutoff)
    for row in prange(across[0]):
        above, below = max(row - 2, 0), min(row + 2, across[0] - 1)
        most = 0
        for column in range(across[1]):
            first, last = max(column - 2, 0), min(column + 2, across[1] - 1)
            count = 0
            for beside in range(above, below + 1):
                count += starts[beside * across[1] + last + 1] - starts[beside * across[1] + first]
            most = max(most, count)
        xs, ys = np.empty(most, dtype=np.float32), np.empty(most, dtype=np.float32)
        for column in range(across[1]):
            cell = row * across[1] + column
            if starts[cell] == starts[cell + 1]:
                continue
            first, last = max(column - 2, 0), min(column + 2, across[1] - 1)
            count = 0
            for beside in range(above, below + 1):
                for other in range(starts[beside * across[1] + first], starts[beside * across[1] + last + 1]):
                    xs[count], ys[count] = placed[0, other], placed[1, other]
                    count += 1
            for place in range(starts[cell], starts[cell + 1]):
                x, y = placed[0, place], placed[1, place]
                pushed_x, pushed_y, total = F(0), F(0), F(0)
                for other in range(count):
                    dx, dy = x - xs[other], y - ys[other]
                    squared = dx * dx + dy * dy
                    affinity = F(1) / (F(1) + squared)
                    inside = max(F(0), (squared_cutoff - squared) * scale)
                    power = inside**DEGREE
                    total += affinity * inside * power
                    # -d/ds of x^(m + 1) / (1 + s), times y_i - y_j
                    push = affinity * power * (affinity * inside + F(DEGREE + 1) * scale)
                    pushed_x += push * dx
                    pushed_y += push * dy
                point = order[place]
                repulsion[0, point] += pushed_x
                repulsion[1, point] += pushed_y
                affinities[point] += total
