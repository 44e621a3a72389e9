"""One score of a network's layer against another score of the network: does the one tell the other?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope import store
from layerscope.aggregation import per_run, score_pairs
from layerscope.errors import StudyError
from layerscope.figures.style import colours, set_title
from layerscope.inputs import Inputs
from layerscope.statistics import rank_correlation

READS = ("score_table",)
MARKERS = "os^vD<>phX*P"


def draw(inputs: Inputs, options: dict) -> tuple[Figure, pd.DataFrame]:
    """A panel a dataset, a marker a run: colours are activations, shapes architectures, hollow markers flagged runs.

    Each panel says Spearman's rank correlation with its 95 % interval, of all runs and without flagged ones.
    """
    runs = per_run(store.read_score_table(inputs.score_table[0]))
    pairs = score_pairs(runs, options["score"], options["against"], options.get("on", {}))
    if pairs.empty:
        raise StudyError(f"no run has both {options['score']} and {options['against']} in what `on` chooses; widen it")
    datasets = sorted(pairs["dataset"].unique())
    figure, panels = plt.subplots(1, len(datasets), figsize=(2.9 * len(datasets) + 0.5, 3.6), squeeze=False)
    palette = dict(zip(sorted(pairs["activation"].unique()), colours(10), strict=False))
    shapes = dict(zip(sorted(pairs["architecture"].unique()), MARKERS, strict=False))
    for panel, dataset in zip(panels[0], datasets, strict=True):
        own = pairs[pairs["dataset"] == dataset]
        for row in own.itertuples():
            colour = palette[row.activation]
            panel.plot(
                row.against,
                row.value,
                shapes.get(row.architecture, "o"),
                markersize=4,
                markerfacecolor="none" if row.degenerate else colour,
                markeredgecolor=colour,
                markeredgewidth=0.7,
                alpha=0.8,
            )
        lines = [dataset, _correlation("all runs", own)]
        if (own["degenerate"] != "").any():
            lines.append(_correlation("without flagged", own[own["degenerate"] == ""]))
        panel.set_title("\n".join(lines), fontsize=7)
        panel.set_xlabel(options["against"])
    panels[0, 0].set_ylabel(options["score"])
    handles = [Line2D([], [], linestyle="none", marker="o", color=colour, label=name) for name, colour in palette.items()]
    handles += [Line2D([], [], linestyle="none", marker=shape, color="0.4", label=name) for name, shape in shapes.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=max(2, int(figure.get_figwidth() / 1.1)), fontsize=6)
    set_title(
        figure, options["title"] or f"{options['score']} against {options['against']}: a marker a run, hollow where flagged"
    )
    return figure, pairs


def _correlation(what: str, pairs: pd.DataFrame) -> str:
    found = rank_correlation(pairs["value"], pairs["against"])
    interval = f" [{found.low:.2f}, {found.high:.2f}]" if np.isfinite(found.low) else ""
    return f"{what}: Spearman {found.mean:.2f}{interval}, n = {found.n}"
