"""What pictures of embeddings share: points in the colours of their classes, named where they lie, and their table."""

import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope import store


def scatter_classes(axis, stored: store.Stored, labels: np.ndarray, classes: list[str], palette: list, size: float) -> None:
    """The points of one embedding in a framed panel without ticks; each class named at the median of its points.

    Points are rasterised, also in an SVG. A status that is not ok stands at the bottom.
    """
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(True)
    axis.spines[:].set_linewidth(0.4)
    points = stored.array
    axis.scatter(points[:, 0], points[:, 1], s=size, c=[palette[label] for label in labels], linewidths=0, rasterized=True)
    for label, name in enumerate(classes):
        own = points[labels == label]
        if len(own):
            x, y = np.median(own, axis=0)
            text = axis.text(x, y, name, fontsize=6, weight="bold", color="0.1", ha="center", va="center")
            text.set_path_effects([effects.withStroke(linewidth=1.5, foreground="white")])
    status = str(stored.attributes["status"])
    if status != "ok":
        axis.text(0.5, 0.02, status, transform=axis.transAxes, fontsize=5, ha="center")


def class_legend(figure: Figure, classes: list[str], palette: list) -> None:
    """The colours of the classes, below all panels."""
    handles = [Line2D([], [], linestyle="none", marker="o", color=colour) for colour in palette]
    across = max(2, int(figure.get_figwidth() / 1.1))
    figure.legend(handles, classes, loc="outside lower center", ncols=across, fontsize=6, markerscale=0.5)


def coordinates(stored: store.Stored, labels: np.ndarray, index: np.ndarray) -> pd.DataFrame:
    """One row a point: epoch, layer, filter, index (row in the split), label, x, y."""
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
