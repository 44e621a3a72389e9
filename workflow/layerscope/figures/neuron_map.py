"""A map of the neurons of one layer by their correlation, in the colour of the class for which each is most important."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_scatter import chosen_class, class_key, frame, show_all
from layerscope.figures.shared.names import layer_name, network_name, plain
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.placing import note_points
from layerscope.figures.shared.style import RAMP, colours
from layerscope.states import state
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "The neurons of one layer by their correlation, coloured by the class they tell best, or by how much they tell "
        "one; a panel a snapshot."
    ),
    "reads": ("neurons", "data"),
    "needs": ("classes",),
    "shows_one": ("network", "sample", "layer"),
    "of": "neurons",
    "names_classes": ("class",),
    "options": {"class": {"$ref": "#/$defs/one_class"}},
}

LEAST_INCHES = 1.6
# Areas of the markers of the least and of the most important neuron.
SMALL, LARGE = 2.0, 26.0
# The importances in the key of sizes, as shares of the largest.
SIZES = (0.1, 0.5, 1.0)
# Importances below this share of the largest have the darkest colour.
LEAST_SHARE = 0.01
# The colour of living neurons with importance for no class, for instance where the sample has one class only.
TELLS_NOTHING = (0.75, 0.75, 0.75, 1.0)


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Snapshots across, untrained first. The most important neuron of each has a ring and its number.

    Each neuron has the colour of the class for which it is most important, and is larger the more important it is; grey means
    none. With `class`, neurons are brighter the more important they are for that class, on a logarithmic scale. Neurons without
    variance are a row of crosses below the map.
    """
    classes = store.describe_data(reads.data[0]).classes
    on = options["on"]
    [layer] = selection.named(on, "layer")
    epochs = chosen_epochs(options)
    shown = [found for found in store.neurons(reads.neurons[0]) if found[0].layer == layer and found[0].epoch in epochs]
    if not shown:
        raise StudyError(f"{reads.neurons[0]} has no neurons of {layer} in what `on` chooses; did the training diverge?")
    down, across, inches = sheet.shape(len(shown), LEAST_INCHES)
    figure, axes = sheet.panels(down, across, inches, inches / across)
    sheet.leave_out(axes.flat[len(shown) :])
    chosen = None if options["class"] is None else chosen_class(options["class"], classes)
    strengths = [_strengths(neurons, chosen) for _, neurons in shown]
    strongest = max(strength.max() for strength in strengths)
    scale = ScalarMappable(LogNorm(LEAST_SHARE * (strongest or 1), strongest or 1), RAMP)
    palette = colours(len(classes))
    tables = []
    for axis, (stored, neurons), strength in zip(axes.flat, shown, strengths, strict=False):
        told = neurons.importances.argmax(axis=0) if chosen is None else np.full(len(strength), chosen)
        share = strength / strongest if strongest > 0 else np.zeros_like(strength)
        if chosen is None:
            shades = [(*palette[label], 1.0) if value else TELLS_NOTHING for label, value in zip(told, share, strict=True)]
        else:
            shades = [tuple(scale.to_rgba(max(value, LEAST_SHARE * strongest))) if value else TELLS_NOTHING for value in strength]
        sizes = SMALL + (LARGE - SMALL) * share if chosen is None else np.full(len(share), 10.0)
        _draw_map(axis, neurons, shades, sizes, strength)
        dead = int((~neurons.living).sum())
        reached = state(stored.epoch, options["snapshots"], options.get("pretrained", False))
        axis.set_title(f"{reached}{f' (epoch {stored.epoch})' if stored.epoch else ''}{f', {dead} dead' if dead else ''}")
        tables.append(
            pd.DataFrame(
                {
                    "epoch": stored.epoch,
                    "layer": layer,
                    "neuron": np.arange(len(told)),
                    "living": neurons.living,
                    "x": neurons.points[:, 0],
                    "y": neurons.points[:, 1],
                    "class": [classes[label] if value else "" for label, value in zip(told, strength, strict=True)],
                    "importance": strength,
                }
            )
        )
    keys = store.file_params(reads.neurons[0])["keys"]
    if chosen is None:
        class_key(figure, classes, palette)
        told_by = "in the colour of the class that they tell best, larger the better they tell it"
    else:
        bar = figure.colorbar(scale, ax=axes, label="importance (grey: 0)", shrink=0.8)
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
        told_by = f"by how much they tell {plain(str(options['class']))} from the rest"
    _add_key(figure, strongest, sizes=chosen is None, dead=any((~neurons.living).any() for _, neurons in shown))
    depth = shown[0][0].depth
    sheet.set_title(figure, options["title"] or f"Neurons of {layer_name(depth, layer)}, {network_name(keys)}, {told_by}")
    sheet.fit(figure, axes.flat[: len(shown)])
    for axis, (_, neurons), strength in zip(axes.flat, shown, strengths, strict=False):
        _note_best(axis, neurons, strength)
    return figure, pd.concat(tables, ignore_index=True)


