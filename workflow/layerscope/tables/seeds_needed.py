"""How many networks, samples and embeddings an interval of a given width takes."""

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.statistics.components import components
from layerscope.statistics.planning import half_width, needed
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.spread_columns import ROW_KEYS, about_columns, spread_columns
from layerscope.tables.shared.summary import number

TABLE = {
    "description": (
        "The interval of each mean that the networks, draws and embeddings of the study make, and how many of each make one of "
        "± `within`, from the components of variance: the fewest networks, then the fewest draws, then the fewest embeddings."
    ),
    "reads": ("score_table",),
    "parts": ("whole",),
    "required": ("scores", "within"),
    "options": {
        "scores": {
            "description": "Rows in order.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
        "within": {
            "description": "Half the width of the 95 % interval that is wanted, in units of the scores.",
            "type": "number",
            "exclusiveMinimum": 0,
        },
    },
}


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per layer, state and score.

    A dash stands where one network, draw or embedding tells nothing of others, and where no number of networks, draws and
    embeddings that is looked at (statistics.planning) makes such an interval.
    """
    scores = store.read_score_table(reads.score_table[0], options["scores"])
    scores = select(scores[(scores["filter"] == "") & (scores["state"] != "input")], options.get("on", {}))
    table = []
    for key, group in scores.groupby(ROW_KEYS, dropna=False, sort=False):
        found = components(group)
        row = about_columns(dict(zip(ROW_KEYS, key, strict=True))) | {"mean": number(found.mean)} | spread_columns(found, 4)
        now = half_width(found, found.networks, found.draws, max(1, round(found.embeddings)))
        wanted = needed(found, options["within"])
        row |= {"± now": number(now), "± wanted": number(options["within"])}
        asked = ("networks needed", "draws needed", "embeddings needed")
        told = (True, np.isfinite(found.draw), np.isfinite(found.embedding))
        counts = wanted or (0, 0, 0)
        row |= {name: count if count and known else "-" for name, count, known in zip(asked, counts, told, strict=True)}
        table.append(row)
    return pd.DataFrame(table)
