"""Shared by figures of embeddings: points in class colours, the key of classes, and the table of points."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.names import plain, short
from layerscope.figures.shared.style import SMALLEST

REST = "0.75"
# The area of the marker of a misclassified observation, relative to the other markers.
MISTAKE_SIZE = 4
# The share of a panel that is left free around the points.
MARGIN = 0.04


def frame(axis) -> None:
    """Draw a thin square frame without ticks, because the coordinates of an embedding have no meaning."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(True)
    axis.spines[:].set_linewidth(0.4)
    axis.set_box_aspect(1)


def show_all(axis, *points: np.ndarray) -> None:
    """Fit a square panel around points (n, 2), with one scale for both axes; what is not finite is passed over."""
    found = np.concatenate([np.asarray(some, dtype=float) for some in points])
    found = found[np.isfinite(found).all(axis=1)]
    low, high = (found.min(axis=0), found.max(axis=0)) if len(found) else (np.zeros(2), np.ones(2))
    middle, half = (low + high) / 2, (0.5 + MARGIN) * ((high - low).max() or 1.0)
    axis.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))


def chosen_class(name: str, classes: list[str]) -> int:
    """The number of a class. Raises StudyError where the dataset has none of that name."""
    if name not in classes:
        raise StudyError(f"class: '{name}' is no class of the dataset; its classes are: {', '.join(classes)}")
    return classes.index(name)


def against_rest(palette: list, label: int) -> list:
    """Class colours that single out one class: it has the first, darkest colour of the palette; all others are grey."""
    return [palette[0] if number == label else REST for number in range(len(palette))]


def mistakes(source: str) -> dict[int, np.ndarray]:
    """Which observations of an activations file are misclassified by its network: epoch -> (n,) bool."""
    labels = store.read_labels(source)
    return {found.epoch: found.classes != labels for found in store.predictions(source) if found.classes is not None}


def scatter_classes(
    axis,
    stored: store.StoredRepresentation,
    labels: np.ndarray,
    palette: list,
    size: float,
    wrong: np.ndarray | None = None,
) -> None:
    """Draw the points of one embedding in a framed panel; names of classes come later (class_names).

    wrong: (n,) bool, the misclassified observations: they are triangles in the colour of their true class, edged in black.
    Points are rasterised, also in an SVG. A status other than ok is written in the panel.
    """
    frame(axis)
    points = stored.array
    shades = np.array([to_rgba(palette[label]) for label in labels])
    right = np.ones(len(points), dtype=bool) if wrong is None else ~wrong
    axis.scatter(*points[right].T, s=size, c=shades[right], linewidths=0, rasterized=True)
    if not right.all():
        large = MISTAKE_SIZE * size
        axis.scatter(*points[~right].T, s=large, c=shades[~right], marker="^", edgecolors="k", linewidths=0.4, rasterized=True)
    show_all(axis, points)
    write_status(axis, stored)


def named(classes: list[str], palette: list) -> list[str]:
    """The names that are written among points: none for classes in grey."""
    return ["" if colour == REST else name for name, colour in zip(classes, palette, strict=True)]


def write_status(axis, stored: store.StoredRepresentation) -> None:
    """Write the status of an embedding, other than ok, into its panel, and how many of its points cannot be shown."""
    status = str(stored.attributes["status"])
    nowhere = int((~np.isfinite(stored.array)).any(axis=1).sum())
    if nowhere:
        status = f"{'' if status == 'ok' else f'{status}: '}{nowhere:,} of {len(stored.array):,} points are nowhere"
    if status != "ok":
        inches = axis.get_position().width * axis.get_figure().get_figwidth()
        text = sheet.wrapped(status, inches, SMALLEST)
        axis.text(0.5, 0.03, text, transform=axis.transAxes, fontsize=SMALLEST, ha="center", va="bottom")


def class_key(figure: Figure, classes: list[str], palette: list, marked: bool = False) -> None:
    """Add the key of class colours, grey classes as one entry. marked: also explain the triangles.

    More classes than a key holds are told by their names among the points alone, and a line says so.
    """
    shown = [(short(plain(name)), colour) for name, colour in zip(classes, palette, strict=True) if colour != REST]
    shown += [("rest", REST)] if REST in palette else []
    handles = [Line2D([], [], linestyle="none", marker="o", markersize=3.5, color=colour) for _, colour in shown]
    names = [name for name, _ in shown]
    if len(names) > sheet.LONGEST_KEY:
        handles = handles[:1]
        names = [f"{names[0]}, the first of {len(names)} classes, in colours around the circle of hues"]
    sheet.add_key(figure, handles, names)
    if marked:
        mark = Line2D([], [], linestyle="none", marker="^", color="0.6", markeredgecolor="k", markeredgewidth=0.5, markersize=5)
        sheet.add_key(figure, [mark], ["misclassified (colour: the true class)"])


def coordinates(stored: store.StoredRepresentation, labels: np.ndarray, index: np.ndarray) -> pd.DataFrame:
    """One row per point: epoch, layer, filter, index (row in the split), label, x, y."""
    return pd.DataFrame(
        {
            "epoch": stored.epoch,
            "layer": stored.layer,
            "filter": "" if stored.filter is None else stored.filter,
            "index": index,
            "label": labels,
            "x": stored.array[:, 0],
            "y": stored.array[:, 1],
        }
    )
