"""Two scores of dynamic t-SNE embeddings against their lambda and each other: what it costs to make points move less."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from layerscope.errors import StudyError
from layerscope.figures.shared.style import colours, make_room, network_title, set_title
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
    "needs": ("lambdas",),
    "options": {
        "score": {"$ref": "#/$defs/score_name", "default": "kl"},
        "against": {"$ref": "#/$defs/score_name", "default": "displacement"},
    },
}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Each score is a run's mean over its steps (whole layers). One colour per network and dataset; thin lines are runs.

    A run with a step that has no value has none itself. With lambda 0 every step is embedded alone, from its own start.

    options: `lambdas` has the lambda of every embedding. The table has one row per run and embedding.
    """
    table = _by_lambda(reads.runs[0], options)
    score, against = options["score"], options["against"]
    networks = list(table.groupby(["dataset", "architecture", "activation"], sort=True))
    palette = colours(max(len(networks), 3))
    figure, panels = plt.subplots(1, 3, figsize=(8.4, 2.9))
    positive = table.loc[table["lambda"] > 0, "lambda"]
    for (key, own), colour in zip(networks, palette, strict=False):
        label = f"{network_title(*key[:2])} ({key[2]}), n = {own['seed'].nunique()}"
        mean = own.groupby("lambda")[[score, against]].mean()
        for panel, name in zip(panels, (score, against), strict=False):
            for _, run in own.groupby("seed"):
                panel.plot(run["lambda"], run[name], color=colour, linewidth=0.5, alpha=0.6)
            panel.plot(mean.index, mean[name], color=colour, marker="o", markersize=3, label=label)
        panels[2].plot(mean[against], mean[score], color=colour, marker="o", markersize=3)
        for weight, values in mean.iterrows():
            panels[2].annotate(f"{weight:g}", (values[against], values[score]), (3, 3), textcoords="offset points", fontsize=6)
    for panel, name in zip(panels, (score, against), strict=False):
        if len(positive):
            panel.set_xscale("symlog", linthresh=positive.min())
        panel.set_xlim(left=0)
        panel.set_xlabel("lambda")
        panel.set_ylabel(f"{name}, mean over steps")
    panels[2].set_xlabel(f"{against}, mean over steps")
    panels[2].set_ylabel(f"{score}, mean over steps")
    panels[2].set_title("numbers are lambda")
    handles, labels = panels[0].get_legend_handles_labels()
    make_room(figure, len(handles), 3)
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=7)
    set_title(figure, options["title"] or f"{score} and {against} by lambda")
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
    return means.reset_index().sort_values(keys, ignore_index=True)
