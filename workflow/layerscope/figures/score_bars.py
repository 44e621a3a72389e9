"""One score by layer as bars: a bar for the mean over runs, the runs as points on it, as in Kuzma and Farkaš."""

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import by_size, draws_counted, listed, measure, runs_counted
from layerscope.figures.shared.style import colours
from layerscope.statistics.estimates import estimate
from layerscope.statistics.keys import FEWEST_UNITS, RUN
from layerscope.statistics.pairs import final_accuracy
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score by layer as bars of the means over runs, with a point a run, hollow where flagged.",
    "one_space": True,
    "states": ("trained",),
    "parts": ("whole",),
    "scores_of": "layers",
    "reads": ("runs",),
    "needs": ("sizes", "metrics", "network_accuracies"),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "columns": {
            "description": "Panels across at most; null for a column an architecture, as far as they fit.",
            "type": ["integer", "null"],
            "minimum": 1,
            "default": None,
        },
    },
}

BAR_WIDTH = 0.8
# The share of a bar over which its runs are spread.
SPREAD = 0.5
LEAST_INCHES, HEIGHT = 0.92, 0.95
ROW = ["dataset", "activation"]


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per kind of network: architectures across, from shallow to deep; datasets and activations down.

    A panel has layers across, the input first. A bar is the mean of all runs, with its 95 % interval from three runs on; points
    are runs. If runs are flagged, their points are hollow, and a dashed line is the mean without them. Titles have the range of
    the test accuracies.
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
    score = measure(options, options["score"])
    runs = runs.merge(accuracy, how="left", on=RUN)
    rows, columns = _in_order(runs, options)
    least = score_axes.width_for(runs.groupby("architecture")["layer"].nunique().max(), LEAST_INCHES)
    places, width = _places(rows, columns, least, options["columns"])
    down, across = (1 + max(place[axis] for place in places.values()) for axis in (0, 1))
    figure, panels = sheet.panels(down, across, width, HEIGHT, sharey=True)
    activations = sorted(runs["activation"].unique())
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    # Bars begin at 0, unless values lie on both sides of it: their length is what is seen.
    from_zero = replace(score, low=0.0) if score.low is None and not (runs["value"] < 0).any() else score
    panels[0, 0].set_ylim(score_axes.limits(runs["value"], from_zero, whole=True))
    deepest = runs["depth"].max()
    tables, drawn = [], []
    for (row, architecture), place in places.items():
        own = runs[(runs[ROW] == list(row)).all(axis=1) & (runs["architecture"] == architecture)]
        if own.empty:
            continue
        panel = panels[place]
        drawn.append(panel)
        tables.append(own)
        layers = own[["depth", "layer"]].drop_duplicates().sort_values("depth")
        inches = sheet.inside(width, across)
        score_axes.name_layers(panel, layers["depth"], layers["layer"], inches, span=deepest + 1.2)
        panel.set_xlim(-0.6, deepest + 0.6)
        _draw_panel(panel, own, palette[row[1]])
        panel.set_title(_heading(own, runs, inches))
        if place[1] == 0:
            told = score.where(runs["space"].iloc[0])
            panel.set_ylabel("\n".join([sheet.wrapped(score.axis, HEIGHT + 0.25, 7), told]).strip())
    for panel in panels.flat:
        if panel not in drawn:
            panel.set_axis_off()
    for line in panels:
        for panel in line[1:]:
            panel.tick_params(labelleft=False)
    if (runs["degenerate"] != "").any():
        dashed = Line2D([], [], color="0.1", linestyle="--", linewidth=1, label="mean without flagged runs")
        hollow = Line2D(
            [], [], color="0.4", linestyle="none", marker="o", markersize=3, markerfacecolor="white", label="flagged run"
        )
        sheet.add_key(figure, [hollow, dashed])
    common = listed(runs[key].iloc[0] for key in ("dataset", "architecture", "activation") if runs[key].nunique() == 1)
    meaned = f"bars are means over runs, points are runs{draws_counted(runs['draws'])}"
    about = f"{score.title} by layer{f', {common}' if common else ''}: {meaned}"
    sheet.set_title(figure, options["title"] or about)
    sheet.fit(figure, drawn, HEIGHT)
    columns_of_table = [*RUN, "sample", "space", "layer", "depth", "value", "accuracy", "degenerate"]
    return figure, pd.concat(tables, ignore_index=True)[columns_of_table]


