"""Shared by figures of embeddings: points in class colours with class names among them, legends, and the table of points."""

import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures.shared.style import make_room

REST = "0.75"
# The area of the marker of a misclassified observation, relative to the other markers.
MISTAKE_SIZE = 4


def frame(axis) -> None:
    """Draw a thin frame without ticks, because the coordinates of an embedding have no meaning."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(True)
    axis.spines[:].set_linewidth(0.4)


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
    classes: list[str],
    palette: list,
    size: float,
    wrong: np.ndarray | None = None,
) -> None:
    """Draw the points of one embedding in a framed panel, with the name of each class that is not grey among its points.

    wrong: (n,) bool, the misclassified observations: they are triangles in the colour of their true class, edged in black.
    Points are rasterised, also in an SVG. A status other than ok is written at the bottom.
    """
    frame(axis)
    points = stored.array
    shades = np.array([to_rgba(palette[label]) for label in labels])
    right = np.ones(len(points), dtype=bool) if wrong is None else ~wrong
    axis.scatter(*points[right].T, s=size, c=shades[right], linewidths=0, rasterized=True)
    if not right.all():
        large = MISTAKE_SIZE * size
        axis.scatter(*points[~right].T, s=large, c=shades[~right], marker="^", edgecolors="k", linewidths=0.4, rasterized=True)
    name_classes(axis, points, labels, ["" if colour == REST else name for name, colour in zip(classes, palette, strict=True)])
    write_status(axis, stored)


def write_status(axis, stored: store.StoredRepresentation) -> None:
    """Write the status of an embedding, other than ok, at the bottom of its panel."""
    status = str(stored.attributes["status"])
    if status != "ok":
        axis.text(0.5, 0.02, status, transform=axis.transAxes, fontsize=5, ha="center")


def name_classes(axis, points: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
    """Write the name of each class that occurs at the one of its points (n, 2) that is nearest to their median."""
    for label, name in enumerate(names):
        own = points[labels == label]
        if len(own) and name:
            # The median itself may lie between two clusters, among points of another class.
            x, y = own[np.square(own - np.median(own, axis=0)).sum(axis=1).argmin()]
            text = axis.text(x, y, name, fontsize=6, weight="bold", color="0.1", ha="center", va="center")
            text.set_path_effects([effects.withStroke(linewidth=1.5, foreground="white")])


def class_legend(figure: Figure, classes: list[str], palette: list, marked: bool = False) -> None:
    """Draw the legend of class colours below all panels, grey classes as one entry. marked: also explain the triangles."""
    shown = [(name, colour) for name, colour in zip(classes, palette, strict=True) if colour != REST]
    shown += [("rest", REST)] if REST in palette else []
    handles = [Line2D([], [], linestyle="none", marker="o", color=colour) for _, colour in shown]
    classes = [name for name, _ in shown]
    if marked:
        handles.append(Line2D([], [], linestyle="none", marker="^", color="0.6", markeredgecolor="k", markeredgewidth=0.5))
        classes = [*classes, "misclassified"]
    across = max(2, int(figure.get_figwidth() / 1.1))
    make_room(figure, len(handles), across)
    figure.legend(handles, classes, loc="outside lower center", ncols=across, fontsize=6, markerscale=0.5)


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
