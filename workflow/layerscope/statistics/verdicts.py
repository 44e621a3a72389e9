"""The statistics that claims are judged by: each an estimate over runs with its interval, and the verdict it leads to.

Each takes a claim of a study and the evidence for it; STATISTICS has them by the names that studies call them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from layerscope.statistics.aggregation import RUN, score_pairs, select
from layerscope.statistics.estimates import (
    CONFIDENCE,
    Difference,
    bent_line,
    paired_difference,
    rank_correlation,
    sign_test_p,
    spearman,
    welch_difference,
    wilson_interval,
)

Judged = tuple[Difference, str]


@dataclass(frozen=True)
class Evidence:
    """rows: what the claim is about, one value a run and representation (aggregation.per_run). runs: all rows of the study.

    sizes: architecture → depth and width.
    """

    rows: pd.DataFrame
    runs: pd.DataFrame
    sizes: dict


# What networks of different architectures share that are compared with one another.
ACROSS_ARCHITECTURES = [key for key in RUN if key != "architecture"]
# What a claim calls the sizes of a network, and what they are called where they are told.
SIZE_OF = {"width": "width", "layers": "depth"}


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
    if key in RUN:
        # Networks that are alike in all else are a pair.
        a, b = a.droplevel(key), b.droplevel(key)
    return (a - b).dropna()


def difference(claim: dict, evidence: Evidence) -> Judged:
    [(key, (first, second))] = claim["between"].items()
    if key in RUN and not claim.get("paired"):
        found = welch_difference(_by_run(evidence.rows, key, first), _by_run(evidence.rows, key, second))
    else:
        found = paired_difference(_run_differences(claim, evidence.rows))
    return found, verdict(found.low, found.high, claim["expect"])


def order_along(claim: dict, evidence: Evidence) -> Judged:
    """Rank correlations with the depth or epoch, one a run, or with a size of the network, one a set of architectures."""
    along = claim["along"]
    if along in SIZE_OF:
        groups = _by_architecture(evidence).groupby(ACROSS_ARCHITECTURES)
        correlations = [spearman(group[SIZE_OF[along]], group["value"]) for _, group in groups]
    else:
        correlations = [spearman(group[along], group["value"]) for _, group in evidence.rows.groupby(RUN, dropna=False)]
    found = paired_difference(correlations)
    if claim.get("test") != "sign":
        return found, verdict(found.low, found.high, claim["expect"])
    found = replace(found, p=sign_test_p(correlations))
    sign = "positive" if sum(r > 0 for r in correlations) > sum(r < 0 for r in correlations) else "negative"
    if not found.p < 1 - CONFIDENCE:
        return found, "undecided"
    return found, "supported" if sign == claim["expect"] else "contradicted"


def _pairs(claim: dict, runs: pd.DataFrame) -> pd.DataFrame:
    pairs = score_pairs(runs, claim["score"], claim["against"], claim.get("on", {}))
    return pairs[pairs["degenerate"] == ""] if claim.get("flagged") == "leave_out" else pairs


def correlation(claim: dict, evidence: Evidence) -> Judged:
    """The rank correlation over runs of two scores of trained networks."""
    pairs = _pairs(claim, evidence.runs)
    found = rank_correlation(pairs["value"], pairs["against"])
    if np.isfinite(found.low) or not found.p < 1 - CONFIDENCE:
        return found, verdict(found.low, found.high, claim["expect"])
    # Too few runs for an interval, but not for the exact test.
    return found, "supported" if (found.mean > 0) == (claim["expect"] == "positive") else "contradicted"


def bend(claim: dict, evidence: Evidence) -> Judged:
    """How much the slope of one score on another changes at a value of the latter."""
    pairs = _pairs(claim, evidence.runs)
    found = bent_line(pairs["against"], pairs["value"], claim["at"]).change
    return found, verdict(found.low, found.high, claim["expect"])


def equivalence(claim: dict, evidence: Evidence) -> Judged:
    """Whether a paired difference stays within a bound: supported where its whole interval does (two one-sided tests)."""
    found = paired_difference(_run_differences(claim, evidence.rows))
    bound = claim["expect"]["within"]
    if not (np.isfinite(found.low) and np.isfinite(found.high)):
        return found, "undecided"
    if -bound < found.low and found.high < bound:
        return found, "supported"
    return found, "contradicted" if found.low > bound or found.high < -bound else "undecided"


def stronger(claim: dict, evidence: Evidence) -> Judged:
    """By how much a score follows one size of networks more than another: |rank correlation| minus |rank correlation|."""
    first, second = (SIZE_OF[name] for name in claim["sizes"])
    differences = []
    for _, group in _by_architecture(evidence).groupby(ACROSS_ARCHITECTURES):
        differences.append(abs(spearman(group[first], group["value"])) - abs(spearman(group[second], group["value"])))
    found = paired_difference(differences)
    return found, verdict(found.low, found.high, claim["expect"])


def _by_architecture(evidence: Evidence) -> pd.DataFrame:
    """The mean of each run with the depth and width of its network."""
    means = evidence.rows.groupby(RUN, as_index=False)["value"].mean()
    return means.assign(**{size: [evidence.sizes[name][size] for name in means["architecture"]] for size in SIZE_OF.values()})


def settling(claim: dict, evidence: Evidence) -> Judged:
    """How many epochs later one score comes to rest than another: negative where it settles first."""
    lags = [
        settled_at(both["value"], claim["tolerance"]) - settled_at(both["against"], claim["tolerance"])
        for both in _courses(claim, evidence)
    ]
    found = paired_difference(lags)
    return found, verdict(found.low, found.high, claim["expect"])


def settled_at(course: pd.Series, tolerance: float) -> float:
    """The first epoch from which a course stays near where it ends, by `tolerance` of all the way between its extremes.

    course: values by epoch, ascending. NaN where nothing changes.
    """
    span = course.max() - course.min()
    if not span > 0:
        return float("nan")
    away = course[(course - course.iloc[-1]).abs() > tolerance * span]
    return float(course.index[0] if away.empty else course.index[course.index > away.index[-1]][0])


def course(claim: dict, evidence: Evidence) -> Judged:
    """Rank correlations of two scores over the epochs of a run, to the epoch where the second is least."""
    correlations = []
    for both in _courses(claim, evidence):
        shown = both.loc[: both["against"].idxmin()] if claim["until"] == "minimum" else both
        correlations.append(spearman(shown["value"], shown["against"]))
    found = paired_difference(correlations)
    return found, verdict(found.low, found.high, claim["expect"])


def _courses(claim: dict, evidence: Evidence) -> list[pd.DataFrame]:
    """For each run value and against by epoch: the mean of the claim's rows, and the other score on the split it names."""
    runs = evidence.runs
    other = runs[(runs["metric"] == claim["against"]) & (runs["space"] == "run") & (runs["sample"] == claim["split"])]
    other = select(other, {key: value for key, value in claim.get("on", {}).items() if key in RUN})
    values = [frame.groupby([*RUN, "epoch"])["value"].mean() for frame in (evidence.rows, other)]
    both = pd.concat(values, axis=1, keys=["value", "against"]).dropna()
    return [group.droplevel(RUN).sort_index() for _, group in both.groupby(RUN)]


