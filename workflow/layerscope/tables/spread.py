"""The spread of a score, split into that over networks and that over embeddings of the same network."""

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import with_input_joined
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.summary import number

TABLE = {
    "description": "The spread over embeddings of one network and over networks, told apart; for embeddings of several seeds.",
    "reads": ("score_table",),
    "parts": ("whole",),
    "several_seeds": True,
    "required": ("scores",),
    "options": {
        "scores": {
            "description": "Rows in order.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
    },
}

KEYS = ["dataset", "architecture", "activation", "sample", "space", "epoch", "state", "layer", "depth", "metric"]


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per layer, state and score, for embeddings of several seeds.

    embedding sd: of one embedding about the mean of its network, pooled over networks. network sd: the spread of the networks'
    means after the share of the embeddings is subtracted, 0 where nothing is left (the estimate of a one-way random-effects
    analysis of variance), a dash where there is one network only. Only whole layers are shown, because a filter has no
    counterpart in another network.
    """
    given = store.read_score_table(reads.score_table[0], options["scores"])
    scores = with_input_joined(given)
    # Embeddings that only the input has are not joined to any network, so they are added here.
    alone = given[(given["state"] == "input") & ~given["space"].isin(scores["space"])]
    scores = pd.concat([scores, alone], ignore_index=True)
    scores = select(scores, options.get("on", {}))
    scores = scores[scores["embedding_seed"].notna() & (scores["filter"] == "")]
    if scores.empty:
        raise StudyError("no scores of embeddings are left of what the table's `on` chooses; widen it")
    table = []
    for key, group in scores.groupby(KEYS, dropna=False, sort=False):
        keys = dict(zip(KEYS, key, strict=True))
        group = group[np.isfinite(group["value"])]
        group = group[group.groupby(RUN, dropna=False)["value"].transform("count") > 1]
        if group.empty:
            continue
        by_network = group.groupby(RUN, dropna=False)["value"]
        if keys["state"] == "input" and group["seed"].notna().any():
            # The input is joined to every network, but it counts once.
            by_network = group[group["seed"] == group["seed"].min()].groupby(RUN, dropna=False)["value"]
        seeds = int(by_network.count().min())
        found = spread(by_network.mean().to_numpy(), by_network.var(ddof=1).to_numpy(), seeds)
        row = {name: keys[name] for name in ("dataset", "architecture", "activation", "sample", "space", "state")}
        row |= {"layer": f"layer {int(keys['depth'])} ({keys['layer']})", "score": keys["metric"]}
        row |= {"networks": by_network.ngroups, "embeddings": seeds, "mean": number(by_network.mean().mean())}
        table.append(row | {"embedding sd": number(found[0], 6), "network sd": number(found[1], 6)})
    if not table:
        raise StudyError("no embedding of what the table's `on` chooses has several seeds; give one `seeds: 2` or more")
    return pd.DataFrame(table)


def spread(means: np.ndarray, variances: np.ndarray, seeds: int) -> tuple[float, float]:
    """(embedding sd, network sd) from each network's mean and variance (ddof 1) over its embedding seeds."""
    within = float(np.mean(variances))
    if len(means) < 2:
        return within**0.5, float("nan")
    return within**0.5, max(0.0, float(np.var(means, ddof=1)) - within / seeds) ** 0.5
