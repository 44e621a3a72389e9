"""Tables as in the reports: "trained / untrained" in one cell with four decimals, and the spread over runs in another."""

import pandas as pd

from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN
from layerscope.store.reads import Reads
from layerscope.tables.shared.summary import chosen_summary, number

TABLE = {
    "description": "Trained / untrained in one cell; rows by depth and filter, columns by score, the spread beside them.",
    "reads": ("runs",),
    "scores_of": "layers",
    "required": ("scores",),
    "options": {
        "scores": {
            "description": "Columns in order.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
        "spread": {
            "description": "Standard deviations over runs in columns of their own.",
            "type": "boolean",
            "default": True,
        },
    },
}

GROUP = ["dataset", "architecture", "activation", "sample", "space"]


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per layer, filter and kind of network; for each score a column of means and one of standard deviations over runs.

    With `spread: false`, only layer, filter and scores, as the reports print them.
    """
    summary = chosen_summary(reads.runs[0], options)
    table = []
    for key, group in summary.groupby(GROUP, sort=False):
        for (depth, layer, filter_name), part in sorted(group.groupby(["depth", "layer", "filter"]), key=_order):
            row = dict(zip(GROUP, key, strict=True))
            row["layer"] = f"layer {int(depth)} ({layer})"
            row["filter"] = filter_name
            row["n"] = int(part["n_runs"].max())
            for score in options["scores"]:
                own = part[part["metric"] == score].set_index("state")
                row[score] = _pair(own, "mean")
                row[f"{score} sd"] = _pair(own, "sd")
            table.append(row)
    if options["spread"]:
        return pd.DataFrame(table)
    filters = ["filter"] if any(row["filter"] for row in table) else []
    return pd.DataFrame(table)[["layer", *filters, *options["scores"]]]


def _order(item: tuple) -> tuple:
    (depth, _, filter_name), _ = item
    special = {"": -1, FILTER_MEAN: 10**6, LIVING_MEAN: 10**6 + 1}
    return depth, special[filter_name] if filter_name in special else int(filter_name)


def _pair(own: pd.DataFrame, column: str) -> str:
    if "input" in own.index:
        value = number(own.loc["input", column])
        return f"{value} / {value}"
    trained, untrained = (number(own.loc[state, column]) if state in own.index else "-" for state in ("trained", "untrained"))
    return f"{trained} / {untrained}"