def _add_key(figure: Figure, strongest: float, sizes: bool, dead: bool) -> None:
    """A key of sizes, of the ring and of the crosses."""
    handles, labels = [], []
    for share in SIZES if sizes and strongest > 0 else ():
        side = (SMALL + (LARGE - SMALL) * share) ** 0.5
        handles.append(Line2D([], [], linestyle="none", marker="o", color="0.5", markeredgewidth=0, markersize=side))
        labels.append(f"importance {share * strongest:.2g}")
    if strongest > 0:
        handles.append(
            Line2D([], [], linestyle="none", marker="o", markerfacecolor="none", color="k", markersize=6, markeredgewidth=0.8)
        )
        labels.append("most important, with its number")
    if dead:
        handles.append(Line2D([], [], linestyle="none", marker="x", color="0.4", markersize=3.5, markeredgewidth=0.7))
        labels.append("dead (no variance)")
    sheet.add_key(figure, handles, labels)


def _note_best(axis, neurons: store.Neurons, strength: np.ndarray) -> None:
    """Draw a ring around the most important neuron of a map, with its number; none where no neuron tells anything."""
    best = int(np.where(neurons.living, strength, -1).argmax())
    if strength[best] > 0 and np.isfinite(neurons.points[best]).all():
        axis.plot(*neurons.points[best], "o", markerfacecolor="none", color="k", markersize=6, markeredgewidth=0.8)
        note_points(axis, neurons.points[[best]], [str(best)])


def _strengths(neurons: store.Neurons, chosen: int | None) -> np.ndarray:
    """(d,) each neuron's importance for the chosen class, or its largest for any; 0 for a class not in the sample."""
    if chosen is None:
        return neurons.importances.max(axis=0)
    return neurons.importances[chosen] if chosen < len(neurons.importances) else np.zeros(neurons.importances.shape[1])


def _draw_map(axis, neurons: store.Neurons, shades: list, sizes: np.ndarray, strength: np.ndarray) -> None:
    living = neurons.living
    points = neurons.points[living]
    dead = int((~living).sum())
    frame(axis)
    # Large markers first, so that small ones are seen; of one size the important ones last.
    order = np.lexsort((strength[living], -sizes[living]))
    own = [shade for shade, lives in zip(shades, living, strict=True) if lives]
    axis.scatter(*points[order].T, s=sizes[living][order], c=[own[place] for place in order], linewidths=0)
    left, right = (points[:, 0].min(), points[:, 0].max()) if len(points) else (0.0, 1.0)
    lowest = points[:, 1].min() if len(points) else 0.0
    spread = np.ptp(points, axis=0).max() if len(points) else 0.0
    below = np.column_stack([np.linspace(left, right, dead), np.full(dead, lowest - 0.1 * (spread or 1.0))])
    axis.plot(*below.T, "x", color="0.4", markersize=3, markeredgewidth=0.6)
    show_all(axis, points, below)
