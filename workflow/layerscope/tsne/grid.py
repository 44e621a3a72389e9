"""Grids on which the kernel of t-SNE's repulsion is applied by Fourier transforms, and the choice among them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ducc0
import numpy as np
from numba import njit

# Outside of jobs numba keeps what it has compiled of interpolated.py until that file changes:
# whoever changes ORDER to DEGREE touches it too.

# Nodes along each axis that a point is spread over, by a B-spline; so many of them lie below it.
ORDER, BELOW = 6, 2
# That spline at 0, 1 and 2 nodes from its centre.
SPLINE = (66 / 120, 26 / 120, 1 / 120)
# The cutoff in nodes. A cell is half as wide: points nearer than the cutoff lie in a cell and up to two cells beside it.
CUTOFF = 8
# The degree of the polynomial that stands for the kernel within the cutoff.
DEGREE = 7
# The spacing of a grid for the whole kernel, at most, and those of grids for the kernel without its peak; these
# may be doubled. The gradient differs from the exact one by at most 3e-4 of its norm over a descent of 10,000 images, and by less
# with wider spacings, since the cutoff is wider too.
WHOLE_SPACING = 1 / 6
SMOOTH_SPACINGS = (1 / 3, 2 / 5, 1 / 2)
# A small embedding has this many nodes across, and the largest one no more than so many.
FEWEST_NODES, MOST_NODES = 48, 2048
# Coordinates in units of a smaller spacing would overflow float32.
LEAST_SPACING = 1e-9
# Nodes between the grid and its periodic image, where the kernel has a kink.
MARGIN = 16
# A grid is kept until points leave it, or fill less than this share of its longer side. A new one has room to grow.
LEAST_FILLED, ROOM = 0.8, 1.05
# Rows and columns that are transformed at once: always the same, so that they are rounded alike with any number of threads.
ROWS, COLUMNS = 32, 32


@dataclass(frozen=True)
class Grid:
    """A grid and the transform of its kernel.

    spacing: of nodes. cutoff: within it the kernel lacks its peak; 0 where it is whole. nodes: their number along x and y.
    lengths: of the transforms along x and y. kernel: (lengths[0], lengths[1] // 2 + 1) float32, the transform of the kernel over
    the squared one of the spline. shift: a constant that was subtracted from the kernel. It has no slope, and without it the
    potentials of a tiny embedding, all alike, would leave no digits for their differences.
    """

    spacing: float
    cutoff: float
    nodes: tuple[int, int]
    lengths: tuple[int, int]
    kernel: np.ndarray
    shift: float

    @property
    def cells(self) -> tuple[int, int]:
        """The number of cells along x and y."""
        return 2 * (self.nodes[0] // CUTOFF + 1), 2 * (self.nodes[1] // CUTOFF + 1)

    def fits(self, spans: np.ndarray) -> bool:
        """Whether points that span so much along x and y lie within it, and not in a small part of it."""
        needed = [_nodes_across(span, self.spacing) for span in spans]
        inside = all(across <= nodes for across, nodes in zip(needed, self.nodes, strict=True))
        return inside and max(needed) >= LEAST_FILLED * max(self.nodes)


def new_grid(points: np.ndarray, lowest: np.ndarray, spans: np.ndarray) -> Grid:
    """The cheapest accurate grid for points (3, n) float32, whose x and y begin at `lowest` and span `spans`."""
    widest = float(spans.max())
    if widest < FEWEST_NODES * WHOLE_SPACING:
        return _grid(max(widest / FEWEST_NODES, LEAST_SPACING), False, spans)
    finest = widest / MOST_NODES
    choices = [(WHOLE_SPACING, False)] if finest <= WHOLE_SPACING else []
    doublings = range(int(np.log2(widest / SMOOTH_SPACINGS[0] / FEWEST_NODES)) + 1)
    choices += [(max(spacing * 2**times, finest), True) for times in doublings for spacing in SMOOTH_SPACINGS]
    costs = [_cost(points, lowest, spans, *choice) for choice in choices]
    return _grid(*choices[int(np.argmin(costs))], spans)


def convolve(grid: Grid, field: np.ndarray, spectrum: np.ndarray, pool: ThreadPoolExecutor | None, threads: int) -> None:
    """Replace charges on the nodes by their potential, by a Fourier transform with zeros behind the nodes.

    field: (nodes[0], lengths[1]) float32, 0 behind nodes[1]. spectrum: (nodes[0], lengths[1] // 2 + 1) complex64, overwritten.
    The transforms along y leave out the rows of zeros, and on the way back the rows that nobody reads.
    """
    rows = grid.nodes[0]

    def along_y(start):
        part = slice(start, start + ROWS)
        ducc0.fft.r2c(field[part], axes=(1,), nthreads=1, out=spectrum[part])

    def along_x(start):
        part = slice(start, start + COLUMNS)
        padded = np.empty(grid.kernel[:, part].shape, dtype=np.complex64)
        padded[:rows], padded[rows:] = spectrum[:, part], 0
        ducc0.fft.c2c(padded, axes=(0,), nthreads=1, out=padded)
        _multiply(padded, grid.kernel[:, part])
        ducc0.fft.c2c(padded, axes=(0,), forward=False, nthreads=1, out=padded)
        spectrum[:, part] = padded[:rows]

    def back_along_y(start):
        part = slice(start, start + ROWS)
        ducc0.fft.c2r(spectrum[part], axes=(1,), lastsize=grid.lengths[1], forward=False, nthreads=1, out=field[part])

    _share(along_y, range(0, rows, ROWS), pool, threads)
    _share(along_x, range(0, spectrum.shape[1], COLUMNS), pool, threads)
    _share(back_along_y, range(0, rows, ROWS), pool, threads)


def good_length(least: int) -> int:
    """The smallest length of at least so much whose transform is fast: a multiple of 4 without prime factors above 5."""
    found = []
    for odd in (fives * threes for fives in (1, 5, 25, 125) for threes in (1, 3, 9, 27)):
        length = 4 * odd
        while length < least:
            length *= 2
        found.append(length)
    return min(found)


def _nodes_across(span, spacing):
    return int(span / spacing) + ORDER + 1


def _grid(spacing, without_peak, spans):
    lengths = tuple(good_length(int(2 * ROOM * _nodes_across(span, spacing)) + MARGIN) for span in spans)
    nodes = tuple((length - MARGIN) // 2 for length in lengths)
    cutoff = CUTOFF * spacing if without_peak else 0.0
    extent = float(spacing * np.hypot(*nodes))
    return Grid(spacing, cutoff, nodes, lengths, _kernel(spacing, cutoff, lengths, extent), 1 / (1 + extent * extent))


def _kernel(spacing, cutoff, lengths, extent):
    """The transform of 1 / (1 + r^2) - 1 / (1 + extent^2) on a periodic grid, without its peak below the cutoff.

    The kernel is even along both axes, so its transform is the cosine transform of a quarter of it.
    """
    x, y = (np.square(np.arange(length // 2 + 1) * spacing) for length in lengths)
    squared = x[:, None] + y
    # The difference in one fraction, without cancellation.
    values = (extent * extent - squared) / ((1 + squared) * (1 + extent * extent))
    if cutoff:
        near = slice(int(cutoff / spacing) + 1)
        within = squared[near, near]
        inside = np.maximum(0, (cutoff * cutoff - within) / (1 + cutoff * cutoff))
        values[near, near] -= inside ** (DEGREE + 1) / (1 + within)
    quarter = ducc0.fft.dct(values, type=1, axes=(0, 1), nthreads=1)
    along_x, along_y = (_spline_transform(length) for length in lengths)
    quarter /= np.square(along_x[:, None] * along_y) * (lengths[0] * lengths[1])
    rows = np.arange(lengths[0])
    return quarter.astype(np.float32)[np.minimum(rows, lengths[0] - rows)]


def _spline_transform(length):
    angles = 2 * np.pi * np.arange(length // 2 + 1) / length
    return SPLINE[0] + 2 * SPLINE[1] * np.cos(angles) + 2 * SPLINE[2] * np.cos(2 * angles)


def _cost(points, lowest, spans, spacing, without_peak):
    """Of transforms and near pairs: a node took half as long, for each bit of their number, as a pair (0.3 and 0.6 ns)."""
    x, y = (2 * _nodes_across(span, spacing) + MARGIN for span in spans)
    pairs = 0
    if without_peak:
        side = CUTOFF / 2 * spacing
        pairs = _near_pairs(points, lowest, np.float32(1 / side), tuple(int(span / side) + 1 for span in spans))
    return x * y * np.log2(x * y) / 2 + pairs


def _share(work: Callable[[int], None], starts: Iterable[int], pool: ThreadPoolExecutor | None, threads: int) -> None:
    """Call work for every start, on several threads where there is a pool of them; a free thread takes the next start."""
    waiting = iter(starts)

    def some(_):
        for start in waiting:
            work(start)

    for _ in pool.map(some, range(threads)) if pool else map(some, range(1)):
        pass


@njit(cache=True, nogil=True)
def _multiply(spectrum, kernel):
    for row in range(spectrum.shape[0]):
        for column in range(spectrum.shape[1]):
            spectrum[row, column] *= kernel[row, column]


@njit(cache=True)
def _near_pairs(points, lowest, inverse, shape):
    """How many pairs of points lie in cells that are at most two apart."""
    counts = np.zeros((shape[0] + 5, shape[1] + 5), dtype=np.int64)
    for point in range(points.shape[1]):
        row, column = int((points[0, point] - lowest[0]) * inverse), int((points[1, point] - lowest[1]) * inverse)
        counts[row + 2, column + 2] += 1
    pairs = 0
    for row in range(2, shape[0] + 3):
        for column in range(2, shape[1] + 3):
            if counts[row, column] > 0:
                pairs += counts[row, column] * counts[row - 2 : row + 3, column - 2 : column + 3].sum()
    return pairs
