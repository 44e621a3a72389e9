"""Scores of the networks themselves: one row per dataset, architecture, activation, and split or sample."""

import pandas as pd

from layerscope.store.reads import Reads
from layerscope.tables.shared.summary import chosen_summary, interval, number

TABLE = {
    "description": "One row a dataset, architecture and activation; the scores of networks as such, as accuracy and loss are.",
    "reads": ("runs",),
    "scores_of": "networks",
    "states": ("trained",),
    "required": ("scores",),
    "by_default": {"networks": {"scores": ["accuracy", "r2", "loss"], "on": {"sample": ["train", "test"]}}},
    "options": {
        "scores": {
            "description": "Columns in order.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
    },
}

KEYS = ["dataset", "architecture", "activation", "sample"]


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """Trained networks on every split and sample: mean over runs, standard deviation and 95 % interval of each score."""
    summary = chosen_summary(reads.runs[0], options)
    trained = summary[(summary["state"] == "trained") & (summary["space"] == "run")]
    table = []
    for key, group in trained.groupby(KEYS, sort=False):
        row = dict(zip(KEYS, key, strict=True)) | {"n": int(group["n_runs"].max())}
        for score in options["scores"]:
            for _, found in group[group["metric"] == score].iterrows():
                row[score] = number(found["mean"])
                row[f"{score} sd"] = number(found["sd"])
                row[f"{score} 95 %"] = interval(found["interval_low"], found["interval_high"])
        table.append(row)
    # Networks of classes and of numbers have different scores.
    return pd.DataFrame(table).fillna("-")
