"""Statistics over runs: the run is the unit, whatever was averaged within it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BOOTSTRAP_FROM = 10

BOOTSTRAP_DRAWS = 10_000

BOOTSTRAP_SEED = 0

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over n runs with its standard deviation (n - 1) and 95 % interval; NaN where n does not allow one."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Mean, sd and interval of one number a run; values that are not finite are left out.

    The interval is Student's t below 10 runs, where a percentile bootstrap covers far too little (75 % for 3), and the
    percentile bootstrap (10,000 draws, fixed seed) from 10 runs on.
    """
    found = np.asarray([value for value in values if np.isfinite(value)], dtype=np.float64)
    of_one = estimates(found[np.newaxis])
    return Estimate(len(found), *(float(numbers[0]) for numbers in (of_one.mean, of_one.sd, of_one.low, of_one.high)))


@dataclass(frozen=True)
class Estimates:
    """What Estimate says, of many means over n runs each: arrays (groups,)."""

    mean: np.ndarray
    sd: np.ndarray
    low: np.ndarray
    high: np.ndarray


def estimates(values: np.ndarray) -> Estimates:
    """As `estimate`, of every row of (groups, n) finite values."""
    groups, n = values.shape
    unknown = np.full(groups, np.nan)
    if n == 0:
        return Estimates(unknown, unknown, unknown, unknown)
    mean = values.mean(axis=1)
    if n == 1:
        return Estimates(mean, unknown, unknown, unknown)
    sd = values.std(axis=1, ddof=1)
    if n < BOOTSTRAP_FROM:
        half = t_quantile(n - 1) * sd / np.sqrt(n)
        return Estimates(mean, sd, mean - half, mean + half)
    draws = np.random.default_rng(BOOTSTRAP_SEED).integers(n, size=(BOOTSTRAP_DRAWS, n))
    bounds = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    intervals = np.array([np.quantile(row[draws].mean(axis=1), bounds) for row in values])
    return Estimates(mean, sd, *intervals.T)


def t_quantile(degrees_of_freedom: float) -> float:
    """The two-sided 95 % quantile of Student's t."""
    from scipy.stats import t

    return float(t.ppf((1 + CONFIDENCE) / 2, degrees_of_freedom))


def paired_p(differences: Sequence[float]) -> float:
    """Two-sided p of a paired t-test from the differences of the pairs; NaN below two, 0 or 1 where they do not vary."""
    found = np.asarray([value for value in differences if np.isfinite(value)], dtype=np.float64)
    return float(paired_ps(found[np.newaxis])[0])


def paired_ps(differences: np.ndarray) -> np.ndarray:
    """As `paired_p`, of every row of (groups, n) finite differences."""
    from scipy.stats import t

    groups, n = differences.shape
    if n < 2:
        return np.full(groups, np.nan)
    mean, error = differences.mean(axis=1), differences.std(axis=1, ddof=1) / np.sqrt(n)
    still = error == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * t.sf(np.abs(mean / error), n - 1)
    return np.where(still, np.where(mean == 0, 1.0, 0.0), p)


@dataclass(frozen=True)
class Difference:
    """A difference of two means with its 95 % interval and two-sided p. n: pairs, or the runs of both groups together."""

    n: int
    mean: float
    low: float
    high: float
    p: float


def paired_difference(differences: Sequence[float]) -> Difference:
    """The mean of one difference a run, with its interval (as estimate) and the p of the paired t-test."""
    found = estimate(differences)
    return Difference(found.n, found.mean, found.low, found.high, paired_p(differences))


def welch_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """The difference of the means of two groups of runs, with Welch's interval and p (unequal variances)."""
    from scipy.stats import t

    a, b = (np.asarray([value for value in group if np.isfinite(value)], dtype=np.float64) for group in (first, second))
    n = len(a) + len(b)
    if min(len(a), len(b)) < 2:
        mean = float(a.mean() - b.mean()) if len(a) and len(b) else float("nan")
        return Difference(n, mean, float("nan"), float("nan"), float("nan"))
    mean = float(a.mean() - b.mean())
    parts = np.array([a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)])
    error = float(np.sqrt(parts.sum()))
    if error == 0:
        return Difference(n, mean, mean, mean, 1.0 if mean == 0 else 0.0)
    freedom = parts.sum() ** 2 / (parts**2 / (np.array([len(a), len(b)]) - 1)).sum()
    half = t_quantile(freedom) * error
    return Difference(n, mean, mean - half, mean + half, float(2 * t.sf(abs(mean) / error, freedom)))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's (1979) adjusted p values, in the order given; NaN stays NaN and counts for nothing."""
    given = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(len(given), np.nan)
    valid = np.flatnonzero(~np.isnan(given))
    order = valid[np.argsort(given[valid], kind="stable")]
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(valid) - rank) * given[index]))
        adjusted[index] = largest
    return adjusted


def sign_test_p(values: Sequence[float]) -> float:
    """Two-sided p of the sign test (Dixon and Mood 1946) that values are as often above as below 0; NaN where all are 0."""
    from scipy.stats import binomtest

    found = [value for value in values if np.isfinite(value) and value != 0]
    if not found:
        return float("nan")
    return float(binomtest(sum(value > 0 for value in found), len(found)).pvalue)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's (1927) 95 % interval of a proportion; NaN without observations."""
    from scipy.stats import norm

    if n == 0:
        return float("nan"), float("nan")
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(centre - half), float(centre + half)
