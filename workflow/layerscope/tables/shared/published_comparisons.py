"""Published numbers beside measured ones, comparison by comparison (tables.published)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerscope.errors import StudyError
from layerscope.statistics.prediction import Noise, pooled_noise
from layerscope.statistics.runs import is_dead
from layerscope.tables.shared.comparison import Scale, judged, judged_count, judged_input

# What one table of the publication shows.
PANEL = ["figure", "dataset", "embedding", "layer"]
VALUE, RANK = "value", "rank"
LAYER_MEAN, LIVING, DEAD, TRAINING = "layer mean", "layer mean, living filters", "dead filters", "trained - untrained"
# Which embedding of which points: dataset, name of the embedding, score, depth of the layer, state.
Place = tuple[str, str, str, int, str]


@dataclass(frozen=True)
class Measured:
    """runs: one row per run, layer or filter, embedding and score. noise: of one embedding. embeddings: name → seeds of each.

    higher_is_better: by score. accuracies: the scores by which published filters are told to be dead. repeats: score → the one
    of which it is an exact function.
    """

    runs: pd.DataFrame
    noise: dict[Place, Noise]
    embeddings: dict[str, int]
    higher_is_better: dict[str, bool]
    accuracies: list[str]
    repeats: dict[str, str]

    def noise_of(self, dataset: str, embedding: str, score: str, layer: int, state: str) -> Noise | None:
        """The noise of an embedding of a layer; that of the input where the layer's own was not measured, None without both."""
        of_input = self.noise.get((dataset, embedding, score, 0, "input"))
        return self.noise.get((dataset, embedding, score, layer, state), of_input)


def noise_of_embeddings(runs: pd.DataFrame, repeated: dict[str, str]) -> dict[Place, Noise]:
    """The noise of one embedding by its place. repeated: embedding → the one that embeds the same points by several seeds.

    runs: those of networks, and of inputs once each. Pooled over networks and draws: embeddings of one network are about the
    mean of that network on that draw. Of whole layers alone.
    """
    found = {}
    for embedding, name in repeated.items():
        own = runs[(runs["space"] == name) & (runs["filter"] == "")]
        for (dataset, metric, depth, state), group in own.groupby(["dataset", "metric", "depth", "state"]):
            noise = pooled_noise(group["embedding_sd"].to_numpy(), (group["embeddings"] - group["draws"]).to_numpy())
            if noise is not None:
                found[dataset, embedding, metric, int(depth), state] = noise
    return found


def compared(published: pd.DataFrame, measured: Measured) -> Iterator[dict]:
    """Every comparison, in the order of the published figures.

    distinct: whether a number tells anything that another one does not: the input is published for networks of both states, and
    some scores are functions of others.
    """
    for key, of_table in published.groupby(PANEL, sort=False):
        _, dataset, embedding, layer = key
        runs = measured.runs
        own = runs[(runs["dataset"] == dataset) & (runs["space"] == embedding) & (runs["depth"] == layer)]
        place = dict(zip(PANEL, key, strict=True))
        compare = _of_filters if (of_table["filter"] != "").any() else _of_layer
        scores, first = {*of_table["metric"]}, of_table["state"].iloc[0]
        for found in compare(place, of_table, own, measured):
            repeated = measured.repeats.get(found["score"]) in scores or (layer == 0 and found["state"] != first)
            yield place | found | {"distinct": not repeated}


def _of_layer(place: dict, published: pd.DataFrame, own: pd.DataFrame, measured: Measured) -> Iterator[dict]:
    dataset, embedding, layer = (place[key] for key in ("dataset", "embedding", "layer"))
    own = own[own["filter"] == ""]
    for row in published.itertuples():
        state = "input" if layer == 0 else row.state
        rows = own[(own["metric"] == row.metric) & (own["state"] == state)]
        noise = measured.noise_of(dataset, embedding, row.metric, layer, state)
        # The input is joined to every network, but it is one value.
        judge, values = (judged_input, rows["value"].iloc[:1]) if layer == 0 else (judged, rows["value"])
        found = _found(VALUE, row.state, row.metric, row.value, values)
        yield judge(found, noise, measured.embeddings[embedding], _scale(rows, measured.higher_is_better))
    if layer > 0:
        yield from _of_training(place, published, own, measured)