def _in_order(runs: pd.DataFrame, options: dict) -> tuple[list[tuple], list[str]]:
    """(dataset, activation) of rows and architectures of columns: as `on` lists their values, else by name and by size."""
    on = options.get("on", {})

    def ordered(key: str, otherwise: list) -> list:
        listed_values = on.get(key)
        return sorted(otherwise, key=listed_values.index) if isinstance(listed_values, list) else otherwise

    datasets, activations = (ordered(key, sorted(runs[key].unique())) for key in ROW)
    found = set(runs[ROW].itertuples(index=False, name=None))
    rows = [(dataset, activation) for dataset in datasets for activation in activations if (dataset, activation) in found]
    return rows, ordered("architecture", by_size(runs["architecture"].unique(), options["sizes"]))


def _places(rows: list[tuple], columns: list[str], least: float, most: int | None) -> tuple[dict[tuple, tuple[int, int]], float]:
    """The place (row, column) of each panel, and the width of the sheet. least: inches of a panel. most: of columns.

    One architecture alone fills rows with its networks.
    """
    if len(columns) == 1:
        _, across, width = sheet.shape(len(rows), least, most)
        return {(row, columns[0]): (number // across, number % across) for number, row in enumerate(rows)}, width
    bands, across, width = sheet.shape(len(columns), least, most)
    return {
        (row, column): (number * bands + place // across, place % across)
        for number, row in enumerate(rows)
        for place, column in enumerate(columns)
    }, width


def _heading(own: pd.DataFrame, runs: pd.DataFrame, inches: float) -> str:
    """What tells a panel from the others, its runs and their test accuracies."""
    first = own.iloc[0]
    named = [first[key] for key in ("dataset", "activation", "architecture") if runs[key].nunique() > 1] or [first["activation"]]
    trained = own[own["state"] == "trained"]
    lines = [listed(named), runs_counted(own["seed"].nunique(), score_axes.flagged_runs(trained))]
    reached = trained.drop_duplicates(RUN)["accuracy"].dropna()
    if len(reached):
        ends = dict.fromkeys(f"{value:.2f}" for value in (reached.min(), reached.max()))
        lines.append(f"accuracy {'–'.join(ends)}")
    return "\n".join(sheet.wrapped(line, inches, 7) for line in lines)


def _draw_panel(panel, runs: pd.DataFrame, colour: tuple) -> None:
    seeds = sorted(runs["seed"].unique())
    for depth, of_layer in runs.groupby("depth"):
        # The input is the same for all runs: one value.
        shown = of_layer.iloc[:1] if (of_layer["state"] == "input").all() else of_layer
        found = estimate(shown["value"])
        panel.bar(depth, found.mean, width=BAR_WIDTH, facecolor=(*colour, 0.3), edgecolor=colour, linewidth=0.8)
        if found.n >= FEWEST_UNITS and np.isfinite(found.low):
            low, high = max(found.low, shown["lowest"].max()), min(found.high, shown["highest"].min())
            panel.errorbar(depth, found.mean, [[found.mean - low], [high - found.mean]], color="0.1", elinewidth=0.7)
        for _, row in shown.iterrows() if len(shown) > 1 else ():
            step = 0 if len(seeds) == 1 else seeds.index(row["seed"]) / (len(seeds) - 1) - 0.5
            panel.plot(
                depth + SPREAD * step,
                row["value"],
                marker="o",
                markersize=2.2,
                markerfacecolor="white" if row["degenerate"] != "" else colour,
                markeredgecolor=tuple(0.6 * part for part in colour),
                markeredgewidth=0.5,
                clip_on=False,
                zorder=4,
            )
        living = shown.loc[shown["degenerate"] == "", "value"]
        if 0 < len(living) < len(shown):
            panel.hlines(living.mean(), depth - BAR_WIDTH / 2, depth + BAR_WIDTH / 2, color="0.1", linewidth=1, linestyle="--")
