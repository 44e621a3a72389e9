"""One score of networks or their layers against another, with a rank correlation: does one predict the other?"""

import sys

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import measure, words
from layerscope.figures.shared.style import SMALLEST, colours, ramp, shapes
from layerscope.statistics.correlation import bent_line, rank_correlation, spearman
from layerscope.statistics.keys import FEWEST_UNITS, RUN
from layerscope.statistics.pairs import score_pairs
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.units import unit_keys
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score against another over runs, with their rank correlation, with and without flagged runs.",
    "pairs_scores": True,
    "one_space": True,
    "states": ("trained",),
    "reads": ("runs",),
    "needs": ("sizes", "metrics", "activations"),
    "every_epoch_where": {"epochs": "all"},
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
        "epochs": {
            "description": "trained shows networks at the end of their training; all is a line a run through every epoch.",
            "enum": ["trained", "all"],
            "default": "trained",
        },
        "split": {
            "description": "Of scores of networks as such; batches are those of the training as learned from.",
            "enum": ["train", "validation", "test", "batches"],
            "default": "test",
        },
    },
}

LEAST_INCHES, HEIGHT = 1.7, 1.7
# What the keys of colours and shapes are called.
KEYS = {"activation": "activation", "architecture": "architecture", "width": "width", "depth": "depth (layers)"}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset, one marker per run. Colour and shape stand for what `colour` and `marker` name; hollow is flagged.

    Each panel states Spearman's rank correlation, of all runs and without flagged ones, where there are enough: over kinds of
    networks, whose runs differ in their seed alone, with its 95 % interval, or its exact p where it has none. With `bend`, it has
    the least-squares line of runs that bends at that value of `against`. All panels have the same axes.

    With `epochs: all` each run is a line through all of its epochs, with its marker at the last one; the epochs of a run are not
    independent, so the panel states the mean over runs of the rank correlation within each.
    """
    course = options["epochs"] == "all"
    runs = stored_runs(reads.runs[0], [options["score"], options["against"]])
    pairs = score_pairs(
        runs, options["score"], options["against"], options.get("on", {}), split=options["split"], every_epoch=course
    )
    if pairs.empty:
        raise StudyError(f"no run has both {options['score']} and {options['against']} in what `on` chooses; widen it")
    score, against = measure(options, options["score"]), measure(options, options["against"])
    for size in ("depth", "width"):
        pairs[size] = [options["sizes"][architecture][size] for architecture in pairs["architecture"]]
    datasets = sorted(pairs["dataset"].unique())
    down, across, width = sheet.shape(len(datasets), LEAST_INCHES)
    figure, panels = sheet.panels(down, across, width, HEIGHT, sharex=True, sharey=True)
    panels[0, 0].set_xlim(score_axes.limits(pairs["against"], against))
    panels[0, 0].set_ylim(score_axes.limits(pairs["value"], score))
    panels[0, 0].xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    coloured = sorted(pairs[options["colour"]].unique())
    ordered = options["colour"] in ("depth", "width")
    palette = dict(zip(coloured, ramp(len(coloured)) if ordered else colours(len(coloured)), strict=True))
    marked = sorted(pairs[options["marker"]].unique())
    markers = dict(zip(marked, shapes(len(marked)), strict=True))
    for place, (panel, dataset) in enumerate(zip(panels.flat, datasets, strict=False)):
        own = pairs[pairs["dataset"] == dataset]
        for _, of_run in own.groupby(RUN):
            row = of_run.iloc[-1]
            colour = palette[row[options["colour"]]]
            if course:
                panel.plot(of_run["against"], of_run["value"], color=colour, linewidth=0.5, alpha=0.6, clip_on=False)
            panel.plot(
                row["against"],
                row["value"],
                linestyle="none",
                marker=markers[row[options["marker"]]],
                markersize=3.5,
                markerfacecolor="none" if row["degenerate"] else colour,
                markeredgecolor=colour,
                markeredgewidth=0.7,
                alpha=0.85,
                clip_on=False,
            )
        lines = [words(dataset), *(_within_runs(own) if course else _correlations(own))]
        if options["bend"] is not None:
            lines += _draw_bent_line(panel, own, options["bend"])
        panel.set_title(
            "\n".join(sheet.wrapped(line, sheet.inside(width, across), SMALLEST) for line in lines), fontsize=SMALLEST
        )
        panel.set_xlabel(sheet.wrapped(against.axis, sheet.inside(width, across), 7))
        if place % across == 0:
            panel.set_ylabel(sheet.wrapped(score.axis, HEIGHT, 7))
    sheet.leave_out(panels.flat[len(datasets) :])
    # An activation has the colour that it has in other figures, whatever its place in the key.
    palette = {value: palette[value] for value in _in_order(pairs, options["colour"], options)}
    markers = {value: markers[value] for value in _in_order(pairs, options["marker"], options)}
    _add_keys(figure, options, palette, markers, flagged=bool((pairs["degenerate"] != "").any()))
    flags = ", hollow where flagged" if (pairs["degenerate"] != "").any() else ""
    shown = "a line a run through its epochs, a marker at the last" if course else "a marker a run"
    sheet.set_title(figure, options["title"] or f"{score.title} against {against.label}: {shown}{flags}")
    sheet.fit(figure, panels.flat[: len(datasets)], HEIGHT)
    return figure, pairs


def _in_order(pairs: pd.DataFrame, key: str, options: dict) -> list:
    """The values of a key that are shown: activations as the study lists them, sizes and names sorted."""
    found = set(pairs[key])
    return [value for value in options["activations"] if value in found] if key == "activation" else sorted(found)


def _within_runs(pairs: pd.DataFrame) -> list[str]:
    """How many runs there are, and the mean over them of the rank correlation over the epochs of each."""
    found = [spearman(own["value"], own["against"]) for _, own in pairs.groupby(RUN)]
    finite = [one for one in found if np.isfinite(one)]
    counted = f"{len(found)} run{'s' if len(found) != 1 else ''}"
    if not finite:
        return [counted]
    varying = f" of the {len(finite)} that vary" if len(finite) < len(found) else ""
    return [f"{counted}: rank correlation within runs, {np.mean(finite):.2f} in the mean{varying}"]


def _add_keys(figure: Figure, options: dict, palette: dict, markers: dict, flagged: bool) -> None:
    """A key of colours and one of shapes, or one of both where they stand for the same; what does not differ needs none."""
    same = options["colour"] == options["marker"]
    if len(palette) > 1:
        handles = [
            Line2D([], [], linestyle="none", marker=markers[value] if same else "o", markersize=3.5, color=colour)
            for value, colour in palette.items()
        ]
        sheet.add_key(figure, handles, [words(value) for value in palette], KEYS[options["colour"]])
    if len(markers) > 1 and not same:
        handles = [Line2D([], [], linestyle="none", marker=shape, markersize=3.5, color="0.4") for shape in markers.values()]
        sheet.add_key(figure, handles, [words(value) for value in markers], KEYS[options["marker"]])


def _draw_bent_line(panel, pairs: pd.DataFrame, bend: float) -> list[str]:
    """Draw the least-squares line of the score that bends at one value of `against`; return its slopes as text."""
    found = bent_line(pairs["against"], pairs["value"], bend)
    if not np.isfinite(found.below):
        dataset = pairs["dataset"].iloc[0]
        print(
            f"layerscope: {dataset} has too few runs beside {bend:g} for a line that bends there; none is drawn", file=sys.stderr
        )
        return []
    along = np.linspace(pairs["against"].min(), pairs["against"].max(), 100)
    panel.plot(along, found.at(along), color="0.3", linewidth=0.9, linestyle="--")
    return [f"slope {found.below:.2g} below {bend:g}, {found.below + found.change.mean:.2g} above"]


def _correlations(pairs: pd.DataFrame) -> list[str]:
    """The rank correlation of all runs and of those without a flag; the number of runs alone where there is none.

    Runs that differ in their seed alone are one kind of network, and the correlation is that of the means of kinds.
    """
    unflagged = pairs[pairs["degenerate"] == ""]
    groups = [(f"{len(pairs)} run{'s' if len(pairs) != 1 else ''}", pairs)]
    if len(unflagged) < len(pairs):
        groups.append((f"{len(unflagged)} without flagged", unflagged))
    lines = []
    for what, own in groups:
        values = own.set_index(RUN)[["value", "against"]]
        keys = unit_keys(values.index, None)
        kinds = values.groupby(level=keys).mean() if keys else values
        what = f"{what}, {len(kinds)} kinds" if len(kinds) < len(own) else what
        found = rank_correlation(kinds["value"], kinds["against"]) if len(kinds) >= FEWEST_UNITS else None
        if found is None or not np.isfinite(found.mean):
            lines.append(what)
            continue
        certainty = f"[{found.low:.2f}, {found.high:.2f}]" if np.isfinite(found.low) else f"(p {found.p:.2g})"
        lines.append(f"{what}: rank correlation {found.mean:.2f} {certainty}")
    return lines
