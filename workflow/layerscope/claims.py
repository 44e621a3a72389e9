"""Claims: what a study states, estimated over its runs, with a verdict from the interval of the estimate."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from layerscope import selection
from layerscope.aggregation import FILTER_MEAN, LIVING_MEAN, RUN, score_pairs, select
from layerscope.statistics import (
    CONFIDENCE,
    Difference,
    paired_difference,
    rank_correlation,
    sign_test_p,
    spearman,
    welch_difference,
    wilson_interval,
)

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


def judge(name: str, claim: dict, runs: pd.DataFrame) -> dict:
    """One row of CLAIM_COLUMNS. runs: one row a run and representation (aggregation.per_run), the input joined."""
    leave_out = claim.get("flagged") == "leave_out"
    if claim["statistic"] == "correlation":
        found, verdict = _correlation(claim, runs, leave_out)
    else:
        chosen = _rows_of(claim, runs[runs["metric"] == claim["score"]])
        if leave_out:
            chosen = _without_flagged_runs(chosen)
        statistic = {"difference": _difference, "spearman": _spearman, "order": _order, "fraction": _fraction}
        found, verdict = statistic[claim["statistic"]](claim, chosen)
    expected = claim["expect"] if isinstance(claim["expect"], str) else f"above {claim['expect']['above']:g}"
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


def _rows_of(claim: dict, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that a claim is about.

    Layer means over filters are no further filters. Without `filter`, whole layers where there are any. The input, joined to
    every network, takes part in correlations with depth; in comparisons only where it is named, beside filters too.
    """
    on = claim.get("on", {})
    rows = rows[~rows["filter"].isin([FILTER_MEAN, LIVING_MEAN])]
    compared = [part for part in (on, claim.get("between"), claim.get("along")) if isinstance(part, dict)]
    named = any("input" in (selection.values(part, key) or []) for part in compared for key in ("state", "layer"))
    of_input = rows["state"] == "input"
    chosen = select(rows[~of_input], on)
    if "filter" not in on and (chosen["filter"] == "").any():
        chosen = chosen[chosen["filter"] == ""]
    if claim["statistic"] != "spearman" and not named:
        return chosen
    # The input has no filters that a list of numbers could choose, and one state only.
    beside = {key: value for key, value in on.items() if key not in ("filter", "state") or not named}
    return pd.concat([select(rows[of_input], beside), chosen])


def _without_flagged_runs(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of runs of which none is flagged; a flagged input leaves out no run."""
    flagged = rows.loc[(rows["degenerate"] != "") & (rows["state"] != "input"), RUN]
    return rows[~pd.MultiIndex.from_frame(rows[RUN]).isin(pd.MultiIndex.from_frame(flagged))]


def verdict(low: float, high: float, expect: str, bound: float = 0.0) -> str:
    """supported, contradicted or undecided, from where an interval lies beside a bound."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return "undecided"
    above, below = low > bound, high < bound
    if expect == "negative":
        above, below = below, above
    return "supported" if above else "contradicted" if below else "undecided"


def _by_run(rows: pd.DataFrame, key: str, value: object) -> pd.Series:
    """The mean of a run's rows with one value of a key: a Series by run."""
    return select(rows, {key: value}).groupby(RUN, dropna=False)["value"].mean()


def _run_differences(claim: dict, rows: pd.DataFrame) -> pd.Series:
    [(key, (first, second))] = claim["between"].items()
    a, b = _by_run(rows, key, first), _by_run(rows, key, second)
    return (a - b).dropna()


def _difference(claim: dict, rows: pd.DataFrame) -> tuple[Difference, str]:
    [(key, (first, second))] = claim["between"].items()
    if key in RUN:
        found = welch_difference(_by_run(rows, key, first), _by_run(rows, key, second))
    else:
        found = paired_difference(_run_differences(claim, rows))
    return found, verdict(found.low, found.high, claim["expect"])


def _spearman(claim: dict, rows: pd.DataFrame) -> tuple[Difference, str]:
    along = claim["along"]
    correlations = [spearman(group[along], group["value"]) for _, group in rows.groupby(RUN, dropna=False)]
    found = paired_difference(correlations)
    if claim.get("test") != "sign":
        return found, verdict(found.low, found.high, claim["expect"])
    found = replace(found, p=sign_test_p(correlations))
    sign = "positive" if sum(r > 0 for r in correlations) > sum(r < 0 for r in correlations) else "negative"
    if not found.p < 1 - CONFIDENCE:
        return found, "undecided"
    return found, "supported" if sign == claim["expect"] else "contradicted"


def _correlation(claim: dict, runs: pd.DataFrame, leave_out: bool) -> tuple[Difference, str]:
    pairs = score_pairs(runs, claim["score"], claim["against"], claim.get("on", {}))
    if leave_out:
        pairs = pairs[pairs["degenerate"] == ""]
    found = rank_correlation(pairs["value"], pairs["against"])
    return found, verdict(found.low, found.high, claim["expect"])


def _order(claim: dict, rows: pd.DataFrame) -> tuple[Difference, str]:
    [(key, values)] = claim["along"].items()
    steps = []
    for earlier, later in pairwise(values):
        steps.append(paired_difference((_by_run(rows, key, later) - _by_run(rows, key, earlier)).dropna()))
    verdicts = [verdict(step.low, step.high, claim["expect"]) for step in steps]
    sign = 1 if claim["expect"] == "positive" else -1
    weakest = min(steps, key=lambda step: sign * step.mean if np.isfinite(step.mean) else -np.inf)
    if "contradicted" in verdicts:
        return weakest, "contradicted"
    return weakest, "supported" if set(verdicts) == {"supported"} else "undecided"


def _fraction(claim: dict, rows: pd.DataFrame) -> tuple[Difference, str]:
    from scipy.stats import binomtest

    differences = _run_differences(claim, rows)
    holds = int(((differences > 0) if claim["holds"] == "positive" else (differences < 0)).sum())
    n = len(differences)
    bound = claim["expect"]["above"]
    low, high = wilson_interval(holds, n)
    p = float(binomtest(holds, n, bound).pvalue) if n else float("nan")
    share = holds / n if n else float("nan")
    return Difference(n, share, low, high, p), verdict(low, high, "positive", bound)
