"""The scores that the explorer shows beside its panels: every run of each kind of network."""

import math
from typing import Any

import pandas as pd

from layerscope.statistics.keys import FILTER_MEAN, NETWORK

COLUMNS = ("sample", "space", "score", "epoch", "layer", "depth", "filter", "chance", "values", "flagged")
ROW = ["sample", "space", "metric", "epoch", "layer", "depth", "filter"]


def scores_of_page(runs: pd.DataFrame, snapshots: dict[str, list[int]]) -> dict:
    """columns: COLUMNS. rows: dataset/architecture/activation → its seeds, and rows of these columns.

    A row has a value for each seed, None where there is none.

    runs: as statistics.runs. snapshots: the epochs that are shown, by the same name. Of single filters only their mean is kept.
    flagged: whether any of the values means little.
    """
    wanted = runs[runs["filter"].isin(["", FILTER_MEAN])]
    page = {}
    for keys, of_kind in wanted.groupby(NETWORK, sort=True, observed=True):
        name = "/".join(keys)
        of_kind = of_kind[of_kind["epoch"].isin(snapshots.get(name, []))]
        seeds = sorted(of_kind["seed"].astype(int).unique().tolist())
        rows = []
        for row, alike in of_kind.groupby(ROW, sort=True, observed=True, dropna=False):
            values = dict(zip(alike["seed"].astype(int), alike["value"], strict=True))
            flagged = bool((alike["degenerate"] != "").any())
            of_seeds = [_number(values.get(seed, math.nan)) for seed in seeds]
            rows.append([*(_plain(key) for key in row), _number(alike["chance"].mean()), of_seeds, flagged])
        page[name] = {"seeds": seeds, "rows": rows}
    return {"columns": list(COLUMNS), "rows": page}


def _plain(key: Any) -> str | int | None:
    if isinstance(key, str):
        return key
    return None if pd.isna(key) else int(key)


def _number(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
