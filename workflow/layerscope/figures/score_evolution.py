"""One score of every layer, epoch by epoch: how the profile over layers forms during training."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope.errors import StudyError
from layerscope.figures.shared.style import RAMP, by_size, set_title
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score of every layer, a line an epoch, a panel an architecture on a dataset.",
    "one_space": True,
    "without_input": True,
    "parts": ("whole",),
    "scores_of": "layers",
    "reads": ("runs",),
    "needs": ("sizes",),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "columns": {"description": "Panels across.", "type": "integer", "minimum": 1, "default": 4},
    },
}

LAYER_INCHES = 0.22


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per architecture and dataset; one line per epoch, the mean over runs, from dark (early) to bright (late)."""
    runs = select(stored_runs(reads.runs[0], [options["score"]], with_input=False), options.get("on", {}))
    runs = runs[(runs["filter"] == "") & (runs["state"] != "input") & runs["depth"].notna()]
    if runs.empty:
        raise StudyError(f"no layer has {options['score']} in what `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError(f"{options['score']} is of several spaces or samples; name one embedding and one sample under `on`")
    keys = ["dataset", "architecture", "epoch", "layer", "depth"]
    table = runs.groupby(keys, as_index=False)["value"].agg(mean="mean", sd="std", n_runs="count")
    order = by_size(table["architecture"].unique(), options["sizes"])
    networks = [(dataset, architecture) for dataset in sorted(table["dataset"].unique()) for architecture in order]
    networks = [key for key in networks if ((table["dataset"] == key[0]) & (table["architecture"] == key[1])).any()]
    across = min(options["columns"], len(networks))
    down = -(-len(networks) // across)
    most = table.groupby("architecture")["layer"].nunique().max()
    figure, panels = plt.subplots(
        down, across, figsize=(max(2.2, LAYER_INCHES * most + 0.8) * across + 0.6, 2.2 * down + 0.4), squeeze=False, sharey=True
    )
    for panel in panels.flat[len(networks) :]:
        panel.set_axis_off()
    scale = Normalize(table["epoch"].min(), max(table["epoch"].max(), table["epoch"].min() + 1))
    for panel, (dataset, architecture) in zip(panels.flat, networks, strict=False):
        own = table[(table["dataset"] == dataset) & (table["architecture"] == architecture)]
        for epoch, line in own.groupby("epoch"):
            line = line.sort_values("depth")
            panel.plot(line["depth"], line["mean"], color=RAMP(scale(epoch)), linewidth=1, marker="o", markersize=2)
        layers = own[["depth", "layer"]].drop_duplicates().sort_values("depth")
        panel.set_xticks(layers["depth"], layers["layer"], rotation=90)
        panel.tick_params(axis="x", labelsize=6)
        chosen = runs[(runs["dataset"] == dataset) & (runs["architecture"] == architecture)]
        panel.set_title(f"{architecture} on {dataset}, n = {len(chosen.drop_duplicates(RUN))} runs", fontsize=7)
        panel.set_ylim(bottom=0)
    for panel in panels[:, 0]:
        panel.set_ylabel(options["score"])
    figure.colorbar(ScalarMappable(scale, RAMP), ax=panels, label="epoch", shrink=0.8, aspect=30)
    set_title(figure, options["title"] or f"{options['score']} layer by layer after every epoch: means over runs")
    return figure, table
