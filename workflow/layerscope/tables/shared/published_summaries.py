"""Comparisons of published numbers with measured ones, summed up by published figure, or by layer and state of the networks."""

import pandas as pd

from layerscope.statistics.estimates import CONFIDENCE
from layerscope.tables.shared.comparison import INSIDE, OUTSIDE, SAYS_NOTHING, TOO_FEW
from layerscope.tables.shared.published_comparisons import DEAD, LAYER_MEAN, LIVING, PANEL, RANK, TRAINING, VALUE
from layerscope.tables.shared.summary import number, p_value

CELLS = (VALUE, RANK)


def by_figure(table: pd.DataFrame) -> pd.DataFrame:
    """One row a published figure: how many of its distinct numbers are inside, beside how many would be by chance.

    numbers: those that tell anything that others do not. judged: those of them with a verdict. expected: the share that is inside
    where a published network is one like ours. Then the verdicts on means and on dead filters, and what lies furthest outside.
    """
    lines = []
    for key, group in table.groupby(PANEL[:-1], sort=False):
        line = dict(zip(PANEL[:-1], key, strict=True)) | {"layers": ", ".join(map(str, group["layer"].unique()))}
        line |= _counted(group)
        for comparison in (LAYER_MEAN, LIVING, TRAINING):
            line[f"{comparison}: inside"] = _of_judged(group[group["comparison"] == comparison])
        dead = group[group["comparison"] == DEAD].set_index("state")
        line["dead filters: published / measured"] = "; ".join(
            f"{state} {row.published:.0f} / {row.measured:.1f} (p {p_value(row.p)})" for state, row in dead.iterrows()
        )
        lines.append(line | {"furthest outside": _furthest(group)})
    lines.append({"figure": "all"} | _counted(table))
    return pd.DataFrame(lines, dtype=object).fillna("")


def by_layer(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each dataset, layer and state: numbers of one layer of one published network stand or fall together.

    outside: the scores of distinct numbers outside, with their embedding. The last row counts the layers that have none outside.
    """
    state = table["state"].where(table["layer"] > 0, "input")
    cells = table.assign(state=state)[table["comparison"].isin(CELLS) & table["distinct"]]
    lines = []
    for (dataset, layer, of), group in cells.groupby(["dataset", "layer", "state"], sort=False):
        outside = group[group["inside"] == OUTSIDE]
        named = [f"{score} ({embedding})" for embedding, score in outside[["embedding", "score"]].drop_duplicates().to_numpy()]
        lines.append({"dataset": dataset, "layer": layer, "state": of} | _counted(group) | {"outside": ", ".join(named)})
    judged = [line for line in lines if line["judged"]]
    none = sum(not line["outside"] for line in judged)
    lines.append({"dataset": "all"} | _counted(table) | {"outside": f"{none} of {len(judged)} layers have none outside"})
    return pd.DataFrame(lines, dtype=object).fillna("")


def _counted(group: pd.DataFrame) -> dict:
    """How many distinct numbers there are, how many of them have a verdict, and which."""
    cells = group[group["comparison"].isin(CELLS) & group["distinct"]]["inside"]
    judged = cells[cells.isin([INSIDE, OUTSIDE])]
    return {
        "numbers": len(cells),
        "say nothing": int((cells == SAYS_NOTHING).sum()),
        "too few runs": int((cells == TOO_FEW).sum()),
        "judged": len(judged),
        "inside": int((judged == INSIDE).sum()),
        "share": number((judged == INSIDE).mean(), 3),
        "expected": number(CONFIDENCE, 3),
    }


def _of_judged(group: pd.DataFrame) -> str:
    judged = group[group["distinct"] & group["inside"].isin([INSIDE, OUTSIDE])]["inside"]
    return f"{(judged == INSIDE).sum()} of {len(judged)}" if len(group) else ""


def _furthest(group: pd.DataFrame) -> str:
    outside = group[group["comparison"].isin(CELLS) & (group["inside"] == OUTSIDE)]
    if outside.empty:
        return ""
    far = outside.loc[(outside["difference"].abs() - outside["allowed"]).idxmax()]
    place = f" {far['rank']}. smallest of the living" if far["rank"] != "" else ""
    return (
        f"{far['score']}, layer {far['layer']} {far['state']}{place}: "
        f"{number(far['measured'])} for {number(far['published'])} (allowed {number(far['allowed'])})"
    )