def order(claim: dict, evidence: Evidence) -> Judged:
    [(key, values)] = claim["along"].items()
    steps = []
    for earlier, later in pairwise(values):
        steps.append(paired_difference((_by_run(evidence.rows, key, later) - _by_run(evidence.rows, key, earlier)).dropna()))
    verdicts = [verdict(step.low, step.high, claim["expect"]) for step in steps]
    sign = 1 if claim["expect"] == "positive" else -1
    weakest = min(steps, key=lambda step: sign * step.mean if np.isfinite(step.mean) else -np.inf)
    if "contradicted" in verdicts:
        return weakest, "contradicted"
    return weakest, "supported" if set(verdicts) == {"supported"} else "undecided"


def fraction(claim: dict, evidence: Evidence) -> Judged:
    from scipy.stats import binomtest

    differences = _run_differences(claim, evidence.rows)
    holds = int(((differences > 0) if claim["holds"] == "positive" else (differences < 0)).sum())
    n = len(differences)
    bound = claim["expect"]["above"]
    low, high = wilson_interval(holds, n)
    p = float(binomtest(holds, n, bound).pvalue) if n else float("nan")
    share = holds / n if n else float("nan")
    return Difference(n, share, low, high, p), verdict(low, high, "positive", bound)


STATISTICS: dict[str, Callable[[dict, Evidence], Judged]] = {
    "difference": difference,
    "equivalence": equivalence,
    "spearman": order_along,
    "stronger": stronger,
    "correlation": correlation,
    "bend": bend,
    "settling": settling,
    "course": course,
    "order": order,
    "fraction": fraction,
}
