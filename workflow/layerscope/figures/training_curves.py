"""Loss and accuracy by epoch: thin lines are runs, thick lines their means; one column per architecture and dataset."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from layerscope import store
from layerscope.figures.shared.style import colours, make_room, network_title, set_title
from layerscope.store.reads import Reads

FIGURE = {
    "description": "Loss and accuracy by epoch, a line a run, one panel a dataset and architecture.",
    "reads": ("history",),
    "by_default": {"training": {}},
}

SPLIT_LINES = {"batches": ":", "validation": "--", "test": "-"}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Loss above accuracy, where there is any. Colours are activation functions, line styles splits.

    The split `batches` is that of the training batches, in training mode.
    """
    history = pd.concat([_read(source) for source in reads.history], ignore_index=True)
    history = history[history["split"].isin(SPLIT_LINES)]
    networks = history[["dataset", "architecture"]].drop_duplicates().itertuples(index=False)
    networks = list(networks)
    # Networks that learn numbers, or reconstruct their input, have no accuracy.
    measures = [measure for measure in ("loss", "accuracy") if measure == "loss" or history[measure].notna().any()]
    size = (2.6 * len(networks) + 1, 4.2 if len(measures) > 1 else 2.8)
    figure, panels = plt.subplots(len(measures), len(networks), figsize=size, squeeze=False, sharex="col")
    activations = sorted(history["activation"].unique())
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    for column, (dataset, architecture) in enumerate(networks):
        own = history[(history["dataset"] == dataset) & (history["architecture"] == architecture)]
        for row, measure in enumerate(measures):
            panel = panels[row, column]
            for (activation, split), lines in own.groupby(["activation", "split"]):
                style = {"color": palette[activation], "linestyle": SPLIT_LINES[split]}
                for _, line in lines.groupby("seed"):
                    panel.plot(line["epoch"], line[measure], linewidth=0.4, alpha=0.5, **style)
                mean = lines.groupby("epoch")[measure].mean()
                panel.plot(mean.index, mean, linewidth=1.4, label=f"{activation}, {split}", **style)
            panel.set_ylabel(measure if column == 0 else "")
        # A logarithmic scale would leave losses of 0 out.
        if (own["loss"].dropna() > 0).all():
            panels[0, column].set_yscale("log")
        runs = own.groupby("activation")["seed"].nunique()
        panels[0, column].set_title(f"{network_title(dataset, architecture)}, n = {runs.min()} runs")
        shown = [panel for panel, measure in zip(panels[:, column], measures, strict=True) if own[measure].notna().any()]
        for panel in panels[len(shown) :, column]:
            panel.set_axis_off()
        shown[-1].tick_params(labelbottom=True)
        shown[-1].set_xlabel("epoch")
        shown[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    handles = {}
    for panel in panels.flat:
        handles.update(dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True)))
    across = max(1, int(figure.get_figwidth() / 1.6))
    make_room(figure, len(handles), across)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=across)
    set_title(figure, options["title"] or "Training: thick lines are means over runs, thin lines are runs")
    return figure, history


def _read(source: str) -> pd.DataFrame:
    frame = store.read_history(source)
    keys = store.network_keys(source)
    return frame.assign(**keys)
