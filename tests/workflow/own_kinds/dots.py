"""A figure: one dot a run."""

import matplotlib.pyplot as plt

from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score of trained networks, a dot a run.",
    "reads": ("runs",),
    "one_space": True,
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "size": {"description": "Of a dot, in points.", "type": "number", "minimum": 1, "default": 4},
    },
}


def draw(reads: Reads, options: dict):
    """The figure, and the table that it shows."""
    runs = select(stored_runs(reads.runs[0], [options["score"]], with_input=False), options.get("on", {}))
    runs = runs[runs["state"] == "trained"]
    figure, axis = plt.subplots(figsize=(2, 2))
    axis.plot(runs["seed"], runs["value"], "o", markersize=options["size"])
    axis.set(xlabel="seed", ylabel=options["score"])
    return figure, runs[["seed", "layer", "value"]]
