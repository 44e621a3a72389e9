"""The path of every observation through the epochs, or the layers, of a network, in the colour of its class or target."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from layerscope import store
from layerscope.figures.shared.class_scatter import frame
from layerscope.figures.shared.one_network import chosen_steps, of_network, step_names, what_is_fixed
from layerscope.figures.shared.point_colours import explain_colours, point_colours, points_table
from layerscope.figures.shared.style import network_name, set_title
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "The way of every observation through the snapshots of one layer, or the layers of one snapshot, of a network; in"
        " the colour of its class (of a target, of a regression), brighter for later steps. For embeddings of steps together."
    ),
    "reads": ("embedding", "activations", "data"),
    "shows_one": ("network", "sample", "embedding"),
    "of": "steps",
    "options": {
        "target": {"$ref": "#/$defs/one_target"},
        "point_size": {"description": "Of the last step.", "type": "number", "exclusiveMinimum": 0, "default": 3},
    },
}

# The brightness of the first step; the last one has the full colour.
DARKEST = 0.15
BACKGROUND = "0.08"


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Later steps are brighter, on a dark background (Rauber et al. 2017); the last is a dot. The table has the coordinates."""
    described = store.describe_data(reads.data[0])
    steps = chosen_steps(reads.embedding, options)
    source = of_network(reads.activations)
    coloured = point_colours({source: described.classes}, options.get("target"))[source]
    index = store.read_index(source)
    figure, axis = plt.subplots(figsize=(4.6, 5.4))
    frame(axis)
    axis.set_facecolor(BACKGROUND)
    points = np.stack([stored.array for stored in steps])
    brightness = np.linspace(DARKEST, 1, len(steps))
    for number, share in enumerate(brightness[1:], start=1):
        # Later segments are drawn above earlier ones.
        legs = np.stack([points[number - 1], points[number]], axis=1)
        axis.add_collection(
            LineCollection(list(legs), colors=share * coloured.shades, linewidths=0.25, zorder=number, rasterized=True)
        )
    axis.scatter(*points[-1].T, s=options["point_size"], c=coloured.shades, linewidths=0, zorder=len(steps), rasterized=True)
    axis.autoscale_view()
    names = step_names(steps)
    _step_scale(figure, axis, names, brightness)
    explain_colours(figure, axis, coloured)
    keys = store.file_params(source)["keys"]
    about = f"{network_name(keys)}, {what_is_fixed(steps)}: from {names[0]} to {names[-1]}, {len(index):,} observations"
    set_title(figure, options["title"] or about)
    return figure, pd.concat([points_table(stored, coloured, index) for stored in steps], ignore_index=True)


def dimmed(colour: Sequence[float], share: float) -> tuple:
    """A colour with its brightness multiplied by a share."""
    return tuple(share * part for part in colour)


def _step_scale(figure: Figure, axis, names: list[str], brightness: np.ndarray) -> None:
    """Draw a grey scale below the panel that shows which brightness is which step."""
    ramp = LinearSegmentedColormap.from_list("steps", [(share,) * 3 for share in brightness], N=len(names))
    shades = plt.cm.ScalarMappable(plt.Normalize(-0.5, len(names) - 0.5), ramp)
    bar = figure.colorbar(shades, ax=axis, location="bottom", shrink=0.9, aspect=50, ticks=range(len(names)))
    bar.ax.set_xticklabels(names, fontsize=6, rotation=0 if len(names) < 7 else 90)
