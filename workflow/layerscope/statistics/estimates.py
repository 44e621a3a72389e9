"""Statistics over runs. Each run is one observation, whatever was averaged within it."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import comb

import numpy as np

CONFIDENCE = 0.95
# Runs that differ by no more than this share of their mean differ by rounding alone.
ROUNDING = 1e-12


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

    The interval is Student's, which covers the mean of normal values in 95 % of all cases whatever their number (the percentile
    bootstrap in 75 % for 3 and 90 % for 10). Runs without any spread have none.
    """
    found = np.asarray([value for value in values if np.isfinite(value)], dtype=np.float64)
    of_one = estimates(found[np.newaxis])
    return Estimate(len(found), *(float(numbers[0]) for numbers in (of_one.mean, of_one.sd, of_one.low, of_one.high)))


def interval_within(found: Estimate, lowest: float | None, highest: float | None) -> tuple[float, float]:
    """The ends of an interval within the bounds of its score, None where there is none.

    The mean of a bounded score cannot lie beyond its bounds, so that these cut the interval without missing it more often.
    """
    ends = (-np.inf if lowest is None else lowest, np.inf if highest is None else highest)
    low, high = np.clip([found.low, found.high], *ends)
    return float(low), float(high)


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
    interval = student(values).confidence_interval(CONFIDENCE)
    vary = has_spread(values)
    return Estimates(mean, sd, *(np.where(vary, bound, np.nan) for bound in (interval.low, interval.high)))


def has_spread(values: np.ndarray) -> np.ndarray:
    """Whether the values (groups, n) of each group differ by more than rounding."""
    return np.ptp(values, axis=1) > ROUNDING * np.abs(values).max(axis=1)


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
    """Two-sided p of a paired t-test from the pairs' differences; NaN below two. See paired_ps for pairs without spread."""
    found = np.asarray([value for value in differences if np.isfinite(value)], dtype=np.float64)
    return float(paired_ps(found[np.newaxis])[0])


def paired_ps(differences: np.ndarray) -> np.ndarray:
    """As `paired_p`, for every row of differences (groups, n), all finite.

    Where differences do not vary, t is not defined: p is that of the exact test of their signs, 2 / 2^n, or 1 where all are 0.
    """
    groups, n = differences.shape
    if n < 2:
        return np.full(groups, np.nan)
    by_sign = np.where(np.abs(differences).max(axis=1) == 0, 1.0, 2.0 ** (1 - n))
    return np.where(has_spread(differences), np.maximum(student(differences).pvalue, np.finfo(float).tiny), by_sign)


@dataclass(frozen=True)
class Difference:
    """An estimate with its 95 % interval and two-sided p, for instance a difference of two means.

    n: number of runs or pairs. units: how many of them are independent, where these are fewer (see statistics.units). within: the
    same quantity among the runs of one unit, where it has one. left_out: runs that gave no number. note: what else a reader of
    the verdict must know.
    """

    n: int
    mean: float
    low: float
    high: float
    p: float
    units: int | None = None
    within: float = float("nan")
    left_out: int = 0
    note: str = ""


def paired_difference(differences: Sequence[float]) -> Difference:
    """The mean of one difference per run, with its interval (as in estimate) and the p of the paired t-test."""
    found = estimate(differences)
    return Difference(found.n, found.mean, found.low, found.high, paired_p(differences))


def equivalence_p(values: Sequence[float], bound: float) -> float:
    """p of two one-sided t-tests (Schuirmann 1987) of a mean nearer to 0 than a bound; NaN below two values.

    Where values do not vary, t is not defined: p is that of the two exact one-sided tests of signs, 1 / 2^n within the bound.
    """
    from scipy.stats import ttest_1samp

    found = np.asarray([value for value in values if np.isfinite(value)], dtype=np.float64)
    if len(found) < 2:
        return float("nan")
    if not has_spread(found[np.newaxis])[0]:
        return float(2.0 ** -len(found)) if abs(found[0]) < bound else 1.0
    below = ttest_1samp(found, bound, alternative="less").pvalue
    above = ttest_1samp(found, -bound, alternative="greater").pvalue
    return float(max(below, above))


def welch_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """The difference of the means of two groups of runs, with Welch's interval and p (unequal variances)."""
    from scipy.stats import ttest_ind

    a, b = (np.asarray([value for value in group if np.isfinite(value)], dtype=np.float64) for group in (first, second))
    n = len(a) + len(b)
    mean = float(a.mean() - b.mean()) if len(a) and len(b) else float("nan")
    if min(len(a), len(b)) < 2:
        return Difference(n, mean, float("nan"), float("nan"), float("nan"))
    if not has_spread(a[np.newaxis])[0] and not has_spread(b[np.newaxis])[0]:
        # t is not defined: of all ways to part the runs into such groups, two are as far apart.
        return Difference(n, mean, float("nan"), float("nan"), 1.0 if mean == 0 else min(1.0, 2 / comb(n, len(a))))
    with equal_values_allowed():
        test = ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval(CONFIDENCE)
    return Difference(n, mean, float(interval.low), float(interval.high), float(test.pvalue))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's (1979) adjusted p values, in the order given. NaN stays NaN and does not count as a test."""
    # statsmodels' multipletests gives the same, and collects garbage at every call: 0.1 s for each of thousands of families.
    adjusted = np.array(p_values, dtype=np.float64)
    order = np.argsort(adjusted, kind="stable")
    order = order[~np.isnan(adjusted[order])]
    steps = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
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