def _of_filters(place: dict, published: pd.DataFrame, own: pd.DataFrame, measured: Measured) -> Iterator[dict]:
    own = own[own["filter"] != ""]
    # A diverged network has no values; its filters must not count as dead.
    own = own[own.groupby(["seed", "state"])["value"].transform("count") > 0]
    own = own.assign(dead=is_dead(own))
    published = _with_dead_marked(published, {name: _above_chance(own, name) for name in measured.accuracies})
    embeddings = measured.embeddings[place["embedding"]]
    for (state, metric), group in published.groupby(["state", "metric"], sort=False):
        of_state = own[(own["state"] == state) & (own["metric"] == metric)]
        by_run = of_state.groupby("seed")
        if ((counts := by_run.size()) != len(group)).any():
            raise StudyError(
                f"{place['figure']} publishes {len(group)} filters, the study has {counts.iloc[0]}; "
                "compare networks of the same architecture"
            )
        noise = measured.noise_of(place["dataset"], place["embedding"], metric, place["layer"], state)
        about = (embeddings, _scale(of_state, measured.higher_is_better))
        expected = np.sort(group.loc[~group["dead"], "value"].to_numpy())
        lives = of_state[~of_state["dead"] & np.isfinite(of_state["value"])]
        living = [np.sort(values.to_numpy()) for _, values in lives.groupby("seed")["value"]]
        alike = [values for values in living if len(values) == len(expected)]
        for rank, value in enumerate(expected):
            yield judged(_found(RANK, state, metric, value, [values[rank] for values in alike], rank + 1), noise, *about)
        averaged = None if noise is None else noise.of_means(len(group))
        yield judged(_found(LAYER_MEAN, state, metric, group["value"].mean(), by_run["value"].mean()), averaged, *about)
        if len(expected):
            averaged = None if noise is None else noise.of_means(len(expected))
            means = [values.mean() for values in living]
            yield judged(_found(LIVING, state, metric, expected.mean(), means), averaged, *about)
        if metric in measured.accuracies:
            yield judged_count(_found(DEAD, state, metric, group["dead"].sum(), by_run["dead"].sum()), len(group))
    yield from _of_training(place, published, own, measured)


def _of_training(place: dict, published: pd.DataFrame, own: pd.DataFrame, measured: Measured) -> Iterator[dict]:
    """Trained minus untrained, paired by (run, filter): the mean over filters of a run. At chance is what does not change."""
    for metric, group in published.groupby("metric", sort=False):
        expected = _effects(group, ["filter"]).mean()
        effects = _effects(own[own["metric"] == metric], ["seed", "filter"]).groupby("seed").mean()
        noise = measured.noise_of(place["dataset"], place["embedding"], metric, place["layer"], "trained")
        if noise is not None:
            noise = noise.of_differences().of_means(max(1, group["filter"].nunique()))
        scale = _scale(own[own["metric"] == metric], measured.higher_is_better)
        change = Scale(0.0, scale.best - scale.chance)
        yield judged(_found(TRAINING, "", metric, expected, effects), noise, measured.embeddings[place["embedding"]], change)


def _effects(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    by_state = rows.set_index([*keys, "state"])["value"].unstack("state").reindex(columns=["trained", "untrained"])
    return by_state["trained"] - by_state["untrained"]


def _scale(rows: pd.DataFrame, higher_is_better: dict[str, bool]) -> Scale:
    if rows.empty:
        return Scale()
    best = "highest" if higher_is_better[rows["metric"].iloc[0]] else "lowest"
    return Scale(float(rows["chance"].mean()), float(rows[best].iloc[0]))


def _above_chance(own: pd.DataFrame, accuracy: str) -> float:
    """The accuracy up to which a published filter is dead: five standard errors above the chance level of the study."""
    rows = own[own["metric"] == accuracy]
    chance = rows["chance"].mean()
    return chance + 5 * np.sqrt(chance * (1 - chance) / rows["n_points"].min())


def _with_dead_marked(published: pd.DataFrame, lowest: dict[str, float]) -> pd.DataFrame:
    """Published filters with `dead`: whether an accuracy of theirs is at chance, by any of them. lowest: by accuracy."""
    keys = ["state", "filter"]
    dead = published[published["metric"].isin(lowest) & ~(published["value"] > published["metric"].map(lowest))]
    return published.assign(dead=pd.MultiIndex.from_frame(published[keys]).isin(pd.MultiIndex.from_frame(dead[keys])))


def _found(comparison: str, state: str, score: str, published: float, values, rank: int | str = "") -> dict:
    return {
        "comparison": comparison,
        "rank": rank,
        "state": state,
        "score": score,
        "published": float(published),
        "values": values,
    }
