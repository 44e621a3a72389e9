"""Statistics over runs. Each run is one observation, whatever was averaged within it."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

BOOTSTRAP_FROM = 10

BOOTSTRAP_DRAWS = 10_000

BOOTSTRAP_SEED = 0

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over n runs with its standard deviation (n - 1) and 95 % confidence interval; NaN where n is too small."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Mean, standard deviation and interval of one number per run; values that are not finite are left out.

    From 10 runs on, the interval is the percentile bootstrap (10,000 draws, fixed seed). Below, its coverage would be far too
    low (75 % for 3 runs), and Student's t is used.
    """
    found = np.asarray([value for value in values if np.isfinite(value)], dtype=np.float64)
    of_one = estimates(found[np.newaxis])
    return Estimate(len(found), *(float(numbers[0]) for numbers in (of_one.mean, of_one.sd, of_one.low, of_one.high)))


@dataclass(frozen=True)
class Estimates:
    """As Estimate, for many groups of n runs each: arrays (groups,)."""

    mean: np.ndarray
    sd: np.ndarray
    low: np.ndarray
    high: np.ndarray


def estimates(values: np.ndarray) -> Estimates:
    """As `estimate`, for every row of values (groups, n), all finite."""
    groups, n = values.shape
    unknown = np.full(groups, np.nan)
    if n == 0:
        return Estimates(unknown, unknown, unknown, unknown)
    mean = values.mean(axis=1)
    if n == 1:
        return Estimates(mean, unknown, unknown, unknown)
    sd = values.std(axis=1, ddof=1)
    if n < BOOTSTRAP_FROM:
        interval = student(values).confidence_interval(CONFIDENCE)
        return Estimates(mean, sd, *(np.where(sd > 0, bound, mean) for bound in (interval.low, interval.high)))
    draws = np.random.default_rng(BOOTSTRAP_SEED).integers(n, size=(BOOTSTRAP_DRAWS, n))
    bounds = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    intervals = np.array([np.quantile(row[draws].mean(axis=1), bounds) for row in values])
    return Estimates(mean, sd, *intervals.T)


def student(values: np.ndarray):
    """SciPy's one-sample t-test against 0, for every row of values (groups, n)."""
    from scipy.stats import ttest_1samp

    with equal_values_allowed():
        return ttest_1samp(values, 0, axis=1)


@contextmanager
def equal_values_allowed() -> Iterator[None]:
    """Silence SciPy's warnings about values that hardly vary; callers handle groups without spread themselves."""
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        yield


def paired_p(differences: Sequence[float]) -> float:
    """Two-sided p of a paired t-test from the pairs' differences; NaN below two. Without spread: 1 if all are 0, else 0."""
    found = np.asarray([value for value in differences if np.isfinite(value)], dtype=np.float64)
    return float(paired_ps(found[np.newaxis])[0])


def paired_ps(differences: np.ndarray) -> np.ndarray:
    """As `paired_p`, for every row of differences (groups, n), all finite."""
    groups, n = differences.shape
    if n < 2:
        return np.full(groups, np.nan)
    without_spread = differences.std(axis=1, ddof=1) == 0
    certain = np.where(differences.mean(axis=1) == 0, 1.0, 0.0)
    return np.where(without_spread, certain, student(differences).pvalue)


@dataclass(frozen=True)
class Difference:
    """A difference of two means with its 95 % interval and two-sided p. n: number of pairs, or of runs in both groups."""

    n: int
    mean: float
    low: float
    high: float
    p: float


def paired_difference(differences: Sequence[float]) -> Difference:
    """The mean of one difference per run, with its interval (as in estimate) and the p of the paired t-test."""
    found = estimate(differences)
    return Difference(found.n, found.mean, found.low, found.high, paired_p(differences))


def welch_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """The difference of the means of two groups of runs, with Welch's interval and p (unequal variances)."""
    from scipy.stats import ttest_ind

    a, b = (np.asarray([value for value in group if np.isfinite(value)], dtype=np.float64) for group in (first, second))
    n = len(a) + len(b)
    mean = float(a.mean() - b.mean()) if len(a) and len(b) else float("nan")
    if min(len(a), len(b)) < 2:
        return Difference(n, mean, float("nan"), float("nan"), float("nan"))
    if a.std() == b.std() == 0:
        return Difference(n, mean, mean, mean, 1.0 if mean == 0 else 0.0)
    with equal_values_allowed():
        test = ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval(CONFIDENCE)
    return Difference(n, mean, float(interval.low), float(interval.high), float(test.pvalue))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's (1979) adjusted p values, in the order given. NaN stays NaN and does not count as a test."""
    from statsmodels.stats.multitest import multipletests

    adjusted = np.array(p_values, dtype=np.float64)
    valid = ~np.isnan(adjusted)
    if valid.any():
        adjusted[valid] = multipletests(adjusted[valid], method="holm")[1]
    return adjusted


def sign_test_p(values: Sequence[float]) -> float:
    """Two-sided p of the sign test (Dixon and Mood 1946): are values as often above as below 0? NaN where all are 0."""
    from scipy.stats import binomtest

    found = [value for value in values if np.isfinite(value) and value != 0]
    if not found:
        return float("nan")
    return float(binomtest(sum(value > 0 for value in found), len(found)).pvalue)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's (1927) 95 % interval of a proportion; NaN without observations."""
    from scipy.stats import binomtest

    if n == 0:
        return float("nan"), float("nan")
    interval = binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)
