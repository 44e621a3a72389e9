"""A table: the best run of each score."""

import pandas as pd

from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

TABLE = {
    "description": "The best trained run of each score.",
    "reads": ("runs",),
    "needs": ("higher_is_better",),
    "required": ("scores",),
    "options": {"scores": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/score_name"}}},
}


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row a score."""
    runs = select(stored_runs(reads.runs[0], options["scores"], with_input=False), options.get("on", {}))
    runs = runs[runs["state"] == "trained"]
    best = []
    for name, own in runs.groupby("metric"):
        row = own.loc[own["value"].idxmax() if options["higher_is_better"][name] else own["value"].idxmin()]
        best.append({"score": name, "seed": int(row["seed"]), "value": f"{row['value']:.3f}"})
    return pd.DataFrame(best)
