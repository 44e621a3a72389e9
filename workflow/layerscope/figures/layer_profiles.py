"""One score of every layer of trained networks, in layer order: one panel per architecture, one colour per dataset."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.errors import StudyError
from layerscope.figures.shared.style import by_size, colours, make_room, set_title
from layerscope.statistics.keys import RUN, SUMMARY_KEYS
from layerscope.statistics.pairs import final_accuracy
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import summarise
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "One score of every layer of trained networks, a panel an architecture, a colour a dataset; runs, mean, interval."
    ),
    "one_space": True,
    "states": ("trained",),
    "parts": ("whole",),
    "scores_of": "layers",
    "reads": ("runs",),
    "needs": ("sizes", "network_accuracies"),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "columns": {"description": "Panels across.", "type": "integer", "minimum": 1, "default": 5},
    },
}

# The upper axis limit, as a multiple of the highest value.
HEADROOM = 1.08
LAYER_INCHES = 0.16


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Thick lines are means over runs with 95 % intervals, thin lines are runs; titles have the mean test accuracy."""
    stored = stored_runs(reads.runs[0], [options["score"], *options["network_accuracies"]], with_input=False)
    runs = select(stored[stored["metric"] == options["score"]], options.get("on", {}))
    runs = runs[(runs["state"] == "trained") & (runs["filter"] == "") & runs["depth"].notna()]
    if runs.empty:
        raise StudyError(f"no layer of a trained network has {options['score']} in what `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError("the layers are scored in several spaces or samples; name one embedding and one sample under `on`")
    runs = runs.merge(final_accuracy(stored, options["network_accuracies"]), how="left", on=RUN)
    summary = summarise(runs.drop(columns="accuracy").assign(epoch=0))
    architectures = by_size(runs["architecture"].unique(), options["sizes"])
    datasets = sorted(runs["dataset"].unique())
    activations = sorted(runs["activation"].unique())
    kinds = _kinds(datasets, activations)
    palette = dict(zip(kinds, colours(len(kinds)), strict=True))
    across = min(options["columns"], len(architectures))
    down = -(-len(architectures) // across)
    widest = runs.groupby("architecture")["layer"].nunique().max()
    figure, panels = plt.subplots(
        down, across, figsize=(max(2.0, LAYER_INCHES * widest + 0.7) * across, 1.75 * down + 0.7), squeeze=False, sharey=True
    )
    for panel in panels.flat[len(architectures) :]:
        panel.set_axis_off()
    for panel, architecture in zip(panels.flat, architectures, strict=False):
        own, means = (frame[frame["architecture"] == architecture] for frame in (runs, summary))
        _draw_panel(panel, own, means, palette)
        panel.set_title("\n".join([architecture, *_accuracies(own, datasets)]), fontsize=7)
    for panel in panels[:, 0]:
        panel.set_ylabel(options["score"])
    # Intervals of two runs can be far wider than the range of the score, so they are cut at the axis limits.
    if np.isfinite(runs["value"]).any():
        panels[0, 0].set_ylim(0, HEADROOM * runs["value"].max())
    handles = [Line2D([], [], color=colour, label=", ".join(kind)) for kind, colour in palette.items()]
    across = max(1, int(figure.get_figwidth() / 1.6))
    make_room(figure, len(handles), across, spare=1)
    figure.legend(handles=handles, loc="outside lower center", ncols=across)
    set_title(
        figure, options["title"] or f"{options['score']} layer by layer: means over runs with 95 % intervals (cut at the panel)"
    )
    keys = [key for key in SUMMARY_KEYS if key not in ("epoch", "state", "filter")]
    return figure, summary[[*keys, "n_runs", "mean", "sd", "interval_low", "interval_high"]]


def _kinds(datasets: list[str], activations: list[str]) -> list[tuple[str, ...]]:
    if len(activations) == 1:
        return [(dataset,) for dataset in datasets]
    return [(dataset, activation) for dataset in datasets for activation in activations]


def _accuracies(runs: pd.DataFrame, datasets: list[str]) -> list[str]:
    """One line per dataset: the mean accuracy on its test split and the number of runs."""
    lines = []
    for dataset in datasets:
        own = runs[runs["dataset"] == dataset].drop_duplicates(RUN)
        if len(own):
            measured = f"accuracy {own['accuracy'].mean():.3f}, " if own["accuracy"].notna().any() else ""
            lines.append(f"{dataset}: {measured}n = {len(own)}")
    return lines


def _draw_panel(panel, runs: pd.DataFrame, means: pd.DataFrame, palette: dict) -> None:
    one_activation = all(len(kind) == 1 for kind in palette)
    for (dataset, activation), own in runs.groupby(["dataset", "activation"]):
        colour = palette[(dataset,) if one_activation else (dataset, activation)]
        for _, line in own.groupby("seed"):
            line = line.sort_values("depth")
            panel.plot(line["depth"], line["value"], color=colour, linewidth=0.4, alpha=0.5)
        mean = means[(means["dataset"] == dataset) & (means["activation"] == activation)].sort_values("depth")
        panel.plot(mean["depth"], mean["mean"], color=colour, linewidth=1.3, marker="o", markersize=2.5)
        panel.fill_between(mean["depth"], mean["interval_low"], mean["interval_high"], color=colour, alpha=0.15, linewidth=0)
    layers = runs[["depth", "layer"]].drop_duplicates().sort_values("depth")
    panel.set_xticks(layers["depth"], layers["layer"], rotation=90)
    panel.tick_params(labelsize=5)
