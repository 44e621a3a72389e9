"""Published numbers beside measured ones: each with the spread over runs, the difference, and whether that is within noise.

A published number p, from one run, is inside if |mean - p| <= max(3 sd sqrt(1 + 1/n), floor). The first term is the prediction
interval of one more run beside n runs with standard deviation sd. The floor is the noise of the embedding alone: 3 s sqrt(1 +
1/m), with the standard deviation s of a score over m embedding seeds of the same points, the input of the dataset.

Filters have no counterpart in a network of another initialisation. So the k-th smallest published value of a layer is compared
with the k-th smallest measured one, and layers by their means, their numbers of filters at chance, and what training changes.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.comparison import judged
from layerscope.tables.shared.summary import number

TABLE = {
    "description": (
        "Published numbers (workflow/published/{published}.csv) beside measured means: spread over runs, difference, and "
        "whether it is within max(3 sd sqrt(1 + 1/n), the noise of the embedding). Filters are compared by rank within "
        "their layer."
    ),
    "reads": ("runs", "score_table", "published"),
    "published": "comparisons",
    "needs": ("higher_is_better", "layer_accuracies"),
    "names_embeddings": ("noise",),
    "required": ("published", "noise"),
    "options": {
        "published": {"description": "The name of a file in workflow/published.", "type": "string"},
        "noise": {
            "description": (
                "For a published embedding the one that embeds the input by several seeds; its spread is the noise. "
                "Without one the noise is 0."
            ),
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
        },
        "by": {
            "description": "One row a comparison, or one a published figure.",
            "enum": ["comparison", "figure"],
            "default": "comparison",
        },
    },
}
# What one table of the publication shows.
PANEL = ["figure", "dataset", "embedding", "layer"]
CELLS = ("value", "rank")
FILTERS_AT_CHANCE, TRAINING = "filters at chance", "trained - untrained"
NOT_ACCEPTED = "not_accepted"
STATES = ("input", "trained", "untrained")


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per comparison, or per published figure where options say `by: figure`.

    Networks that were never accepted are left out, because the published ones were all accepted.
    """
    published = store.read_published(reads.published[0])
    scores = store.read_score_table(reads.score_table[0], published["metric"])
    runs = select(stored_runs(reads.runs[0], published["metric"]), options.get("on", {}))
    runs = runs[~runs["filter"].isin([FILTER_MEAN, LIVING_MEAN]) & runs["state"].isin(STATES)]
    runs = runs[~runs["degenerate"].str.startswith(NOT_ACCEPTED)]
    _check_comparable(published, runs)
    floors = noise_floors(scores[scores["sample"].isin(runs["sample"])], options["noise"])
    _check_noise(published, options["noise"], floors)
    table = pd.DataFrame(compared(published, runs, floors, options["higher_is_better"], options["layer_accuracies"]))
    return summary(table) if options["by"] == "figure" else printed(table)


def noise_floors(scores: pd.DataFrame, noise: dict[str, str]) -> dict[tuple[str, str, str], float]:
    """(dataset, embedding, score) -> floor. noise: embedding -> the one with several seeds of the input."""
    floors = {}
    for embedding, repeated in noise.items():
        own = scores[(scores["space"] == repeated) & (scores["state"] == "input")]
        for (dataset, metric), group in own.groupby(["dataset", "metric"]):
            values = group["value"].to_numpy()
            values = values[np.isfinite(values)]
            if len(values) > 1:
                floors[dataset, embedding, metric] = float(3 * values.std(ddof=1) * np.sqrt(1 + 1 / len(values)))
    return floors


