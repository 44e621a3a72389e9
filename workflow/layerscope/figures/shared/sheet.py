"""A figure as a sheet of one or two columns of print: panels that wrap, keys below them, a title above."""

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from layerscope.figures.shared.fonts import LATIN, use_fallbacks
from layerscope.figures.shared.style import COLUMN, DIGITS, LARGEST, PAGE, SMALLEST, lay_out, settle

POINTS_PER_INCH = 72
# The blanks at which no line ends: between a word and its number, a number and its sign. What a pattern looks back at must all be
# of one length: four letters, the last ones of seed, layer, epoch, filter and accuracy.
TOGETHER = re.compile(r"(?<=seed|ayer|poch|lter| hit|racy|.n =) (?=[\d(])|(?<=←) | (?=[%→])|(?<=neighborhood) (?=hit)")
# The most inches that panels of images take of the height of a page of print.
TALLEST = 7.5
# Between keys, and between the lowest key and the edge, in inches.
GAP = 0.04
# What an axis takes to the left of the panels of a row, in inches.
BESIDE = 0.6
# The gaps around the picture of an entry of a key, in inches, and its width in letters: dashes are seen only where two fit.
AROUND_HANDLE = 0.16
HANDLE, DASHED_HANDLE = 2.0, 3.2
# The most rows of a key; a longer one is said in words by whoever draws it.
LONGEST_KEY = 40


def shape(count: int, least: float, most: int | None = None) -> tuple[int, int, float]:
    """(rows, columns, inches of width) of `count` panels, each at least `least` inches wide: one column of print, if they fit.

    most: of columns. Rows are filled evenly.
    """
    fit = max(1, int((PAGE + 1e-9) // least))
    across = min(count, fit, most or count)
    down = -(-count // across)
    across = -(-count // down)
    return down, across, COLUMN if across * least <= COLUMN else PAGE


def panels(down: int, across: int, width: float, height: float, **sharing) -> tuple[Figure, np.ndarray]:
    """A figure with panels (down, across), and `height` inches for each until `fit` knows what stands around them."""
    return plt.subplots(down, across, figsize=(width, height * down + 0.5), squeeze=False, **sharing)


def inside(width: float, across: int) -> float:
    """About how wide the panels of a row are in inches, where an axis with its label and numbers stands to their left."""
    return (width - BESIDE) / across - GAP


def leave_out(axes: Iterable) -> None:
    """Draw nothing in panels that nothing is left for."""
    for axis in axes:
        axis.set_axis_off()


@cache
def inches_of(text: str, size: float) -> float:
    """The width of a line of text of a size in points."""
    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(family=LATIN, size=size), ismath=False)
    return width / POINTS_PER_INCH


def wrapped(text: str, inches: float, size: float) -> str:
    """Text in lines of no more than so many inches, as far as its words allow; the lines of about one length."""
    words = TOGETHER.sub("\u00a0", text).split(" ")
    lines = _lines(words, inches, size)
    narrow = max(inches_of(word, size) for word in words)
    for share in np.linspace(0.5, 1, 11):
        width = max(narrow, share * inches)
        if len(_lines(words, width, size)) == len(lines):
            lines = _lines(words, width, size)
            break
    return "\n".join(lines).replace("\u00a0", " ")


def _lines(words: Sequence[str], inches: float, size: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and inches_of(longer, size) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def set_title(figure: Figure, text: str) -> None:
    """Set a title above all panels, in lines that fit the width."""
    figure.suptitle(wrapped(text, figure.get_figwidth() - 0.1, LARGEST), fontsize=LARGEST)


def add_key(figure: Figure, handles: Sequence, labels: Sequence[str] | None = None, title: str = "") -> None:
    """Add a key below the panels, read line by line; `fit` places it. labels: None for those of the handles."""
    if not handles:
        return
    labels = [str(handle.get_label()) for handle in handles] if labels is None else labels
    dashed = any(isinstance(handle, Line2D) and handle.get_linestyle() in ("--", "-.") for handle in handles)
    letters = DASHED_HANDLE if dashed else HANDLE
    one = max(inches_of(label, SMALLEST) for label in labels) + letters * SMALLEST / POINTS_PER_INCH + AROUND_HANDLE
    most = max(1, min(len(handles), int((figure.get_figwidth() - 0.1) / one)))
    lines = math.ceil(len(handles) / most)
    across = math.ceil(len(handles) / lines)
    # Matplotlib fills a key column by column.
    by_column = [number for column in range(across) for number in range(column, len(handles), across)]
    figure.legend(
        [handles[number] for number in by_column],
        [labels[number] for number in by_column],
        loc="lower center",
        ncols=across,
        title=title or None,
        handlelength=letters,
    )


def fit(figure: Figure, axes, height: float | None = None) -> None:
    """Place the keys below the panels, choose the figure's height so that panels are `height` inches high, and settle all places.

    axes: the panels that are measured, or one of them. height: None for square panels, as high as they are wide.
    """
    use_fallbacks(figure)
    axes = np.atleast_1d(axes)
    specs = [axis.get_subplotspec() for axis in axes.flat]
    rows = max(spec.get_gridspec().nrows / len(spec.rowspan) for spec in specs)
    for _ in range(3):
        _place_keys(figure)
        lay_out(figure)
        # The places for panels, of which square panels or images may fill a part.
        place = min((axis.get_position(original=True) for axis in axes.flat), key=lambda place: place.height)
        wanted = place.width * figure.get_figwidth() if height is None else height
        missing = wanted - place.height * figure.get_figheight()
        if abs(missing) < 0.02:
            break
        figure.set_figheight(round(max(0.8, figure.get_figheight() + rows * missing), DIGITS))
    _place_keys(figure)
    settle(figure)


def _place_keys(figure: Figure) -> None:
    """Place the keys at the bottom: side by side if they fit, otherwise the first one on top. The panels keep clear of them."""
    keys = figure.legends
    if not keys:
        return
    boxes = [key.get_window_extent() for key in keys]
    widths, heights = ([getattr(box, side) / figure.dpi for box in boxes] for side in ("width", "height"))
    width, height = figure.get_size_inches()
    if sum(widths) + GAP * len(keys) <= width:
        left = (width - sum(widths) - GAP * (len(keys) - 1)) / 2
        used = max(heights) + 2 * GAP
        for key, wide, high in zip(keys, widths, heights, strict=True):
            _put(key, left / width, (used - GAP - high) / height)
            left += wide + GAP
    else:
        used = GAP
        for key, wide, high in reversed(list(zip(keys, widths, heights, strict=True))):
            _put(key, (width - wide) / 2 / width, used / height)
            used += high + GAP
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, used / height, 1, 1 - used / height))


def _put(key: Legend, left: float, bottom: float) -> None:
    key.set_loc("lower left")
    key.set_bbox_to_anchor((left, bottom))
    key.borderaxespad = 0
    key.set_in_layout(False)
