"""Apply the selectors of a study's `on:` to rows of scores."""

import pandas as pd

from layerscope import selection
from layerscope.statistics.keys import SCORED

COLUMNS = {"embedding": "space"}


def select(rows: pd.DataFrame, on: dict) -> pd.DataFrame:
    """The rows that match a selector.

    `first` and `last` epochs, and the `last` layer, are determined for each score of each run by sample and space, because
    scores may cover different layers. `hidden` layers are all but the input and the output.
    """
    kept = pd.Series(True, index=rows.index)
    for key in on:
        allowed = selection.named(on, key)
        if key == "filter":
            names = {"" if value == selection.WHOLE else str(value) for value in allowed}
            kept &= rows["filter"].isin(names)
        elif key == "layer":
            named = rows["layer"].isin(allowed)
            if selection.HIDDEN in allowed:
                named |= ~rows["layer"].isin(["", selection.INPUT, selection.OUTPUT])
            if selection.LAST in allowed:
                last = rows["depth"] == _of_score(rows, "depth", "max")
                named |= last & (rows["layer"] != "input")
            kept &= named
        elif key == "epoch":
            first, last = (_of_score(rows, "epoch", extreme) for extreme in ("min", "max"))
            numbers = [value for value in allowed if isinstance(value, int)]
            kept &= (
                rows["epoch"].isin(numbers)
                | (("first" in allowed) & (rows["epoch"] == first))
                | (("last" in allowed) & (rows["epoch"] == last))
            )
        else:
            kept &= rows[COLUMNS.get(key, key)].isin(allowed)
    return rows[kept]


def _of_score(rows: pd.DataFrame, column: str, extreme: str) -> pd.Series:
    """For each row, the smallest (min) or largest (max) value of a column among the rows of the same score."""
    return rows.groupby([key for key in SCORED if key in rows], dropna=False)[column].transform(extreme)
