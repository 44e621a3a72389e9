"""A film of the observations as they move through the epochs, or the layers, of a network."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from layerscope import store
from layerscope.figures.shared.class_scatter import frame
from layerscope.figures.shared.films import Film
from layerscope.figures.shared.one_network import chosen_steps, of_network, step_names
from layerscope.figures.shared.point_colours import explain_colours, point_colours, points_table
from layerscope.figures.shared.style import network_name, set_title
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
INCHES = (4.0, 4.7)


def draw(reads: Reads, options: dict) -> tuple[Film, pd.DataFrame]:
    """Points move in straight lines from step to step and rest at each. The table has the coordinates of the steps."""
    described = store.describe_data(reads.data[0])
    steps = chosen_steps(reads.embedding, options)
    source = of_network(reads.activations)
    coloured = point_colours({source: described.classes}, options.get("target"))[source]
    index = store.read_index(source)
    points = np.stack([stored.array for stored in steps])
    figure, axis = plt.subplots(figsize=INCHES)
    frame(axis)
    dots = axis.scatter(*points[0].T, s=options["point_size"], c=coloured.shades, linewidths=0)
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    margin = 0.04 * (high - low).max() + 1e-9
    axis.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin))
    explain_colours(figure, axis, coloured)
    set_title(figure, options["title"] or network_name(store.file_params(source)["keys"]))
    names = step_names(steps)
    moments = frames(len(steps))

    def show(number: int) -> None:
        step, share = moments[number]
        after = min(step + 1, len(steps) - 1)
        dots.set_offsets((1 - share) * points[step] + share * points[after])
        axis.set_title(names[step if share < 0.5 else after])

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
