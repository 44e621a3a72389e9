"""Loss and accuracy by epoch: thin lines are runs, thick lines their means; one column per architecture and dataset."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from layerscope import store
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import Measure, network_title, runs_of_lines, words
from layerscope.figures.shared.style import colours
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import stored_runs
from layerscope.store.reads import Reads

FIGURE = {
    "description": "Loss, and accuracy where there is one, by epoch, a line a run, one panel a dataset and architecture.",
    "reads": ("history", "runs"),
    "needs": ("network_accuracies", "loss_unit"),
    "by_default": {"training": {}},
}

SPLIT_LINES = {"batches": ":", "test": "-", "validation": "--"}
SPLIT_NAMES = {"batches": "training batches", "test": "test", "validation": "validation"}
# Validation and test lie on one another: validation is drawn on top, darker by this factor.
DARKER = {"validation": 0.45}
ACCURACY = Measure("accuracy", "share of observations", 0, 1, True)
LEAST_INCHES, HEIGHT = 1.6, 1.2


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Loss above accuracy, where there is any. Colours are activation functions, line styles splits; hollow runs are flagged.

    The split `batches` is that of the training batches, in training mode.
    """
    history = pd.concat([_read(source) for source in reads.history], ignore_index=True)
    history = history[history["split"].isin(SPLIT_LINES)]
    networks = list(history[["dataset", "architecture"]].drop_duplicates().itertuples(index=False))
    flagged = _flagged(reads, options["network_accuracies"])
    # Networks that learn numbers, or reconstruct their input, have no accuracy.
    known = {"loss": Measure("loss", options["loss_unit"], 0, None, False), "accuracy": ACCURACY}
    measures = [name for name in known if name == "loss" or history[name].notna().any()]
    bands, across, width = sheet.shape(len(networks), LEAST_INCHES)
    figure, panels = sheet.panels(len(measures) * bands, across, width, HEIGHT)
    activations = sorted(history["activation"].unique())
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    ends = score_axes.limits(history["accuracy"], ACCURACY)
    for place, (dataset, architecture) in enumerate(networks):
        own = history[(history["dataset"] == dataset) & (history["architecture"] == architecture)]
        column = panels[place // across * len(measures) :, place % across][: len(measures)]
        shown = [name for name in measures if own[name].notna().any()] or ["loss"]
        sheet.leave_out(column[len(shown) :])
        for panel, name in zip(column, shown, strict=False):
            if name == "accuracy":
                panel.set_ylim(ends)
            elif (own["loss"].dropna() > 0).all():
                # A logarithmic scale would leave losses of 0 out.
                finite = own["loss"][np.isfinite(own["loss"])]
                if len(finite):
                    panel.set_ylim(finite.min() / 1.15, finite.max() * 1.15)
                score_axes.logarithmic(panel)
            _draw_panel(panel, own, name, palette, flagged)
            panel.set_ylabel(sheet.wrapped(known[name].axis, HEIGHT, 7) if place % across == 0 else "")
            panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            panel.tick_params(labelbottom=name == shown[-1])
        runs = own.groupby("activation")["seed"].nunique()
        marked = sum(tuple(key) in flagged for key in own[RUN].drop_duplicates().itertuples(index=False))
        heading = sheet.wrapped(network_title(dataset, architecture), sheet.inside(width, across), 7)
        column[0].set_title(f"{heading}\n{runs_of_lines(runs, marked)}")
        column[len(shown) - 1].set_xlabel("epoch")
    sheet.leave_out(panels[-len(measures) :, len(networks) - (bands - 1) * across :].flat)
    _add_keys(figure, history, palette, flagged)
    several = any(score_axes.has_mean(own) for _, own in history.groupby(["dataset", "architecture", "activation"]))
    meaned = "thick lines are means over runs, thin lines are runs" if several else "every line is a run"
    sheet.set_title(figure, options["title"] or f"{' and '.join(measures).capitalize()} while networks are trained: {meaned}")
    sheet.fit(figure, [panel for panel in panels.flat if panel.axison], HEIGHT)
    return figure, history


def _draw_panel(panel, history: pd.DataFrame, name: str, palette: dict, flagged: set) -> None:
    for split, linestyle in SPLIT_LINES.items():
        for activation, lines in history[history["split"] == split].groupby("activation"):
            style = {"color": _shade(palette[activation], split), "linestyle": linestyle}
            several = score_axes.has_mean(lines)
            for key, line in lines.groupby(RUN):
                marked = np.full(len(line), key in flagged)
                score_axes.draw_run(panel, line["epoch"], line[name], marked, alone=not several, **style)
            if several:
                mean = lines.groupby("epoch")[name].mean()
                panel.plot(mean.index, mean, linewidth=1.2, zorder=4, **style)


def _shade(colour, split: str) -> tuple:
    return tuple(DARKER.get(split, 1.0) * part for part in to_rgb(colour))


def _add_keys(figure: Figure, history: pd.DataFrame, palette: dict, flagged: set) -> None:
    if len(palette) > 1:
        sheet.add_key(
            figure,
            [Line2D([], [], color=colour, linewidth=1.2) for colour in palette.values()],
            [words(name) for name in palette],
        )
    colour = next(iter(palette.values())) if len(palette) == 1 else (0.5, 0.5, 0.5)
    handles = [
        Line2D([], [], color=_shade(colour, split), linestyle=linestyle, label=SPLIT_NAMES[split])
        for split, linestyle in SPLIT_LINES.items()
        if (history["split"] == split).any()
    ]
    shown = {tuple(key) for key in history[RUN].drop_duplicates().itertuples(index=False)}
    handles += [score_axes.flagged_entry()] if shown & flagged else []
    sheet.add_key(figure, handles)


def _flagged(reads: Reads, accuracies: list[str]) -> set[tuple]:
    """The RUN of networks that are flagged at their last snapshot, in their accuracies; none where a study scores none."""
    if not reads.runs or not accuracies:
        return set()
    return score_axes.flagged_networks(stored_runs(reads.runs[0], accuracies, with_input=False))


def _read(source: str) -> pd.DataFrame:
    frame = store.read_history(source)
    keys = store.network_keys(source)
    return frame.assign(**keys)