def compared(
    published: pd.DataFrame, runs: pd.DataFrame, floors: dict, higher_is_better: dict[str, bool], accuracies: list[str]
) -> Iterator[dict]:
    """Every comparison, in the order of the published figures. runs: one row per run, layer or filter, embedding and score.

    accuracies: the scores by which a filter is at chance, by name.
    """
    for key, of_table in published.groupby(PANEL, sort=False):
        _, dataset, embedding, layer = key
        measured = runs[(runs["dataset"] == dataset) & (runs["space"] == embedding) & (runs["depth"] == layer)]
        about = dict(zip(PANEL, key, strict=True))
        if (of_table["filter"] != "").any():
            comparisons = _compare_filters(of_table, measured, higher_is_better, accuracies)
        else:
            comparisons = _compare_layer(of_table, measured)
        for found in comparisons:
            yield about | judged(
                found, floors.get((dataset, embedding, found["score"]), 0.0) * _noise_share(found["comparison"], of_table)
            )


def _noise_share(comparison: str, published: pd.DataFrame) -> float:
    """The factor on an embedding's noise: means over filters have less of it, differences have the noise of both sides."""
    if comparison == FILTERS_AT_CHANCE:
        return 0.0
    averaged = published["filter"].nunique() ** -0.5
    return {"value": 1.0, "rank": 1.0, TRAINING: 2**0.5 * averaged}.get(comparison, averaged)


def _compare_layer(published: pd.DataFrame, measured: pd.DataFrame) -> Iterator[dict]:
    measured = measured[measured["filter"] == ""]
    for row in published.itertuples():
        state = "input" if row.layer == 0 else row.state
        values = measured[(measured["metric"] == row.metric) & (measured["state"] == state)]["value"]
        # The input is joined to every network, but it is one value.
        values = values.iloc[:1] if row.layer == 0 else values
        yield _found("value", row.state, row.metric, row.value, values)
    if published["layer"].iloc[0] > 0:
        yield from _compare_training(published, measured)


def _compare_filters(
    published: pd.DataFrame, measured: pd.DataFrame, higher_is_better: dict[str, bool], accuracies: list[str]
) -> Iterator[dict]:
    measured = measured[measured["filter"] != ""]
    # A diverged network has no values; its filters must not count as dead.
    measured = measured[measured.groupby(["seed", "state"])["value"].transform("count") > 0]
    lowest = {name: _above_chance(measured, name) for name in accuracies}
    published = _with_chance_marked(published, ["state", "filter"], lowest)
    measured = _with_chance_marked(measured, ["seed", "state", "filter"], lowest)
    for (state, metric), group in published.groupby(["state", "metric"], sort=False):
        own = measured[(measured["state"] == state) & (measured["metric"] == metric)]
        by_run = [_ascending(part["value"], higher_is_better[metric]) for _, part in own.groupby("seed")]
        expected = np.sort(group["value"].to_numpy())
        if any(len(values) != len(expected) for values in by_run):
            raise StudyError(
                f"{group['figure'].iloc[0]} publishes {len(expected)} filters, the study has {len(by_run[0])}; "
                "compare networks of the same architecture"
            )
        for rank, value in enumerate(expected):
            yield _found("rank", state, metric, value, [values[rank] for values in by_run], rank + 1)
        yield _found("layer mean", state, metric, expected.mean(), own.groupby("seed")["value"].mean())
        living, own_living = group[~group["at_chance"]], own[~own["at_chance"]]
        if len(living):
            means = own_living.groupby("seed")["value"].mean()
            yield _found("layer mean, living filters", state, metric, living["value"].mean(), means)
        if metric in accuracies:
            yield _found(FILTERS_AT_CHANCE, state, metric, group["at_chance"].sum(), own.groupby("seed")["at_chance"].sum())
    yield from _compare_training(published, measured)


def _compare_training(published: pd.DataFrame, measured: pd.DataFrame) -> Iterator[dict]:
    """Trained minus untrained, paired by (run, filter): the mean over filters of a run."""
    for metric, group in published.groupby("metric", sort=False):
        expected = _training_effects(group, ["filter"]).mean()
        own = _training_effects(measured[measured["metric"] == metric], ["seed", "filter"])
        yield _found(TRAINING, "", metric, expected, own.groupby("seed").mean())


