"""Published numbers beside measured ones: each with the spread over runs, the difference, and whether that is within noise.

A published number, of one network and one embedding, is inside if it lies in the 95 % prediction interval of such a one, from
the networks and embeddings of the study (statistics.prediction); a cell in which also a network at chance would be inside says
nothing (tables.shared.comparison). Fewer than three networks tell no verdict.

Filters have no counterpart in a network of another initialisation. So the k-th smallest published value of the living filters of
a layer is compared with the k-th smallest of networks with as many living filters there, and layers by their means, their numbers
of dead filters, and what training changes. Measured filters are dead by their maps (geometry.filters), published ones where an
accuracy is at chance: nothing else is published of them.
"""

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN
from layerscope.statistics.runs import stored_inputs, stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.comparison import of_networks_that_learnt
from layerscope.tables.shared.published_comparisons import PANEL, Measured, compared, noise_of_embeddings
from layerscope.tables.shared.published_summaries import by_figure, by_layer
from layerscope.tables.shared.summary import number, p_value

TABLE = {
    "description": (
        "Published numbers (workflow/published/{published}.csv) beside measured means: spread over runs, difference, and "
        "whether a published number lies in the 95 % prediction interval of one further network and embedding. Filters are "
        "compared by rank among the living ones of their layer."
    ),
    "reads": ("runs", "published"),
    "published": "comparisons",
    "needs": ("higher_is_better", "layer_accuracies", "repeats"),
    "names_embeddings": ("noise",),
    "required": ("published", "noise"),
    "options": {
        "published": {"description": "The name of a file in workflow/published.", "type": "string"},
        "noise": {
            "description": (
                "For a published embedding the one that embeds the same points, the input and whole layers, by several seeds. "
                "Its spread is the noise, that of the input for layers of which there is none; without one it is not known."
            ),
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
        },
        "by": {
            "description": "One row a comparison, one a published figure, or one a layer of the networks of one state.",
            "enum": ["comparison", "figure", "layer"],
            "default": "comparison",
        },
    },
}
STATES = ("input", "trained", "untrained")


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per comparison, or a summary of them where options say `by`."""
    published = store.read_published(reads.published[0])
    stored = stored_runs(reads.runs[0], published["metric"])
    inputs = stored_inputs(reads.runs[0], published["metric"])
    runs = select(stored, options.get("on", {}))
    runs = runs[~runs["filter"].isin([FILTER_MEAN, LIVING_MEAN]) & runs["state"].isin(STATES)]
    runs = of_networks_that_learnt(runs)
    _check_comparable(published, runs)
    embedded = pd.concat([inputs, stored[stored["state"] != "input"]], ignore_index=True)
    embedded = embedded[embedded["sample"].isin(runs["sample"])]
    measured = Measured(
        runs,
        noise_of_embeddings(embedded, options["noise"]),
        {space: _embeddings(embedded, space) for space in published["embedding"].unique()},
        *(options[told] for told in ("higher_is_better", "layer_accuracies", "repeats")),
    )
    _check_noise(published, options["noise"], measured)
    table = pd.DataFrame(compared(published, measured))
    return {"comparison": printed, "figure": by_figure, "layer": by_layer}[options["by"]](table)


def _embeddings(runs: pd.DataFrame, space: str) -> int:
    """How many embeddings of each representation there are."""
    own = runs[runs["space"] == space]
    return max(1, int((own["embeddings"] // own["draws"]).max()))


def _check_comparable(published: pd.DataFrame, runs: pd.DataFrame) -> None:
    for dataset, embedding in published[["dataset", "embedding"]].drop_duplicates().itertuples(index=False):
        own = runs[(runs["dataset"] == dataset) & (runs["space"] == embedding)]
        networks = own[["architecture", "activation", "sample"]].drop_duplicates()
        if len(networks) != 1:
            raise StudyError(
                f"published numbers of {dataset} by {embedding} stand beside one network and sample, not {len(networks)}; "
                "choose them in the table's `on`"
            )
        missing = set(published["metric"]) - set(own["metric"])
        if missing:
            raise StudyError(f"the study has no scores {', '.join(sorted(missing))} of {dataset} by {embedding}; add them")
        mine = published[(published["dataset"] == dataset) & (published["embedding"] == embedding)]
        _check_layers(mine.assign(is_filter=mine["filter"] != ""), own.assign(is_filter=own["filter"] != ""))


def _check_layers(published: pd.DataFrame, own: pd.DataFrame) -> None:
    for key, group in published.groupby(["figure", "layer", "is_filter", "metric"], sort=False):
        figure, layer, is_filter, metric = key
        found = (own["depth"] == layer) & (own["is_filter"] == is_filter) & (own["metric"] == metric)
        if not found.any():
            what = f"publishes {group['filter'].nunique()} filters" if is_filter else "is about the whole"
            raise StudyError(f"{figure} {what} of layer {layer}, of which the study has no {metric}; score it")


def _check_noise(published: pd.DataFrame, noise: dict[str, str], measured: Measured) -> None:
    for dataset, embedding, metric in published[["dataset", "embedding", "metric"]].drop_duplicates().itertuples(index=False):
        if embedding in noise and measured.noise_of(dataset, embedding, metric, 0, "input") is None:
            raise StudyError(
                f"noise.{embedding}: {noise[embedding]} has no {metric} of the input of {dataset} by two or more seeds; "
                "name an embedding that embeds the input by several `seeds`"
            )


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Comparisons as text: published numbers with the four decimals that they come with, measured ones with six."""
    columns = ["measured", "sd", "difference", "embedding_sd", "allowed"]
    texts = {column: table[column].map(lambda value: number(value, 6)) for column in columns}
    texts |= {"published": table["published"].map(number), "p": table["p"].map(lambda p: p_value(p) if np.isfinite(p) else "")}
    keys = [*PANEL, "state", "score", "comparison", "rank"]
    order = [*keys, "published", *columns[:2], "n_runs", *columns[2:], "p", "inside", "distinct"]
    return table.assign(**texts, distinct=table["distinct"].map({True: "yes", False: "no"}))[order]
