"""Judge a study's claims: estimate each over the runs, and derive a verdict from the interval of the estimate."""

import pandas as pd

from layerscope import selection
from layerscope.claims.shared.evidence import Evidence
from layerscope.kind_modules import load_kind
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN, RUN
from layerscope.statistics.select import select

CLAIM_COLUMNS = (
    "claim",
    "text",
    "source",
    "statistic",
    "score",
    "expected",
    "estimate",
    "interval_low",
    "interval_high",
    "p",
    "n",
    "verdict",
)


def judge(name: str, claim: dict, runs: pd.DataFrame, sizes: dict | None = None, code: dict | None = None) -> dict:
    """Estimate one claim and judge it: a row of CLAIM_COLUMNS.

    runs: one row per run and representation (statistics.runs), with the input joined. sizes: architecture → depth and width.
    code: the user's own files, as in job params.
    """
    statistic = load_kind("claims", claim["statistic"], code)
    rows = _rows_of(claim, runs[runs["metric"] == claim["score"]], statistic.STATISTIC.get("takes_input", False))
    if claim.get("flagged") == "leave_out":
        rows = _without_flagged_runs(rows)
    found, verdict = statistic.estimate(claim, Evidence(rows, runs, sizes or {}))
    expected = claim["expect"]
    if isinstance(expected, dict):
        expected = " ".join(f"{word} {bound:g}" for word, bound in expected.items())
    return {
        "claim": name,
        "text": claim["text"],
        "source": claim["source"],
        "statistic": claim["statistic"],
        "score": claim["score"],
        "expected": expected,
        "estimate": found.mean,
        "interval_low": found.low,
        "interval_high": found.high,
        "p": found.p,
        "n": found.n,
        "verdict": verdict,
    }


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
    """The rows of runs without any flagged row. A flagged input does not exclude a run."""
    flagged = rows.loc[(rows["degenerate"] != "") & (rows["state"] != "input"), RUN]
    return rows[~pd.MultiIndex.from_frame(rows[RUN]).isin(pd.MultiIndex.from_frame(flagged))]
