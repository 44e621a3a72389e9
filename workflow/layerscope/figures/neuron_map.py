"""A map of the neurons of one layer by their correlation, in the colour of the class for which each is most important."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared.class_scatter import chosen_class, class_legend, frame
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.style import RAMP, colours, network_name, set_title
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

PANEL_INCHES = 2.6
FAINTEST = 0.15
# The colour of living neurons with importance for no class, for instance where the sample has one class only.
TELLS_NOTHING = (0.75, 0.75, 0.75, 1.0)


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Snapshots across, untrained first. With `class`, neurons are brighter the more important they are for that class.

    Otherwise each neuron has the colour of the class for which it is most important, more opaque with more importance; grey
    means none. Neurons without variance are a row of crosses below the map.
    """
    classes = store.describe_data(reads.data[0]).classes
    on = options["on"]
    [layer] = selection.named(on, "layer")
    epochs = chosen_epochs(options)
    shown = [found for found in store.neurons(reads.neurons[0]) if found[0].layer == layer and found[0].epoch in epochs]
    if not shown:
        raise StudyError(f"{reads.neurons[0]} has no neurons of {layer} in what `on` chooses; did the training diverge?")
    figure, axes = plt.subplots(1, len(shown), figsize=(PANEL_INCHES * len(shown) + 0.4, PANEL_INCHES + 0.8), squeeze=False)
    chosen = None if options["class"] is None else chosen_class(options["class"], classes)
    strengths = [_strengths(neurons, chosen) for _, neurons in shown]
    strongest = max(strength.max() for strength in strengths)
    palette = colours(len(classes))
    tables = []
    for axis, (stored, neurons), strength in zip(axes[0], shown, strengths, strict=True):
        told = neurons.importances.argmax(axis=0) if chosen is None else np.full(len(strength), chosen)
        share = strength / strongest if strongest > 0 else np.zeros_like(strength)
        if chosen is None:
            shades = [
                (*palette[label], max(FAINTEST, value)) if value else TELLS_NOTHING
                for label, value in zip(told, share, strict=True)
            ]
        else:
            shades = [RAMP(value) for value in share]
        _draw_map(axis, neurons, shades)
        dead = int((~neurons.living).sum())
        reached = state(stored.epoch, options["snapshots"], options.get("pretrained", False))
        axis.set_title(f"{reached} (epoch {stored.epoch}){f', {dead} dead' if dead else ''}")
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
        class_legend(figure, classes, palette)
        told_by = "coloured by the class they tell best"
    else:
        figure.colorbar(ScalarMappable(Normalize(0, strongest), RAMP), ax=axes, label="importance", shrink=0.8)
        told_by = f"by how much they tell {options['class']} from the rest"
    set_title(figure, options["title"] or f"Neurons of {layer}, {network_name(keys)}, {told_by}")
    return figure, pd.concat(tables, ignore_index=True)


def _strengths(neurons: store.Neurons, chosen: int | None) -> np.ndarray:
    """(d,) each neuron's importance for the chosen class, or its largest for any; 0 for a class not in the sample."""
    if chosen is None:
        return neurons.importances.max(axis=0)
    return neurons.importances[chosen] if chosen < len(neurons.importances) else np.zeros(neurons.importances.shape[1])


def _draw_map(axis, neurons: store.Neurons, shades: list) -> None:
    living = neurons.living
    points = neurons.points[living]
    axis.scatter(*points.T, s=10, c=[shade for shade, lives in zip(shades, living, strict=True) if lives], linewidths=0)
    dead = int((~living).sum())
    if dead:
        left, right = (points[:, 0].min(), points[:, 0].max()) if len(points) else (0.0, 1.0)
        lowest = points[:, 1].min() if len(points) else 0.0
        spread = np.ptp(points, axis=0).max() if len(points) else 0.0
        below = lowest - 0.1 * (spread or 1.0)
        axis.plot(np.linspace(left, right, dead), np.full(dead, below), "x", color="0.5", markersize=3, markeredgewidth=0.5)
    frame(axis)
    axis.set_aspect("equal", adjustable="datalim")
