"""Judge a study's claims: estimate each over the runs, and derive a verdict from the interval of the estimate."""

import pandas as pd

from layerscope import selection
from layerscope.claims.shared.evidence import Evidence
from layerscope.claims.shared.verdict import final
from layerscope.kind_modules import load_kind
from layerscope.statistics.estimates import holm
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN, RUN
from layerscope.statistics.runs import is_dead
from layerscope.statistics.select import select

CLAIM_COLUMNS = (
    "claim",
    "text",
    "source",
    "family",
    "statistic",
    "score",
    "expected",
    "estimate",
    "interval_low",
    "interval_high",
    "p",
    "p_holm",
    "n",
    "units",
    "within",
    "note",
    "verdict",
)


def judge_all(
    claims: dict[str, dict], runs: pd.DataFrame, sizes: dict | None = None, code: dict | None = None, alike: dict | None = None
) -> list[dict]:
    """Estimate claims and judge them, each by its p corrected for the number of claims in its family: rows of CLAIM_COLUMNS.

    runs: one row per run and representation (statistics.runs), with the input joined. sizes: architecture → depth and width.
    code: the user's own files, as in job params. alike: claim → column → name → the name that networks share which differ in what
    the claim compares alone, an option that varies: they are pairs. A claim of fewer than three independent units is undecided.
    """
    rows = [_estimated(name, claim, runs, sizes, code, (alike or {}).get(name, {})) for name, claim in claims.items()]
    for family in dict.fromkeys(row["family"] for row in rows):
        members = [row for row in rows if row["family"] == family]
        for row, p_holm in zip(members, holm([row["p"] for row in members]), strict=True):
            row["p_holm"] = float(p_holm)
            row["verdict"] = final(row["verdict"], row["units"], row["p_holm"])
    return [{column: row[column] for column in CLAIM_COLUMNS} for row in rows]


def _estimated(
    name: str, claim: dict, runs: pd.DataFrame, sizes: dict | None, code: dict | None, alike: dict[str, dict[str, str]]
) -> dict:
    """What one claim says and what was found of it, before it is judged among its family."""
    statistic = load_kind("claims", claim["statistic"], code)
    scores = selection.named(claim, "score")
    rows = _rows_of(claim, runs[runs["metric"].isin(scores)], statistic.STATISTIC.get("takes_input", False))
    if claim.get("filters") == "living":
        rows = rows.assign(value=rows["value"].where(~is_dead(rows)))
    if claim.get("flagged") == "leave_out":
        rows = _without_flagged_runs(rows)
    rows = rows.assign(**{column: rows[column].replace(names) for column, names in alike.items()})
    found, verdict = statistic.estimate(claim, Evidence(rows, runs, sizes or {}))
    furthest = _furthest(statistic.STATISTIC.get("estimates"), rows)
    expected = claim["expect"]
    if isinstance(expected, dict):
        expected = " ".join(f"{word} {bound:g}" for word, bound in expected.items() if word != "because")
    elif claim.get("at_least"):
        expected = f"{expected}, at least {claim['at_least']:g}"
    return {
        "claim": name,
        "text": claim["text"],
        "source": claim["source"],
        "family": claim.get("family", ""),
        "statistic": claim["statistic"],
        "score": ", ".join(scores),
        "expected": expected,
        "estimate": found.mean,
        "interval_low": max(found.low, -furthest),
        "interval_high": min(found.high, furthest),
        "p": found.p,
        "n": found.n,
        "units": found.n if found.units is None else found.units,
        "within": found.within,
        "note": "; ".join(filter(None, (_left_out(found.left_out), found.note, _shared_input(rows), _of_pairs(claim)))),
        "verdict": verdict,
    }


def _left_out(count: int) -> str:
    return f"{count} network{'s' * (count != 1)} without a number left out" if count else ""


def _of_pairs(claim: dict) -> str:
    """A remark on claims about pairs of networks, which are what counts: each network is in one pair at most."""
    return f"n counts pairs of networks of two {claim['pairs_of']}, no network in two of them" if "pairs_of" in claim else ""


def _shared_input(rows: pd.DataFrame) -> str:
    """A remark on the input where it is embedded: networks are compared with the same embedding, and share its error."""
    embedded = rows[(rows["state"] == "input") & ~rows["space"].isin(["raw", "run"])]
    if embedded.empty:
        return ""
    # Parts of a study that were made on unlike machines can have an embedding of the input each.
    count = int(embedded.groupby(["dataset", "sample", "space", "metric"], dropna=False)["value"].nunique().max())
    if count > 1:
        return f"all networks share {count} embeddings of the input: their error is in no interval"
    return "the embedding of the input is one for all networks: its error is in no interval"


def _furthest(estimated: str | None, rows: pd.DataFrame) -> float:
    """How far from 0 what a statistic estimates can lie."""
    if estimated == "correlations":
        return 1.0
    if not estimated or rows.empty:
        return float("inf")
    range_of_score = float((rows["highest"] - rows["lowest"]).max())
    return 2 * range_of_score if estimated == "interactions" else range_of_score


def _rows_of(claim: dict, rows: pd.DataFrame, takes_input: bool) -> pd.DataFrame:
    """The rows that a claim is about.

    Means over filters are left out. Without `filter` in `on`, only whole layers are used, if there are any. The input, joined
    to every network, is included if the statistic takes it (as correlations with depth do) or if the claim names it. A named
    input can also be compared with filters.
    """
    on = claim.get("on", {})
    rows = rows[~rows["filter"].isin([FILTER_MEAN, LIVING_MEAN])]
    compared = [part for part in (on, claim.get("between"), claim.get("along")) if isinstance(part, dict)]
    named = any("input" in (selection.values(part, key) or []) for part in compared for key in ("state", "layer"))
    of_input = rows["state"] == "input"
    chosen = select(rows[~of_input], on)
    if "filter" not in on and (chosen["filter"] == "").any():
        chosen = chosen[chosen["filter"] == ""]
    if not takes_input and not named:
        return chosen
    # A named input is kept whatever filters or states are selected: it has no filters, and one state only.
    beside = {key: value for key, value in on.items() if key not in ("filter", "state") or not named}
    return pd.concat([select(rows[of_input], beside), chosen])


def _without_flagged_runs(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of runs without any flagged row. Neither a flagged input nor a dead filter excludes a run."""
    flagged = rows.loc[(rows["degenerate"] != "") & ~is_dead(rows) & (rows["state"] != "input"), RUN]
    return rows[~pd.MultiIndex.from_frame(rows[RUN]).isin(pd.MultiIndex.from_frame(flagged))]
