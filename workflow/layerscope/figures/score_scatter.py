"""One score of networks or their layers against another, with a rank correlation: does one predict the other?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.errors import StudyError
from layerscope.figures.shared.style import colours, make_room, ramp, set_title, shapes
from layerscope.statistics.correlation import bent_line, rank_correlation
from layerscope.statistics.pairs import score_pairs
from layerscope.statistics.runs import stored_runs
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score against another over runs, with their rank correlation, with and without flagged runs.",
    "pairs_scores": True,
    "one_space": True,
    "states": ("trained",),
    "reads": ("runs",),
    "needs": ("sizes",),
    "required": ("score", "against"),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "against": {"$ref": "#/$defs/score_name"},
        "colour": {
            "description": "What colours tell.",
            "enum": ["activation", "architecture", "width", "depth"],
            "default": "activation",
        },
        "marker": {
            "description": "What shapes tell.",
            "enum": ["activation", "architecture", "width", "depth"],
            "default": "architecture",
        },
        "bend": {
            "description": "Draws the least-squares line that bends at this value of `against`; null for none.",
            "type": ["number", "null"],
            "default": None,
        },
    },
}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset, one marker per run. Colour and shape stand for what `colour` and `marker` name; hollow is flagged.

    Each panel states Spearman's rank correlation with its 95 % interval, of all runs and without flagged ones. With `bend`,
    it has the least-squares line that bends at that value of `against`.
    """
    runs = stored_runs(reads.runs[0], [options["score"], options["against"]])
    pairs = score_pairs(runs, options["score"], options["against"], options.get("on", {}))
    if pairs.empty:
        raise StudyError(f"no run has both {options['score']} and {options['against']} in what `on` chooses; widen it")
    for size in ("depth", "width"):
        pairs[size] = [options["sizes"][architecture][size] for architecture in pairs["architecture"]]
    datasets = sorted(pairs["dataset"].unique())
    figure, panels = plt.subplots(1, len(datasets), figsize=(2.9 * len(datasets) + 0.5, 3.6), squeeze=False)
    coloured = sorted(pairs[options["colour"]].unique())
    ordered = options["colour"] in ("depth", "width")
    palette = dict(zip(coloured, ramp(len(coloured)) if ordered else colours(len(coloured)), strict=True))
    marked = sorted(pairs[options["marker"]].unique())
    markers = dict(zip(marked, shapes(len(marked)), strict=True))
    for panel, dataset in zip(panels[0], datasets, strict=True):
        own = pairs[pairs["dataset"] == dataset]
        for _, row in own.iterrows():
            colour = palette[row[options["colour"]]]
            panel.plot(
                row["against"],
                row["value"],
                linestyle="none",
                marker=markers[row[options["marker"]]],
                markersize=4,
                markerfacecolor="none" if row["degenerate"] else colour,
                markeredgecolor=colour,
                markeredgewidth=0.7,
                alpha=0.8,
            )
        lines = [dataset, _correlation("all runs", own)]
        if (own["degenerate"] != "").any():
            lines.append(_correlation("without flagged", own[own["degenerate"] == ""]))
        if options["bend"] is not None:
            lines.append(_draw_bent_line(panel, own, options["bend"]))
        panel.set_title("\n".join(lines), fontsize=7)
        panel.set_xlabel(options["against"])
    panels[0, 0].set_ylabel(options["score"])
    handles = [
        Line2D([], [], linestyle="none", marker="o", color=colour, label=_named(options["colour"], value))
        for value, colour in palette.items()
    ]
    handles += [
        Line2D([], [], linestyle="none", marker=shape, color="0.4", label=_named(options["marker"], value))
        for value, shape in markers.items()
        if len(markers) > 1
    ]
    across = max(2, int(figure.get_figwidth() / 1.1))
    make_room(figure, len(handles), across)
    figure.legend(handles=handles, loc="outside lower center", ncols=across, fontsize=6)
    set_title(
        figure, options["title"] or f"{options['score']} against {options['against']}: a marker a run, hollow where flagged"
    )
    return figure, pairs


def _named(key: str, value: object) -> str:
    return f"{key} {value}" if key in ("depth", "width") else str(value)


def _draw_bent_line(panel, pairs: pd.DataFrame, bend: float) -> str:
    """Draw the least-squares line of the score that bends at one value of `against`; return its slopes as text."""
    found = bent_line(pairs["against"], pairs["value"], bend)
    if not np.isfinite(found.below):
        return f"too few runs beside {bend:g} for a line that bends there"
    along = np.linspace(pairs["against"].min(), pairs["against"].max(), 100)
    panel.plot(along, found.at(along), color="0.3", linewidth=0.9, linestyle="--")
    return f"slope {found.below:.3g} below {bend:g}, {found.below + found.change.mean:.3g} above"


def _correlation(what: str, pairs: pd.DataFrame) -> str:
    found = rank_correlation(pairs["value"], pairs["against"])
    interval = f" [{found.low:.2f}, {found.high:.2f}]" if np.isfinite(found.low) else ""
    return f"{what}: Spearman {found.mean:.2f}{interval}, n = {found.n}"
