"""One score by layer as bars: a translucent bar per run and an outlined one for the mean, as in Kuzma and Farkaš."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope.errors import StudyError
from layerscope.figures.shared.style import colours, set_title
from layerscope.statistics.estimates import estimate
from layerscope.statistics.keys import RUN
from layerscope.statistics.pairs import final_accuracy
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score by layer as bars. A light bar a run, an outlined one for the mean, hollow where flagged.",
    "one_space": True,
    "states": ("trained",),
    "parts": ("whole",),
    "scores_of": "layers",
    "reads": ("runs",),
    "needs": ("network_accuracies",),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "columns": {"description": "Panels across.", "type": "integer", "minimum": 1, "default": 4},
    },
}

GROUP_WIDTH = 0.8
LAYER_INCHES = 0.36
PANEL = ["dataset", "architecture", "activation"]


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per kind of network (dataset, architecture, activation), with layers across, the input first.

    The outlined bar is the mean of all runs, with its 95 % interval. If runs are flagged, they are hollow, and a dashed line
    is the mean without them. The bars of the deepest layer have the test accuracy of each run.
    """
    stored = stored_runs(reads.runs[0], [options["score"], *options["network_accuracies"]])
    accuracy = final_accuracy(stored, options["network_accuracies"])
    runs = select(stored[stored["metric"] == options["score"]], options.get("on", {}))
    runs = runs[(runs["filter"] == "") & runs["state"].isin(["input", "trained"])]
    runs = runs[runs["depth"].notna()]
    if not (runs["state"] == "trained").any():
        raise StudyError(f"no layer of a trained network has {options['score']} in what `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError("the bars are of several spaces or samples; name one embedding and one sample under `on`")
    networks = _in_order(runs, options.get("on", {}))
    across = min(options["columns"], len(networks))
    down = -(-len(networks) // across)
    layers = runs["layer"].nunique()
    figure, panels = plt.subplots(
        down,
        across,
        figsize=((0.3 + LAYER_INCHES * layers) * across + 0.5, 2.1 * down + 0.4),
        squeeze=False,
        sharey=True,
        sharex=False,
    )
    for panel in panels.flat[len(networks) :]:
        panel.set_axis_off()
    activations = sorted(runs["activation"].unique())
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    tables = []
    for panel, network in zip(panels.flat, networks, strict=False):
        own = runs[(runs[PANEL] == pd.Series(network)).all(axis=1)]
        own = own.merge(accuracy, how="left", on=RUN)
        tables.append(own)
        _draw_panel(panel, own, palette[network["activation"]])
        flagged = own.loc[(own["degenerate"] != "") & (own["state"] == "trained"), "seed"].nunique()
        named = [network[key] for key in PANEL if runs[key].nunique() > 1] or [network["activation"]]
        panel.set_title(
            f"{', '.join(named)} (n = {own['seed'].nunique()}{f', {flagged} flagged' if flagged else ''})", fontsize=7
        )
    for panel in panels[:, 0]:
        panel.set_ylabel(f"{options['score']}\n{runs['space'].iloc[0]}")
    common = [str(runs[key].iloc[0]) for key in PANEL if runs[key].nunique() == 1]
    measured = " with their test accuracy" if len(accuracy) else ""
    about = f"{options['score']} by layer, {', '.join(common)}: light bars are runs{measured}, outlines means"
    set_title(figure, options["title"] or about)
    columns = [*RUN, "sample", "space", "layer", "depth", "value", "accuracy", "degenerate"]
    return figure, pd.concat(tables, ignore_index=True)[columns]


def _in_order(runs: pd.DataFrame, on: dict) -> list[dict]:
    """The kinds of networks, in the order in which `on` lists their keys' values, then by name."""
    listed = {key: values for key, values in on.items() if key in PANEL and isinstance(values, list)}

    def place(network: dict) -> tuple:
        return [values.index(network[key]) for key, values in listed.items()], [network[key] for key in PANEL]

    return sorted(runs[PANEL].drop_duplicates().to_dict("records"), key=place)


def _draw_panel(panel, runs: pd.DataFrame, colour: tuple) -> None:
    seeds = sorted(runs["seed"].unique())
    layers = runs[["depth", "layer"]].drop_duplicates().sort_values("depth")
    width = GROUP_WIDTH / len(seeds)
    for depth, of_layer in runs.groupby("depth"):
        # The input is the same for all runs: one bar.
        shown = of_layer.iloc[:1] if (of_layer["state"] == "input").all() else of_layer
        for _, row in shown.iterrows():
            alone = len(shown) == 1
            place = depth if alone else depth + width * (seeds.index(row["seed"]) - (len(seeds) - 1) / 2)
            hollow = row["degenerate"] != ""
            panel.bar(
                place,
                row["value"],
                width=GROUP_WIDTH if alone else width,
                facecolor="none" if hollow else (*colour, 0.35),
                edgecolor=colour if hollow else "none",
                linestyle=":" if hollow else "-",
                linewidth=0.7,
            )
            if depth == layers["depth"].max() and np.isfinite(row["accuracy"]) and row["state"] != "input":
                # In the deepest layer only: the accuracy belongs to the whole network.
                text = f" {row['accuracy']:.3f}"
                panel.text(place, 0, text, rotation=90, fontsize=4, ha="center", va="bottom")
        found = estimate(shown["value"])
        low, high = max(found.low, shown["lowest"].max()), min(found.high, shown["highest"].min())
        half = [[found.mean - low], [high - found.mean]] if np.isfinite(found.low) else None
        panel.bar(
            depth,
            found.mean,
            width=GROUP_WIDTH,
            facecolor="none",
            edgecolor=colour,
            linewidth=1.5,
            yerr=half,
            error_kw={"lw": 0.7},
        )
        living = shown.loc[shown["degenerate"] == "", "value"]
        if 0 < len(living) < len(shown):
            panel.hlines(
                living.mean(), depth - GROUP_WIDTH / 2, depth + GROUP_WIDTH / 2, color="0.1", linewidth=1, linestyle="--"
            )
    panel.set_xticks(layers["depth"], layers["layer"], rotation=35, ha="right")
    panel.tick_params(labelsize=6)
    panel.margins(y=0.12)
