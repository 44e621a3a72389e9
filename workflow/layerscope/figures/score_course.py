"""One score of networks during training, and their loss, against steps: one colour per architecture."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import Measure, by_size, draws_counted, measure, runs_of_lines, words
from layerscope.figures.shared.style import ramp
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
    "needs": ("sizes", "metrics", "loss_unit"),
    "one_dataset_where": {"losses": "beside"},
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
        "losses": {
            "description": "Where losses stand: below the score, beside it (of one dataset), or not at all.",
            "enum": ["below", "beside", "none"],
            "default": "below",
        },
    },
}

SPLIT_LINES = {"batches": ":", "train": "-.", "validation": "--", "test": "-"}
SPLIT_NAMES = {"batches": "training batches", "train": "training split", "validation": "validation", "test": "test"}
LEAST_INCHES, HEIGHT = 2.1, 1.3


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Datasets across. Above is the score's mean over the layers that `on` selects, below are the losses of `splits`.

    Of one dataset, losses can stand on the right of the score. Thick lines are means over three runs or more, thin lines are
    runs, hollow where flagged.
    """
    history = pd.concat([_read(source) for source in reads.history], ignore_index=True)
    runs = select(stored_runs(reads.runs[0], [options["score"]], with_input=False), options.get("on", {}))
    runs = runs[(runs["filter"] == "") & (runs["state"] != "input")]
    if runs.empty:
        raise StudyError(f"{options['score']} reaches nothing that `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError(f"{options['score']} is of several spaces or samples; name one embedding and one sample under `on`")
    score, loss = measure(options, options["score"]), Measure("loss", options["loss_unit"], 0, None, False)
    steps = history[[*RUN, "epoch", "step"]].drop_duplicates()
    course = runs.groupby([*RUN, "epoch"], as_index=False)["value"].mean().merge(steps, on=[*RUN, "epoch"])
    course = course.assign(measure=options["score"], split=runs["sample"].iloc[0])
    splits = options["splits"] if options["losses"] != "none" else []
    losses = history[history["split"].isin(splits) & (history["epoch"] > 0)]
    losses = losses.rename(columns={"loss": "value"}).assign(measure="loss")[course.columns]
    table = pd.concat([course, losses], ignore_index=True)
    flagged = score_axes.flagged_networks(runs)
    datasets = sorted(table["dataset"].unique())
    architectures = by_size(table["architecture"].unique(), options["sizes"])
    palette = dict(zip(architectures, ramp(len(architectures)), strict=True))
    where_losses = options["losses"]
    if where_losses == "beside" and len(datasets) > 1:
        raise StudyError(f"losses: beside is of one dataset, and `on` chooses {', '.join(datasets)}; name one, or write below")
    shown = (options["score"],) if where_losses == "none" else (options["score"], "loss")
    rows = 1 if where_losses == "beside" else len(shown)
    bands, across, width = sheet.shape(len(datasets) * (len(shown) // rows), LEAST_INCHES)
    figure, panels = sheet.panels(rows * bands, across, width, HEIGHT)
    ends = score_axes.limits(course["value"], score)
    for place, dataset in enumerate(datasets):
        own = table[table["dataset"] == dataset]
        first = place // across * rows
        pair = panels.flat[: len(shown)] if where_losses == "beside" else panels[first : first + rows, place % across]
        pair[0].set_ylim(ends)
        for panel, name in zip(pair, shown, strict=True):
            lines = own[own["measure"] == name]
            _draw_panel(panel, lines, palette, flagged, losses=name == "loss")
            panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        if where_losses == "below":
            pair[0].tick_params(labelbottom=False)
        low, high = own["step"].min(), own["step"].max()
        for panel in pair:
            panel.set_xlim(low - 0.03 * max(high - low, 1), high + 0.03 * max(high - low, 1))
        if place % across == 0:
            where = score.where(runs["space"].iloc[0])
            pair[0].set_ylabel("\n".join([sheet.wrapped(score.axis, HEIGHT + (0.3 if rows == 1 else 0.0), 7), where]).strip())
            for panel in pair[1:]:
                panel.set_ylabel(sheet.wrapped(loss.axis, HEIGHT, 7))
        own_runs = own.drop_duplicates(RUN)
        counts = own_runs.groupby(["architecture", "activation"]).size()
        marked = sum(tuple(key) in flagged for key in own_runs[RUN].itertuples(index=False))
        pair[0].set_title(f"{words(dataset)}\n{runs_of_lines(counts, marked)}")
        for panel in pair if where_losses == "beside" else pair[-1:]:
            panel.set_xlabel("step")
    if where_losses != "beside":
        sheet.leave_out(panels[-rows:, len(datasets) - (bands - 1) * across :].flat)
    sheet.add_key(
        figure, [Line2D([], [], color=colour, linewidth=1.2) for colour in palette.values()], [words(name) for name in palette]
    )
    handles = [
        Line2D([], [], color="0.4", linestyle=SPLIT_LINES[split], label=f"loss, {SPLIT_NAMES[split]}")
        for split in (options["splits"] if "loss" in shown else [])
    ]
    handles += [score_axes.flagged_entry()] if flagged else []
    if handles:
        sheet.add_key(figure, handles)
    several = any(score_axes.has_mean(own) for _, own in table.groupby(["dataset", "architecture", "activation"]))
    meaned = "means over runs, thin lines are runs" if several else "every line is a run"
    about = f"{score.title}{' and loss' if len(shown) > 1 else ''} while networks are trained"
    sheet.set_title(figure, options["title"] or f"{about}: {meaned}{draws_counted(runs['draws'])}")
    sheet.fit(figure, [panel for panel in panels.flat if panel.axison], HEIGHT)
    return figure, table


def _draw_panel(panel, lines: pd.DataFrame, palette: dict, flagged: set, losses: bool) -> None:
    if losses and len(lines) and (lines["value"].dropna() > 0).all():
        finite = lines["value"][np.isfinite(lines["value"])]
        if len(finite):
            panel.set_ylim(finite.min() / 1.15, finite.max() * 1.15)
        score_axes.logarithmic(panel)
    for (architecture, split), own in lines.groupby(["architecture", "split"]):
        style = {"color": palette[architecture], "linestyle": SPLIT_LINES.get(split, "-") if losses else "-"}
        several = score_axes.has_mean(own)
        for key, line in own.groupby(RUN):
            marked = np.full(len(line), key in flagged)
            score_axes.draw_run(panel, line["step"], line["value"], marked, alone=not several, **style)
        if several:
            mean = own.groupby("step")["value"].mean()
            panel.plot(mean.index, mean, linewidth=1.2, zorder=4, **style)


def _read(source: str) -> pd.DataFrame:
    return store.read_history(source).assign(**store.network_keys(source))
