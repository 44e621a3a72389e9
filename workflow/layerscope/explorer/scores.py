"""The scores that the explorer shows beside its panels: every run of each kind of network."""

import math
from typing import Any

import pandas as pd

from layerscope.statistics.keys import FILTER_MEAN, NETWORK

COLUMNS = ("sample", "space", "score", "epoch", "layer", "depth", "filter", "chance", "values", "flags")
ROW = ["sample", "space", "metric", "epoch", "layer", "depth", "filter"]


def scores_of_page(runs: pd.DataFrame, snapshots: dict[str, list[int]]) -> dict:
    """columns: COLUMNS. rows: dataset/architecture/activation → its seeds, and rows of these columns. reasons: of flags.

    A row has a value for each seed, None where there is none.

    runs: as statistics.runs. snapshots: the epochs that are shown, by the same name. Of single filters only their mean is kept.
    flags: for each seed the place in `reasons` of why its value means little, 0 where it does not.
    """
    reasons = {"": 0}
    wanted = runs[runs["filter"].isin(["", FILTER_MEAN])]
    page = {}
    for keys, of_kind in wanted.groupby(NETWORK, sort=True, observed=True):
        name = "/".join(keys)
        of_kind = of_kind[of_kind["epoch"].isin(snapshots.get(name, []))]
        seeds = sorted(of_kind["seed"].astype(int).unique().tolist())
        rows = []
        for row, alike in of_kind.groupby(ROW, sort=True, observed=True, dropna=False):
            values = dict(zip(alike["seed"].astype(int), alike["value"], strict=True))
            why = dict(zip(alike["seed"].astype(int), alike["degenerate"], strict=True))
            flags = [reasons.setdefault(why.get(seed, ""), len(reasons)) for seed in seeds]
            of_seeds = [_number(values.get(seed, math.nan)) for seed in seeds]
            rows.append([*(_plain(key) for key in row), _number(alike["chance"].mean()), of_seeds, flags])
        page[name] = {"seeds": seeds, "rows": rows}
    return {"columns": list(COLUMNS), "rows": page, "reasons": list(reasons)}


def _plain(key: Any) -> str | int | None:
    if isinstance(key, str):
        return key
    return None if pd.isna(key) else int(key)


def _number(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
