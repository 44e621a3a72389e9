"""A film of the observations as they move through the epochs, or the layers, of a network."""

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_scatter import frame, show_all
from layerscope.figures.shared.films import Film
from layerscope.figures.shared.names import network_name, sentence
from layerscope.figures.shared.one_network import chosen_steps, of_network, step_names
from layerscope.figures.shared.point_colours import explain_colours, name_points, point_colours, points_table
from layerscope.figures.shared.style import COLUMN
from layerscope.store.reads import Reads

FIGURE = {
    "description": "The steps of embedding_trails as a film; a GIF, and a page of the report that plays it.",
    "reads": ("embedding", "activations", "data"),
    "shows_one": ("network", "sample", "embedding"),
    "of": "steps",
    "formats": ("gif", "html", "csv"),
    "options": {
        "target": {"$ref": "#/$defs/one_target"},
        "point_size": {"type": "number", "exclusiveMinimum": 0, "default": 4},
    },
}

# Frames between one step and the next, and frames of rest at each step.
MOVING, RESTING = 8, 6
FRAMES_A_SECOND = 12
# Where the bar of steps lies below the panel, in heights of the panel.
BAR = -0.035


def draw(reads: Reads, options: dict) -> tuple[Film, pd.DataFrame]:
    """Points move in straight lines from step to step and rest at each, where classes are named; a bar below tells the step.

    The table has the coordinates of the steps.
    """
    described = store.describe_data(reads.data[0])
    steps = chosen_steps(reads.embedding, options)
    source = of_network(reads.activations)
    coloured = point_colours({source: described.classes}, options.get("target"))[source]
    index = store.read_index(source)
    points = np.stack([stored.array for stored in steps])
    figure, panels = sheet.panels(1, 1, COLUMN, COLUMN)
    axis = panels[0, 0]
    frame(axis)
    dots = axis.scatter(*points[0].T, s=options["point_size"], c=coloured.shades, linewidths=0)
    show_all(axis, points.reshape(-1, 2))
    explain_colours(figure, axis, coloured)
    sheet.set_title(figure, options["title"] or sentence(network_name(store.file_params(source)["keys"])))
    names = step_names(steps)
    # A blank line leaves room for the bar.
    axis.set_xlabel(" ", fontsize=6)
    axis.set_title(max(names, key=len))
    sheet.fit(figure, axis)
    axis.plot(np.linspace(0, 1, len(steps)), np.full(len(steps), BAR), "|-", color="0.6", transform=axis.transAxes, clip_on=False)
    [mark] = axis.plot([0], [BAR], "o", color="k", markersize=4, transform=axis.transAxes, clip_on=False)
    named = []
    for at_step in points:
        before = len(axis.texts)
        name_points(axis, at_step, coloured)
        named.append(axis.texts[before:])
    moments = frames(len(steps))

    def show(number: int) -> None:
        step, share = moments[number]
        after = min(step + 1, len(steps) - 1)
        dots.set_offsets((1 - share) * points[step] + share * points[after])
        axis.set_title(names[step if share < 0.5 else after])
        mark.set_xdata([(step + share) / (len(steps) - 1)])
        for place, texts in enumerate(named):
            for text in texts:
                text.set_visible(share == 0 and place == step)

    film = Film(figure, show, len(moments), 1000 // FRAMES_A_SECOND)
    return film, pd.concat([points_table(stored, coloured, index) for stored in steps], ignore_index=True)


def frames(steps: int) -> list[tuple[int, float]]:
    """(step, share of the way to the next one) for every frame; points start and stop slowly."""
    moments = []
    for step in range(steps):
        moments += [(step, 0.0)] * RESTING
        if step < steps - 1:
            ways = np.arange(1, MOVING + 1) / (MOVING + 1)
            moments += [(step, float(way)) for way in ways**2 * (3 - 2 * ways)]
    return moments + [(steps - 1, 0.0)] * RESTING
