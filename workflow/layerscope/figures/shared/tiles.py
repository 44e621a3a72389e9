"""Many small images in one panel, in rows and columns that are named: as many panels would take minutes to lay out."""

from collections.abc import Mapping, Sequence

import numpy as np

from layerscope.figures.shared.style import SMALLEST

# The share of its cell that an image fills.
FILLED = 0.92


def draw_tiles(axis, images: Mapping[tuple[int, int], np.ndarray], rows: int, columns: int, below: float = 0.0, **shown) -> None:
    """Draw images, by their row and column, in square cells of side 1. below: room under each row, in sides of a cell.

    shown: what matplotlib's imshow takes, for instance the colours and their range.
    """
    for (row, column), image in images.items():
        height, width = (FILLED * side / max(image.shape[:2]) for side in image.shape[:2])
        left, top = column + (1 - width) / 2, row * (1 + below) + (1 - height) / 2
        axis.imshow(image, extent=(left, left + width, top + height, top), interpolation="nearest", **shown)
    axis.set(xlim=(0, columns), ylim=(rows * (1 + below), 0), aspect="equal")
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)


def name_columns(axis, names: Sequence[str], upright: bool = False) -> None:
    """Write names above the columns. upright: turned, because they are long."""
    axis.xaxis.tick_top()
    axis.set_xticks(np.arange(len(names)) + 0.5, names, fontsize=SMALLEST, rotation=90 if upright else 0)
    axis.tick_params(axis="x", length=0)


def name_rows(axis, names: Sequence[str], below: float = 0.0) -> None:
    """Write names to the left of the rows. below: see draw_tiles."""
    axis.set_yticks(np.arange(len(names)) * (1 + below) + 0.5, names, fontsize=SMALLEST)
    axis.tick_params(axis="y", length=0)