def _training_effects(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    by_state = rows.set_index([*keys, "state"])["value"].unstack("state").reindex(columns=["trained", "untrained"])
    return by_state["trained"] - by_state["untrained"]


def _above_chance(measured: pd.DataFrame, accuracy: str) -> float:
    """The accuracy up to which a filter is at chance: five standard errors above the exact chance level."""
    own = measured[measured["metric"] == accuracy]
    chance = own["chance"].mean()
    return chance + 5 * np.sqrt(chance * (1 - chance) / own["n_points"].min())


def _with_chance_marked(rows: pd.DataFrame, keys: list[str], lowest: dict[str, float]) -> pd.DataFrame:
    """Rows with `at_chance`: whether an accuracy of the filter is at chance, or has no value. lowest: by accuracy, see above."""
    dead = rows[rows["metric"].isin(lowest) & ~(rows["value"] > rows["metric"].map(lowest))]
    marked = pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(dead[keys]))
    return rows.assign(at_chance=marked)


def _ascending(values: pd.Series, higher_is_better: bool) -> np.ndarray:
    """Values in ascending order, with NaN at the end where the worst ones are."""
    return values.sort_values(na_position="first" if higher_is_better else "last").to_numpy()


def _found(comparison: str, state: str, score: str, published: float, values, rank: int | str = "") -> dict:
    return {
        "comparison": comparison,
        "rank": rank,
        "state": state,
        "score": score,
        "published": float(published),
        "values": values,
    }


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


def _check_noise(published: pd.DataFrame, noise: dict[str, str], floors: dict) -> None:
    for dataset, embedding, metric in published[["dataset", "embedding", "metric"]].drop_duplicates().itertuples(index=False):
        if embedding in noise and (dataset, embedding, metric) not in floors:
            raise StudyError(
                f"noise.{embedding}: {noise[embedding]} has no {metric} of the input of {dataset} by two or more seeds; "
                "name an embedding that embeds the input by several `seeds`"
            )


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Comparisons as text: published numbers with the four decimals that they come with, measured ones with six."""
    columns = ["published", "measured", "sd", "difference", "floor", "allowed"]
    texts = {column: table[column].map(lambda value: number(value, 6)) for column in columns[1:]}
    order = [*PANEL, "state", "score", "comparison", "rank", "published", "measured", "sd", "n_runs", *columns[3:], "inside"]
    inside = table["inside"].map({True: "yes", False: "no"})
    return table.assign(**texts, published=table["published"].map(number), inside=inside)[order]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row a published figure: how many of its numbers are inside, and where the furthest outside lies."""
    lines = []
    for key, group in table.groupby(PANEL[:-1], sort=False):
        line = dict(zip(PANEL[:-1], key, strict=True)) | {"layers": ", ".join(map(str, group["layer"].unique()))}
        cells = group[group["comparison"].isin(CELLS)]
        line |= {"numbers": len(cells), "inside": int(cells["inside"].sum()), "share": number(cells["inside"].mean(), 3)}
        for comparison in ("layer mean", "layer mean, living filters", TRAINING):
            own = group[group["comparison"] == comparison]
            line[f"{comparison}: inside"] = f"{int(own['inside'].sum())} of {len(own)}" if len(own) else ""
        dead = group[group["comparison"] == FILTERS_AT_CHANCE].set_index("state")
        line["filters at chance: published / measured"] = "; ".join(
            f"{state} {row.published:.0f} / {row.measured:.1f}" for state, row in dead.iterrows()
        )
        outside = cells[~cells["inside"] & cells["difference"].notna()]
        line["furthest outside"] = ""
        if len(outside):
            far = outside.loc[(outside["difference"].abs() - outside["allowed"]).idxmax()]
            place = f" {far['rank']}. smallest" if far["rank"] != "" else ""
            line["furthest outside"] = (
                f"{far['score']}, layer {far['layer']} {far['state']}{place}: "
                f"{number(far['measured'])} for {number(far['published'])} (allowed {number(far['allowed'])})"
            )
        lines.append(line)
    total = table[table["comparison"].isin(CELLS)]
    everything = {"figure": "all", "numbers": len(total), "inside": int(total["inside"].sum())}
    lines.append(everything | {"share": number(total["inside"].mean(), 3)})
    return pd.DataFrame(lines, dtype=object).fillna("")
