"""One score against depth: a thin line per run, the mean with its interval, the chance level."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope.errors import StudyError
from layerscope.figures.shared.style import STATE_LINES, STATE_MARKERS, colours, network_title, set_title
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN, NETWORK
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import by_state, summarise
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score against depth. One line a run, the mean with its interval, the chance level.",
    "reads": ("runs",),
    "scores_of": "layers",
    "parts_by": {"filters": {False: ("whole",), True: ("whole", "means")}},
    "required": ("score",),
    "by_default": {
        "hit_by_depth": {"score": "neighborhood_hit"},
        "separation_by_depth": {"score": "d_same"},
        "kl_by_depth": {"score": "kl"},
        "probe_by_depth": {"score": "linear_probe"},
        "saturation_by_depth": {"score": "saturation"},
    },
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "filters": {
            "description": "Layers of which filters are scored by their mean over filters, with and without degenerate ones.",
            "type": "boolean",
            "default": False,
        },
    },
}

LEGEND_LINE_INCHES = 0.17


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Spaces down, architectures on datasets across; colours are activation functions, solid lines trained networks.

    With `filters`, a layer whose filters are scored is shown by the mean over them, degenerate ones included; hollow markers
    are the mean without these. Other layers are scored as a whole.
    """
    runs = select(stored_runs(reads.runs[0], [options["score"]]), options.get("on", {}))
    runs = _means_over_filters(runs) if options["filters"] else runs[runs["filter"] == ""]
    runs = runs[runs["depth"].notna()]
    if runs.empty:
        raise StudyError(f"no rows of {options['score']} have a depth in what `on` chooses; widen it")
    runs = by_state(runs)
    summary = summarise(runs)
    spaces = list(runs[["space", "sample"]].drop_duplicates().itertuples(index=False))
    several_samples = runs["sample"].nunique() > 1
    networks = list(
        runs[["dataset", "architecture"]].drop_duplicates().sort_values(["dataset", "architecture"]).itertuples(index=False)
    )
    figure, panels = plt.subplots(
        len(spaces),
        len(networks),
        figsize=(2.5 * len(networks) + 1, 1.9 * len(spaces) + 0.8),
        squeeze=False,
        sharex="col",
        sharey="row",
    )
    activations = sorted(runs["activation"].unique())
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    for row, (space, sample) in enumerate(spaces):
        for column, (dataset, architecture) in enumerate(networks):
            panel = panels[row, column]
            key = {"space": space, "sample": sample, "dataset": dataset, "architecture": architecture}
            own, means = (frame[(frame[list(key)] == pd.Series(key)).all(axis=1)] for frame in (runs, summary))
            living = means["filter"] == LIVING_MEAN
            _draw_panel(panel, own[own["filter"] != LIVING_MEAN], means[~living], palette)
            _draw_living(panel, means[living], palette)
            if row == 0:
                n = own.groupby("activation")["seed"].nunique().min() if len(own) else 0
                panel.set_title(f"{network_title(dataset, architecture)}, n = {n} runs")
            if column == 0:
                about = [part for part in (space if space != "run" else "", sample if several_samples else "") if part]
                panel.set_ylabel("\n".join([options["score"], *about]))
    handles = {}
    for panel in panels.flat:
        handles.update(dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True)))
    across = max(1, int(figure.get_figwidth() / 2.6))
    # The legend is below the panels: the figure grows, so that they keep their height.
    figure.set_figheight(figure.get_figheight() + LEGEND_LINE_INCHES * -(-len(handles) // across))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=across)
    averaged = ", layers of filters by their mean" if options["filters"] else ""
    heading = f"{options['score']} by depth{averaged}: means over runs with 95 % intervals, thin lines are runs"
    set_title(figure, options["title"] or heading)
    return figure, summary


def _means_over_filters(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of means over filters for layers whose filters are scored, and of whole layers for the others."""
    by_layer = [*NETWORK, "sample", "space", "layer"]
    of_filters = runs[runs["filter"].isin([FILTER_MEAN, LIVING_MEAN])]
    averaged = pd.MultiIndex.from_frame(runs[by_layer]).isin(pd.MultiIndex.from_frame(of_filters[by_layer]))
    return pd.concat([runs[(runs["filter"] == "") & ~averaged], of_filters], ignore_index=True)


def _draw_living(panel, means: pd.DataFrame, palette: dict) -> None:
    for (activation, state), own in means.groupby(["activation", "state"]):
        panel.plot(
            own["depth"],
            own["mean"],
            linestyle="none",
            marker=STATE_MARKERS[state],
            markersize=6,
            markerfacecolor="none",
            markeredgecolor=palette[activation],
            label=f"{activation}, {state}, without degenerate filters",
        )


def _draw_panel(panel, runs: pd.DataFrame, summary: pd.DataFrame, palette: dict) -> None:
    layers = runs[["depth", "layer"]].drop_duplicates().sort_values("depth")
    for (activation, state), lines in runs[runs["state"] != "input"].groupby(["activation", "state"]):
        style = {"color": palette[activation], "linestyle": STATE_LINES[state]}
        start = runs[(runs["state"] == "input") & (runs["activation"] == activation)]
        for seed, line in lines.groupby("seed"):
            whole = pd.concat([start[start["seed"] == seed], line]).sort_values("depth")
            panel.plot(whole["depth"], whole["value"], linewidth=0.4, alpha=0.5, **style)
        means = summary[(summary["activation"] == activation) & summary["state"].isin([state, "input"])].sort_values("depth")
        panel.plot(
            means["depth"],
            means["mean"],
            linewidth=1.3,
            marker=STATE_MARKERS[state],
            markersize=3,
            label=f"{activation}, {state}",
            **style,
        )
        spread = means[means["state"] != "input"]
        panel.fill_between(
            spread["depth"],
            spread["interval_low"],
            spread["interval_high"],
            color=palette[activation],
            alpha=0.12,
            linewidth=0,
        )
    chance = summary.groupby("depth")["chance"].mean()
    if np.isfinite(chance).all() and len(chance):
        panel.plot(chance.index, chance, color="0.4", linewidth=0.8, linestyle=(0, (1, 1)), label="chance")
    panel.set_xticks(layers["depth"], layers["layer"], rotation=35, ha="right")
