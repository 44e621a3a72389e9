"""Two scores of dynamic t-SNE embeddings against their lambda and each other: what it costs to make points move less."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import measure, network_title, runs_counted, words
from layerscope.figures.shared.placing import note_points
from layerscope.figures.shared.style import PAGE, colours
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": "Two scores of embeddings that have a lambda, the mean over their steps, against their lambda and each other.",
    "one_sample": True,
    "without_input": True,
    "parts": ("whole",),
    "embeddings_with": "lambda",
    "reads": ("runs",),
    "needs": ("lambdas", "metrics"),
    "options": {
        "score": {"$ref": "#/$defs/score_name", "default": "kl"},
        "against": {"$ref": "#/$defs/score_name", "default": "displacement"},
    },
}

HEIGHT = 1.5
# The most values of lambda that are named below an axis.
NAMED = 8


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Each score is a run's mean over its steps (whole layers). One colour per network and dataset; thin lines are runs.

    A run with a step that has no value has none itself. With lambda 0 every step is embedded alone, from its own start. The
    values of lambda are spaced by their order. Hollow runs are flagged.

    options: `lambdas` has the lambda of every embedding. The table has one row per run and embedding.
    """
    table = _by_lambda(reads.runs[0], options)
    names = [options["score"], options["against"]]
    measures = {name: measure(options, name) for name in names}
    networks = list(table.groupby(["dataset", "architecture", "activation"], sort=True))
    palette = colours(len(networks))
    values = sorted(table["lambda"].unique())
    places = {value: place for place, value in enumerate(values)}
    figure, panels = sheet.panels(1, 3, PAGE, HEIGHT)
    panels = panels[0]
    for panel, name in zip(panels, names, strict=False):
        panel.set_ylim(score_axes.limits(table[name], measures[name]))
    handles, labels, courses = [], [], []
    for (key, own), colour in zip(networks, palette, strict=True):
        mean = own.groupby("lambda")[names].mean()
        several = own["seed"].nunique() > 1
        for panel, name in zip(panels, names, strict=False):
            for _, run in own.groupby("seed") if several else ():
                score_axes.draw_run(panel, run["lambda"].map(places), run[name], run["degenerate"] != "", colour)
            panel.plot(mean.index.map(places), mean[name], color=colour, marker="o", markersize=3, linewidth=1.2, clip_on=False)
        [line] = panels[2].plot(
            mean[options["against"]], mean[options["score"]], color=colour, marker="o", markersize=3, linewidth=1.2
        )
        courses.append(mean)
        handles.append(line)
        flagged = int((own["degenerate"] != "").groupby(own["seed"]).all().sum())
        labels.append(f"{network_title(*key[:2])} ({words(key[2])}), {runs_counted(own['seed'].nunique(), flagged)}")
    named = [place for place in range(len(values)) if (len(values) - 1 - place) % -(-len(values) // NAMED) == 0]
    for panel, name in zip(panels, names, strict=False):
        panel.set_xticks(named, [f"{values[place]:g}" for place in named])
        panel.set_xlim(-0.3, len(values) - 0.7)
        panel.set_xlabel("lambda (weight of movement)")
        panel.set_ylabel(sheet.wrapped(f"{measures[name].axis}", HEIGHT + 0.3, 7))
    panels[2].margins(0.12)
    panels[2].set_xlabel(sheet.wrapped(measures[options["against"]].axis, PAGE / 3 - 0.4, 7))
    panels[2].set_ylabel(sheet.wrapped(measures[options["score"]].axis, HEIGHT + 0.3, 7))
    sheet.add_key(figure, handles, labels)
    first, second = (measures[name] for name in names)
    about = f"{first.title} and {second.label}, means over steps and runs, by lambda, and against each other (numbers are lambda)"
    sheet.set_title(figure, options["title"] or about)
    sheet.fit(figure, panels, HEIGHT)
    points = np.concatenate([mean[[options["against"], options["score"]]].to_numpy() for mean in courses])
    weights = [f"{weight:g}" for mean in courses for weight in mean.index]
    finite = np.isfinite(points).all(axis=1)
    note_points(panels[2], points[finite], [weight for weight, known in zip(weights, finite, strict=True) if known])
    return figure, table


def _by_lambda(runs_file: str, options: dict) -> pd.DataFrame:
    names = [options["score"], options["against"]]
    stored = stored_runs(runs_file, names, with_input=False)
    runs = select(stored[stored["space"].isin(options["lambdas"])], options.get("on", {}))
    runs = runs[(runs["state"] != "input") & (runs["filter"] == "")]
    missing = [name for name in names if name not in set(runs["metric"])]
    if missing:
        raise StudyError(f"{missing[0]} reaches no embedding of several steps together that `on` chooses; widen it")
    if runs["sample"].nunique() > 1:
        raise StudyError(f"the embeddings are of several samples ({', '.join(sorted(set(runs['sample'])))}); name one under `on`")
    runs = runs.assign(**{"lambda": runs["space"].map(options["lambdas"])})
    keys = [*RUN, "sample", "lambda", "space"]
    means = runs.groupby([*keys, "metric"])["value"].agg(lambda values: values.mean(skipna=False)).unstack("metric")
    flags = runs.groupby(keys)["degenerate"].agg(lambda reasons: next((reason for reason in reasons if reason), ""))
    return means.join(flags).reset_index().sort_values(keys, ignore_index=True)
