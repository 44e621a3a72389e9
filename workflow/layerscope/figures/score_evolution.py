"""One score of every layer, epoch by epoch: how the profile over layers forms during training."""

import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import by_size, draws_counted, measure, network_title, runs_counted
from layerscope.figures.shared.style import ramp
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score of every layer, a line an epoch, a panel an architecture on a dataset.",
    "one_space": True,
    "without_input": True,
    "parts": ("whole",),
    "scores_of": "layers",
    "reads": ("runs",),
    "needs": ("sizes", "metrics"),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "columns": {"description": "Panels across.", "type": "integer", "minimum": 1, "default": 4},
    },
}

LEAST_INCHES, HEIGHT = 1.5, 1.2
# The most epochs that are named beside the scale.
NAMED = 8
UNTRAINED: dict = {"color": "0.45", "linestyle": "--"}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per architecture and dataset; one line per epoch, the mean over runs, from dark (early) to bright (late).

    Untrained networks are dashed and grey. Epochs are spaced by their order, so that the first ones are told apart.
    """
    runs = select(stored_runs(reads.runs[0], [options["score"]], with_input=False), options.get("on", {}))
    runs = runs[(runs["filter"] == "") & (runs["state"] != "input") & runs["depth"].notna()]
    if runs.empty:
        raise StudyError(f"no layer has {options['score']} in what `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError(f"{options['score']} is of several spaces or samples; name one embedding and one sample under `on`")
    score = measure(options, options["score"])
    keys = ["dataset", "architecture", "epoch", "layer", "depth"]
    table = runs.groupby(keys, as_index=False)["value"].agg(mean="mean", sd="std", n_runs="count")
    order = by_size(table["architecture"].unique(), options["sizes"])
    networks = [(dataset, architecture) for dataset in sorted(table["dataset"].unique()) for architecture in order]
    networks = [key for key in networks if ((table["dataset"] == key[0]) & (table["architecture"] == key[1])).any()]
    most = table.groupby("architecture")["layer"].nunique().max()
    down, across, width = sheet.shape(len(networks), score_axes.width_for(most, LEAST_INCHES), options["columns"])
    figure, panels = sheet.panels(down, across, width, HEIGHT, sharey=True)
    epochs = sorted(int(epoch) for epoch in table["epoch"].unique() if epoch > 0)
    palette = dict(zip(epochs, ramp(len(epochs)), strict=True))
    panels[0, 0].set_ylim(score_axes.limits(table["mean"], score, whole=True))
    for place, (panel, (dataset, architecture)) in enumerate(zip(panels.flat, networks, strict=False)):
        own = table[(table["dataset"] == dataset) & (table["architecture"] == architecture)]
        layers = own[["depth", "layer"]].drop_duplicates().sort_values("depth")
        score_axes.name_layers(panel, layers["depth"], layers["layer"], sheet.inside(width - 0.3, across))
        for epoch, line in own.groupby("epoch"):
            line = line.sort_values("depth")
            style = {"color": palette[int(epoch)], "linestyle": "-"} if epoch else UNTRAINED
            panel.plot(line["depth"], line["mean"], linewidth=1, marker="o", markersize=2, clip_on=False, **style)
        chosen = runs[(runs["dataset"] == dataset) & (runs["architecture"] == architecture)]
        flagged = len(score_axes.flagged_networks(chosen))
        heading = sheet.wrapped(network_title(dataset, architecture), sheet.inside(width - 0.3, across), 7)
        panel.set_title(f"{heading}\n{runs_counted(len(chosen.drop_duplicates(RUN)), flagged)}")
        if place % across == 0:
            panel.set_ylabel("\n".join([sheet.wrapped(score.axis, HEIGHT + 0.3, 7), score.where(runs["space"].iloc[0])]).strip())
    sheet.leave_out(panels.flat[len(networks) :])
    if epochs:
        _add_scale(figure, panels, epochs, palette)
    if (table["epoch"] == 0).any():
        sheet.add_key(figure, [Line2D([], [], linewidth=1, marker="o", markersize=2, **UNTRAINED)], ["untrained"])
    sheet.set_title(
        figure,
        options["title"] or f"{score.title} layer by layer after every epoch: means over runs{draws_counted(runs['draws'])}",
    )
    sheet.fit(figure, panels.flat[: len(networks)], HEIGHT)
    return figure, table


def _add_scale(figure: Figure, panels, epochs: list[int], palette: dict) -> None:
    """A scale with a field an epoch: whole numbers, as many as have room."""
    places = range(len(epochs) + 1)
    fields = ScalarMappable(BoundaryNorm(list(places), len(epochs)), ListedColormap(list(palette.values())))
    bar = figure.colorbar(fields, ax=panels, shrink=0.9, aspect=25, pad=0.01)
    every = -(-len(epochs) // NAMED)
    named = [place for place in range(len(epochs)) if (len(epochs) - 1 - place) % every == 0]
    bar.set_ticks([place + 0.5 for place in named], labels=[str(epochs[place]) for place in named])
    bar.ax.tick_params(length=0)
    bar.minorticks_off()
    bar.set_label("epoch")
