"""The path of every observation through the epochs, or the layers, of a network, in the colour of its class or target."""

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope import store
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_scatter import frame, show_all
from layerscope.figures.shared.names import network_name, observations, sentence, words
from layerscope.figures.shared.one_network import chosen_steps, of_network, step_names, what_is_fixed
from layerscope.figures.shared.point_colours import explain_colours, name_points, point_colours, points_table
from layerscope.figures.shared.style import COLUMN
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "The way of every observation through the snapshots of one layer, or the layers of one snapshot, of a network; in"
        " the colour of its class (of a target, of a regression), bolder for later steps. For embeddings of steps together."
    ),
    "reads": ("embedding", "activations", "data"),
    "shows_one": ("network", "sample", "embedding"),
    "of": "steps",
    "options": {
        "target": {"$ref": "#/$defs/one_target"},
        "point_size": {"description": "Of the last step.", "type": "number", "exclusiveMinimum": 0, "default": 2.5},
    },
}

# Width in points and opacity of the first and of the last way between two steps.
WIDTHS, OPACITIES = (0.15, 0.5), (0.25, 0.85)
# The most steps that the key names.
NAMED = 5


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Ways to later steps are wider and more opaque; the last step is a dot. The table has the coordinates.

    Rauber et al. (2017) tell time by brightness on black, where a late step in a dark colour is darker than an early one in a
    bright colour.
    """
    described = store.describe_data(reads.data[0])
    steps = chosen_steps(reads.embedding, options)
    source = of_network(reads.activations)
    coloured = point_colours({source: described.classes}, options.get("target"))[source]
    index = store.read_index(source)
    figure, panels = sheet.panels(1, 1, COLUMN, COLUMN)
    axis = panels[0, 0]
    frame(axis)
    points = np.stack([stored.array for stored in steps])
    widths, opacities = (np.linspace(*ends, len(steps) - 1) for ends in (WIDTHS, OPACITIES))
    for number, (width, opacity) in enumerate(zip(widths, opacities, strict=True)):
        # Later ways are drawn above earlier ones.
        ways = np.stack([points[number], points[number + 1]], axis=1)
        style = {"linewidths": width, "alpha": opacity, "zorder": 1 + number / len(steps)}
        axis.add_collection(LineCollection(list(ways), colors=coloured.shades, rasterized=True, **style))
    axis.scatter(*points[-1].T, s=options["point_size"], c=coloured.shades, linewidths=0, zorder=2, rasterized=True)
    show_all(axis, points.reshape(-1, 2))
    names = step_names(steps)
    _add_steps(figure, names, widths, opacities)
    explain_colours(figure, axis, coloured)
    keys = store.file_params(source)["keys"]
    moved = f"{words(store.file_params(of_network(reads.embedding))['keys']['embedding'])}, {what_is_fixed(steps)}"
    about = f"{network_name(keys)}, {moved}: ways of {observations(len(index))} from {names[0]} to {names[-1]}"
    sheet.set_title(figure, options["title"] or sentence(about))
    sheet.fit(figure, axis)
    name_points(axis, points[-1], coloured)
    return figure, pd.concat([points_table(stored, coloured, index) for stored in steps], ignore_index=True)


def _add_steps(figure: Figure, names: list[str], widths: np.ndarray, opacities: np.ndarray) -> None:
    """A key of the ways between steps, from the first to the last, and of the dots."""
    ways = len(widths)
    named = sorted({round(place) for place in np.linspace(0, ways - 1, min(ways, NAMED))})
    handles = [Line2D([], [], color="k", linewidth=2 * widths[way], alpha=opacities[way]) for way in named]
    labels = [f"to {names[way + 1]}" for way in named]
    handles.append(Line2D([], [], color="k", linestyle="none", marker="o", markersize=2.5))
    sheet.add_key(figure, handles, [*labels, f"at {names[-1]}"])
