"""The spread of a score, split into that over networks, over the observations drawn, and over embeddings."""

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.components import components
from layerscope.statistics.runs import with_input_joined
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.spread_columns import ROW_KEYS, about_columns, spread_columns
from layerscope.tables.shared.summary import number

TABLE = {
    "description": (
        "The spread over networks, over draws of a sample and over embeddings, told apart; for embeddings of several seeds, and "
        "for samples of several draws."
    ),
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


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per layer, state and score of which there are several draws or embeddings: the standard deviations of each.

    They are the square roots of the components of variance (statistics.components), 0 where nothing is left to a component, a
    dash where there is one network, draw or embedding only. Only whole layers are shown, because a filter has no counterpart in
    another network.
    """
    given = store.read_score_table(reads.score_table[0], options["scores"])
    scores = with_input_joined(given)
    # Embeddings that only the input has are not joined to any network, so they are added here.
    alone = given[(given["state"] == "input") & ~given["space"].isin(scores["space"])]
    scores = pd.concat([scores, alone], ignore_index=True)
    scores = select(scores, options.get("on", {}))
    scores = scores[scores["filter"] == ""]
    if scores.empty:
        raise StudyError("no scores of layers are left of what the table's `on` chooses; widen it")
    table: list[dict] = []
    for key, group in scores.groupby(ROW_KEYS, dropna=False, sort=False):
        keys = dict(zip(ROW_KEYS, key, strict=True))
        if keys["state"] == "input" and group["seed"].notna().any():
            # The input is joined to every network, but it counts once.
            group = group[group["seed"] == group["seed"].min()]
        found = components(group)
        if not np.isfinite([found.draw, found.embedding]).any():
            continue
        table.append({**about_columns(keys), "mean": number(found.mean)} | spread_columns(found, 6))
    if not table:
        raise StudyError(
            "nothing that the table's `on` chooses has several draws or embeddings; give a sample `draws: 2`, or an embedding "
            "`seeds: 2`, or more"
        )
    return pd.DataFrame(table)
