"""One score of networks during training, and their loss below it, against steps: one colour per architecture."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures.shared.style import PlainLogarithmic, by_size, make_room, ramp, set_title
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score (its mean over layers) and the loss of networks against steps, a colour an architecture.",
    "one_space": True,
    "without_input": True,
    "parts": ("whole",),
    "reads": ("runs", "history"),
    "needs": ("sizes",),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "splits": {
            "description": "Of the losses; batches are those of the training as learned from.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": ["train", "validation", "test", "batches"]},
            "default": ["batches", "test"],
        },
    },
}

SPLIT_LINES = {"batches": ":", "train": "-.", "validation": "--", "test": "-"}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Datasets across. Above is the score's mean over the layers that `on` selects, below are the losses of `splits`.

    Thick lines are means over runs, thin lines are runs.
    """
    history = pd.concat([_read(source) for source in reads.history], ignore_index=True)
    runs = select(stored_runs(reads.runs[0], [options["score"]], with_input=False), options.get("on", {}))
    runs = runs[(runs["filter"] == "") & (runs["state"] != "input")]
    if runs.empty:
        raise StudyError(f"{options['score']} reaches nothing that `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError(f"{options['score']} is of several spaces or samples; name one embedding and one sample under `on`")
    steps = history[[*RUN, "epoch", "step"]].drop_duplicates()
    course = runs.groupby([*RUN, "epoch"], as_index=False)["value"].mean().merge(steps, on=[*RUN, "epoch"])
    course = course.assign(measure=options["score"], split=runs["sample"].iloc[0])
    losses = history[history["split"].isin(options["splits"]) & (history["epoch"] > 0)]
    losses = losses.rename(columns={"loss": "value"}).assign(measure="loss")[course.columns]
    table = pd.concat([course, losses], ignore_index=True)
    datasets = sorted(table["dataset"].unique())
    architectures = by_size(table["architecture"].unique(), options["sizes"])
    palette = dict(zip(architectures, ramp(len(architectures)), strict=True))
    figure, panels = plt.subplots(2, len(datasets), figsize=(3.1 * len(datasets) + 0.8, 4.4), squeeze=False, sharex="col")
    for column, dataset in enumerate(datasets):
        own = table[table["dataset"] == dataset]
        for panel, (measure, lines) in zip(panels[:, column], own.groupby("measure", sort=False), strict=False):
            _draw_panel(panel, lines, palette, losses=measure == "loss")
            if column == 0:
                panel.set_ylabel(measure)
        n = own.drop_duplicates(RUN).groupby(["architecture", "activation"]).size().min()
        panels[0, column].set_title(f"{dataset}, n = {n} runs")
        panels[1, column].set_xlabel("step")
    handles = [Line2D([], [], color=colour, label=name) for name, colour in palette.items()]
    handles += [Line2D([], [], color="0.4", linestyle=SPLIT_LINES[split], label=f"loss, {split}") for split in options["splits"]]
    across = max(2, int(figure.get_figwidth() / 1.4))
    make_room(figure, len(handles), across)
    figure.legend(handles=handles, loc="outside lower center", ncols=across, fontsize=7)
    set_title(figure, options["title"] or f"{options['score']} and loss while training: means over runs, thin lines are runs")
    return figure, table


def _draw_panel(panel, lines: pd.DataFrame, palette: dict, losses: bool) -> None:
    for (architecture, split), own in lines.groupby(["architecture", "split"]):
        style = {"color": palette[architecture], "linestyle": SPLIT_LINES.get(split, "-") if losses else "-"}
        for _, line in own.groupby(RUN):
            panel.plot(line["step"], line["value"], linewidth=0.4, alpha=0.5, **style)
        mean = own.groupby("step")["value"].mean()
        panel.plot(mean.index, mean, linewidth=1.4, **style)
    if losses and (lines["value"].dropna() > 0).all():
        panel.set_yscale("log")
        for formatted in (panel.yaxis.set_major_formatter, panel.yaxis.set_minor_formatter):
            formatted(PlainLogarithmic())


def _read(source: str) -> pd.DataFrame:
    return store.read_history(source).assign(**store.network_keys(source))
