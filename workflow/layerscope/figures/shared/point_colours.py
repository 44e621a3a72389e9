"""Shared by figures of embeddings: what the colours of points tell, their classes or the values of one target."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure

from layerscope import store
from layerscope.figures.shared.class_names import name_classes
from layerscope.figures.shared.class_scatter import (
    class_key,
    coordinates,
    frame,
    named,
    scatter_classes,
    show_all,
    write_status,
)
from layerscope.figures.shared.names import words
from layerscope.figures.shared.style import RAMP, colours


@dataclass(frozen=True)
class PointColours:
    """The colours of the observations of one sample.

    labels: (n,) int64, the classes. classes, palette: name and colour of each. Of a regression: values: (n,) float64 of the
    target of that name, in its own units; scale: of the colours. labels is then None.
    """

    labels: np.ndarray | None
    classes: list[str]
    palette: list
    values: np.ndarray
    target: str
    scale: ScalarMappable

    @property
    def shades(self) -> np.ndarray:
        """(n, 3) the colour of each observation."""
        if self.labels is None:
            return self.scale.to_rgba(self.values)[:, :3]
        return np.array([to_rgb(self.palette[label]) for label in self.labels])


def point_colours(
    sources: Mapping[str, list[str]], target: str | None = None, palette: list | None = None
) -> dict[str, PointColours]:
    """The colours of the observations of each of some activations files, those of targets on one scale.

    sources: file → the classes of its dataset. target: the name of the target that is shown, None for the first. palette: of the
    classes.
    """
    found = {source: store.read_targets(source) for source in sources}
    shown = {source: _values(targets, target) for source, targets in found.items() if targets is not None}
    ends = [end for _, values in shown.values() for end in (values.min(), values.max())]
    scale = ScalarMappable(Normalize(min(ends, default=0.0), max(ends, default=1.0)), RAMP)
    colouring = {}
    for source, classes in sources.items():
        if source in shown:
            name, values = shown[source]
            colouring[source] = PointColours(None, [], [], values, name, scale)
        else:
            of_classes = palette or colours(len(classes))
            colouring[source] = PointColours(store.read_labels(source), classes, of_classes, np.empty(0), "", scale)
    return colouring


def _values(targets: store.Targets, target: str | None) -> tuple[str, np.ndarray]:
    place = 0 if target is None else targets.names.index(target)
    return targets.names[place], targets.values[:, place]


def scatter_points(
    axis, stored: store.StoredRepresentation, coloured: PointColours, size: float, wrong: np.ndarray | None = None
) -> None:
    """Draw the points of one embedding in a framed panel. wrong: (n,) bool, the misclassified ones, see scatter_classes."""
    if coloured.labels is not None:
        scatter_classes(axis, stored, coloured.labels, coloured.palette, size, wrong)
        return
    frame(axis)
    axis.scatter(*stored.array.T, s=size, c=coloured.shades, linewidths=0, rasterized=True)
    show_all(axis, stored.array)
    write_status(axis, stored)


def name_points(axis, points: np.ndarray, coloured: PointColours) -> None:
    """Write the names of classes among points (n, 2) of a panel whose place is settled; nothing of a regression."""
    if coloured.labels is not None:
        name_classes(axis, points, coloured.labels, named(coloured.classes, coloured.palette))


def explain_colours(figure: Figure, axes, coloured: PointColours, marked: bool = False) -> None:
    """Add the key of classes, or the scale of the target beside the panels. marked: see class_key."""
    if coloured.labels is not None:
        class_key(figure, coloured.classes, coloured.palette, marked)
        return
    figure.colorbar(coloured.scale, ax=axes, label=words(coloured.target), shrink=0.8)
    # The layout makes room for labels before the scale takes its part of the width: square panels in the middle of their places
    # would then be given too little at their left.
    for axis in np.ravel(axes):
        axis.set_anchor("W")


def points_table(stored: store.StoredRepresentation, coloured: PointColours, index: np.ndarray) -> pd.DataFrame:
    """One row per point: epoch, layer, filter, index (row in the split), label or target, x, y."""
    if coloured.labels is not None:
        return coordinates(stored, coloured.labels, index)
    return coordinates(stored, coloured.values, index).rename(columns={"label": "target"})
