"""One score of every layer of trained networks, in layer order: one panel per architecture, one colour per dataset."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import by_size, draws_counted, listed, measure, runs_counted, words
from layerscope.figures.shared.style import colours
from layerscope.statistics.keys import FEWEST_UNITS, RUN, SUMMARY_KEYS
from layerscope.statistics.pairs import final_accuracy
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import summarise
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "One score of every layer of trained networks, a panel an architecture, a colour a dataset; runs, mean, interval."
    ),
    "one_space": True,
    "states": ("trained",),
    "parts": ("whole",),
    "scores_of": "layers",
    "reads": ("runs",),
    "needs": ("sizes", "metrics", "network_accuracies"),
    "required": ("score",),
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "columns": {"description": "Panels across.", "type": "integer", "minimum": 1, "default": 5},
    },
}

LEAST_INCHES, HEIGHT = 1.35, 1.15


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Thick lines are means over three runs or more with 95 % intervals, thin lines are runs, hollow where flagged.

    Titles have the mean test accuracy. The axis of a score with bounds goes from one to the other, so that figures compare.
    """
    stored = stored_runs(reads.runs[0], [options["score"], *options["network_accuracies"]], with_input=False)
    runs = select(stored[stored["metric"] == options["score"]], options.get("on", {}))
    runs = runs[(runs["state"] == "trained") & (runs["filter"] == "") & runs["depth"].notna()]
    if runs.empty:
        raise StudyError(f"no layer of a trained network has {options['score']} in what `on` chooses; widen it")
    if len(runs[["space", "sample"]].drop_duplicates()) > 1:
        raise StudyError("the layers are scored in several spaces or samples; name one embedding and one sample under `on`")
    score = measure(options, options["score"])
    runs = runs.merge(final_accuracy(stored, options["network_accuracies"]), how="left", on=RUN)
    summary = summarise(runs.drop(columns="accuracy").assign(epoch=0))
    architectures = by_size(runs["architecture"].unique(), options["sizes"])
    datasets = sorted(runs["dataset"].unique())
    activations = sorted(runs["activation"].unique())
    kinds = _kinds(datasets, activations)
    palette = dict(zip(kinds, colours(len(kinds)), strict=True))
    most = runs.groupby("architecture")["layer"].nunique().max()
    down, across, width = sheet.shape(len(architectures), score_axes.width_for(most, LEAST_INCHES), options["columns"])
    figure, panels = sheet.panels(down, across, width, HEIGHT, sharey=True)
    told = summary[summary["n_runs"] >= FEWEST_UNITS]
    held = score_axes.with_intervals(runs["value"], told["interval_low"], told["interval_high"])
    panels[0, 0].set_ylim(score_axes.limits(held, score, whole=True))
    for place, (panel, architecture) in enumerate(zip(panels.flat, architectures, strict=False)):
        own, means = (frame[frame["architecture"] == architecture] for frame in (runs, summary))
        layers = own[["depth", "layer"]].drop_duplicates().sort_values("depth")
        score_axes.name_layers(panel, layers["depth"], layers["layer"], sheet.inside(width, across))
        _draw_panel(panel, own, means, palette)
        lines = [words(architecture), *_accuracies(own, datasets)]
        panel.set_title("\n".join(sheet.wrapped(line, sheet.inside(width, across), 7) for line in lines))
        if place % across == 0:
            panel.set_ylabel("\n".join([sheet.wrapped(score.axis, HEIGHT + 0.3, 7), score.where(runs["space"].iloc[0])]).strip())
    sheet.leave_out(panels.flat[len(architectures) :])
    handles = [Line2D([], [], color=colour, linewidth=1.2, label=listed(kind)) for kind, colour in palette.items()]
    # What does not differ stands in the titles of panels.
    handles = handles if len(handles) > 1 else []
    handles += [score_axes.flagged_entry()] if (runs["degenerate"] != "").any() else []
    sheet.add_key(figure, handles)
    several = any(score_axes.has_mean(own) for _, own in runs.groupby(["dataset", "architecture", "activation"]))
    meaned = "means over runs with 95 % intervals, thin lines are runs" if several else "every line is a run"
    sheet.set_title(
        figure, options["title"] or f"{score.title} layer by layer in trained networks: {meaned}{draws_counted(runs['draws'])}"
    )
    sheet.fit(figure, panels.flat[: len(architectures)], HEIGHT)
    keys = [key for key in SUMMARY_KEYS if key not in ("epoch", "state", "filter")]
    return figure, summary[[*keys, "n_runs", "mean", "sd", "interval_low", "interval_high", "draws", "draw_sd"]]


def _kinds(datasets: list[str], activations: list[str]) -> list[tuple[str, ...]]:
    if len(activations) == 1:
        return [(dataset,) for dataset in datasets]
    return [(dataset, activation) for dataset in datasets for activation in activations]


def _accuracies(runs: pd.DataFrame, datasets: list[str]) -> list[str]:
    """One line per dataset: the mean accuracy on its test split and the number of runs."""
    lines = []
    for dataset in datasets:
        own = runs[runs["dataset"] == dataset].drop_duplicates(RUN)
        if len(own):
            flagged = sum(score_axes.flagged_runs(one) for _, one in runs[runs["dataset"] == dataset].groupby("activation"))
            measured = f"accuracy {own['accuracy'].mean():.2f}, " if own["accuracy"].notna().any() else ""
            lines.append(f"{words(dataset)}: {measured}{runs_counted(len(own), flagged)}")
    return lines


def _draw_panel(panel, runs: pd.DataFrame, means: pd.DataFrame, palette: dict) -> None:
    one_activation = all(len(kind) == 1 for kind in palette)
    for (dataset, activation), own in runs.groupby(["dataset", "activation"]):
        colour = palette[(dataset,) if one_activation else (dataset, activation)]
        several = score_axes.has_mean(own)
        for _, line in own.groupby("seed"):
            line = line.sort_values("depth")
            score_axes.draw_run(panel, line["depth"], line["value"], line["degenerate"] != "", colour, alone=not several)
        if several:
            mean = means[(means["dataset"] == dataset) & (means["activation"] == activation)].sort_values("depth")
            low, high = (mean[bound].where(mean["n_runs"] >= FEWEST_UNITS) for bound in ("interval_low", "interval_high"))
            score_axes.draw_mean(panel, mean["depth"], mean["mean"], low, high, colour, marker="o")
