"""How alike layers are by how far apart they are in a network."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.comparisons import over_networks, rows_of
from layerscope.figures.shared.names import Measure, network_title, observations, runs_of_lines, sentence, words
from layerscope.figures.shared.style import STATE_LINES, STATE_MARKERS, colours
from layerscope.statistics.keys import FEWEST_UNITS, NETWORK
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "How alike layers are, by a measure of similarity, against how far apart they are (difference of depths). A line is "
        "the mean over networks that differ in their seed alone, with its interval and the chance level; each network counts "
        "by the mean over its pairs of layers at a distance."
    ),
    "reads": ("comparison",),
    "needs": ("measures",),
    "compares": {"between": "layers", "measures": ("cka",)},
    "options": {
        "comparison": {"$ref": "#/$defs/comparison_name"},
        "measure": {"$ref": "#/$defs/measure_name"},
    },
}

# The least width of a panel, and the height of one.
LEAST_INCHES, HEIGHT = 1.6, 1.4
GROUP = [*NETWORK, "state", "epoch", "distance"]


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """A panel for each architecture on each dataset. Colours are activation functions, line styles states.

    Thick lines are means over three networks or more with 95 % intervals; fewer are drawn alone, each with a line of its own.
    Dotted is the mean over the lines of a panel with the observations of one layer shuffled. The table has the mean over networks
    at each distance.
    """
    measure = options["measure"]
    facts = options["measures"][measure]
    low, high = facts["range"]
    score = Measure(facts["label"], "", low, high, None)
    runs = by_distance(rows_of(reads.comparison, measure, options.get("on", {})))
    table = over_networks(runs, GROUP, facts["range"])
    networks = [*runs[["dataset", "architecture"]].drop_duplicates().itertuples(index=False)]
    down, across, width = sheet.shape(len(networks), LEAST_INCHES)
    figure, axes = sheet.panels(down, across, width, HEIGHT)
    activations = sorted(runs["activation"].unique())
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    told = table[table["n"] >= FEWEST_UNITS]
    held = score_axes.with_intervals(runs["value"], told["interval_low"], told["interval_high"])
    ends = score_axes.limits(score_axes.with_chance(held, table["chance"]), score)
    lined = False
    for place, (axis, (dataset, architecture)) in enumerate(zip(axes.flat, networks, strict=False)):
        own, means = (frame[(frame["dataset"] == dataset) & (frame["architecture"] == architecture)] for frame in (runs, table))
        axis.set_ylim(ends)
        _draw_lines(axis, own, means, palette)
        chance = means.groupby("distance")["chance"].mean()
        lined |= score_axes.draw_chance(axis, chance.index, chance)
        axis.xaxis.get_major_locator().set_params(integer=True)
        counted = runs_of_lines(own[np.isfinite(own["value"])].groupby("activation")["seed"].nunique())
        axis.set_title(f"{sheet.wrapped(network_title(dataset, architecture), sheet.inside(width, across), 7)}\n{counted}")
        axis.set_xlabel("difference of depths")
        if place % across:
            axis.tick_params(labelleft=False)
        else:
            axis.set_ylabel(sheet.wrapped(score.axis, HEIGHT + 0.3, 7))
    sheet.leave_out(axes.flat[len(networks) :])
    _add_keys(figure, runs, palette, lined)
    counts = sorted({int(count) for count in table["observations"]})
    about = f"{facts['label']} of layers by how far apart they are, {observations(*counts)}"
    sheet.set_title(figure, options["title"] or sentence(about))
    sheet.fit(figure, axes.flat[: len(networks)], HEIGHT)
    return figure, table


def by_distance(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean over pairs of layers for each network, snapshot and difference of depths; pairs without a value are left out.

    Their reasons stand in `degenerate`. A network of which no pair at a distance has a value has none there.
    """
    rows = rows.assign(distance=(rows["depth"] - rows["other_depth"]).abs())
    grouped = rows.groupby([*NETWORK, "seed", "state", "epoch", "distance"], sort=True)
    means = grouped.agg(value=("value", "mean"), chance=("chance", "mean"), n_points=("n_points", "first"))
    reasons = grouped["degenerate"].agg(lambda found: "; ".join(dict.fromkeys(filter(None, found))))
    return means.assign(degenerate=reasons).reset_index()


def _draw_lines(axis, runs: pd.DataFrame, means: pd.DataFrame, palette: dict) -> None:
    for (activation, state, epoch), lines in runs.groupby(["activation", "state", "epoch"]):
        style = {"color": palette[activation], "linestyle": STATE_LINES[state], "marker": STATE_MARKERS[state]}
        mean = score_axes.has_mean(lines)
        for _, line in lines.groupby("seed"):
            flagged = (line["degenerate"] != "") & np.isfinite(line["value"])
            score_axes.draw_run(axis, line["distance"], line["value"], flagged, alone=not mean, **style)
        if mean:
            own = means[(means["activation"] == activation) & (means["state"] == state) & (means["epoch"] == epoch)]
            low, high = (own[bound].where(own["n"] >= FEWEST_UNITS) for bound in ("interval_low", "interval_high"))
            score_axes.draw_mean(axis, own["distance"], own["mean"], low, high, **style)


def _add_keys(figure: Figure, runs: pd.DataFrame, palette: dict, lined: bool) -> None:
    if len(palette) > 1:
        handles = [Line2D([], [], color=colour, linewidth=1.2) for colour in palette.values()]
        sheet.add_key(figure, handles, [words(name) for name in palette])
    colour = next(iter(palette.values())) if len(palette) == 1 else "0.4"
    entries = [
        Line2D([], [], color=colour, linewidth=1, linestyle=line, marker=STATE_MARKERS[state], markersize=3, label=state)
        for state, line in STATE_LINES.items()
        if (runs["state"] == state).any()
    ]
    if (runs["degenerate"] != "").any():
        entries.append(score_axes.flagged_entry())
    entries += [score_axes.chance_entry()] if lined else []
    sheet.add_key(figure, entries)
