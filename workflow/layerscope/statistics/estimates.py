"""Statistics over runs: the run is the unit, whatever was averaged within it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

BOOTSTRAP_FROM = 10
CORRELATION_FROM = 10
BOOTSTRAP_DRAWS = 10_000
BOOTSTRAP_SEED = 0
CONFIDENCE = 0.95
# By which sums of products of ranks may differ that are equal.
ROUNDING = 1e-9


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


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation of pairs in which both are finite; NaN below three pairs or where one does not vary."""
    from scipy.stats import rankdata

    pairs = np.asarray([pair for pair in zip(first, second, strict=True) if np.isfinite(pair).all()], dtype=np.float64)
    if len(pairs) < 3 or (np.ptp(pairs, axis=0) == 0).any():
        return float("nan")
    return float(np.corrcoef(rankdata(pairs[:, 0]), rankdata(pairs[:, 1]))[0, 1])


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Spearman's correlation of pairs, one a run, with its 95 % interval and two-sided p; n: pairs that are finite.

    The interval is Fisher's z with the standard error sqrt((1 + r^2 / 2) / (n - 3)) (Bonett and Wright 2000), and p that of
    r = 0 by sqrt(1 / (n - 3)). Below ten pairs, too few for them, the interval is NaN and p that of the exact permutation test.
    A perfect order counts as one with two neighbours exchanged, the next that n pairs can have: z would be infinite.
    """
    from scipy.stats import norm

    pairs = np.asarray([pair for pair in zip(first, second, strict=True) if np.isfinite(pair).all()], dtype=np.float64)
    n, found = len(pairs), spearman(first, second)
    if n < CORRELATION_FROM or not np.isfinite(found):
        exact = _permutation_p(pairs, found) if np.isfinite(found) else float("nan")
        return Difference(n, found, float("nan"), float("nan"), exact)
    next_to_perfect = 1 - 12 / (n * (n**2 - 1))
    bounded = float(np.clip(found, -next_to_perfect, next_to_perfect))
    z, error = np.arctanh(bounded), np.sqrt((1 + bounded**2 / 2) / (n - 3))
    low, high = np.tanh(z - norm.ppf((1 + CONFIDENCE) / 2) * error), np.tanh(z + norm.ppf((1 + CONFIDENCE) / 2) * error)
    return Difference(n, found, float(low), float(high), float(2 * norm.sf(abs(z) * np.sqrt(n - 3))))


def _permutation_p(pairs: np.ndarray, found: float) -> float:
    """The share of all orders of the second values in which the rank correlation is as far from 0. pairs: (n < 10, 2)."""
    from scipy.stats import rankdata

    first, second = (rankdata(column) - (len(pairs) + 1) / 2 for column in pairs.T)
    orders = np.array(list(permutations(range(len(pairs)))))
    products = second[orders] @ first
    observed = abs(found) * np.linalg.norm(first) * np.linalg.norm(second)
    return float((np.abs(products) >= observed - ROUNDING).mean())


@dataclass(frozen=True)
class BentLine:
    """A line of two slopes that meet at `bend`. change: of the slope there, above minus below, with its interval."""

    bend: float
    level: float
    below: float
    change: Difference

    def at(self, x: np.ndarray) -> np.ndarray:
        """Its values at x."""
        return self.level + self.below * (x - self.bend) + self.change.mean * np.maximum(x - self.bend, 0)


def bent_line(x: Sequence[float], y: Sequence[float], bend: float) -> BentLine:
    """Least squares of y on x by two slopes that meet at `bend`, for pairs in which both are finite.

    The interval of the change is that of the t distribution with n - 3 degrees of freedom, for errors of unequal variance
    (HC3, MacKinnon and White 1985). All NaN with fewer than three pairs on either side, or five in all.
    """
    from scipy.stats import t

    pairs = np.asarray([pair for pair in zip(x, y, strict=True) if np.isfinite(pair).all()], dtype=np.float64).reshape(-1, 2)
    n, nan = len(pairs), float("nan")
    beside = pairs[:, 0] - bend
    if n < 5 or min((beside < 0).sum(), (beside > 0).sum()) < 3:
        return BentLine(bend, nan, nan, Difference(n, nan, nan, nan, nan))
    design = np.column_stack([np.ones(n), beside, np.maximum(beside, 0)])
    inverse = np.linalg.pinv(design.T @ design)
    level, below, change = inverse @ design.T @ pairs[:, 1]
    residuals = pairs[:, 1] - design @ np.array([level, below, change])
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    weights = (residuals / np.maximum(1 - leverage, 1e-12)) ** 2
    error = float(np.sqrt((inverse @ (design.T * weights) @ design @ inverse)[2, 2]))
    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 3)) * error
    p = float(2 * t.sf(abs(change) / error, n - 3)) if error > 0 else float(change == 0)
    return BentLine(bend, float(level), float(below), Difference(n, float(change), float(change - half), float(change + half), p))


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
