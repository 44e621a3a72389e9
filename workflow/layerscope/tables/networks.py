"""How well the networks of a study do: one row a dataset, architecture and activation."""

import pandas as pd

from layerscope.store.reads import Inputs
from layerscope.tables.shared.summary import chosen_summary, number

READS = ("score_table",)
KEYS = ["dataset", "architecture", "activation", "sample"]


def rows(inputs: Inputs, options: dict) -> pd.DataFrame:
    """Trained networks on every split and sample: mean over runs, standard deviation and 95 % interval of each score."""
    summary = chosen_summary(inputs.score_table[0], options)
    trained = summary[(summary["state"] == "trained") & (summary["space"] == "run")]
    table = []
    for key, group in trained.groupby(KEYS, sort=False):
        row = dict(zip(KEYS, key, strict=True)) | {"n": int(group["n_runs"].max())}
        for score in options["scores"]:
            for _, found in group[group["metric"] == score].iterrows():
                row[score] = number(found["mean"])
                row[f"{score} sd"] = number(found["sd"])
                row[f"{score} 95 %"] = f"{number(found['interval_low'])} to {number(found['interval_high'])}"
        table.append(row)
    return pd.DataFrame(table)
