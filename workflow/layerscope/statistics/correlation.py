"""How two quantities measured on each run are related: rank correlations, and a line with a bend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.statistics.estimates import CONFIDENCE, Difference

CORRELATION_FROM = 10


def spearman(first: Sequence[float], second: Sequence[float], fewest: int = 3) -> float:
    """Spearman's rank correlation of the finite pairs; NaN with fewer than `fewest`, or where one of the two does not vary.

    Of two pairs it is the sign of their difference, 1 or -1.
    """
    from scipy.stats import spearmanr

    pairs = finite_pairs(first, second)
    if len(pairs) < fewest or (np.ptp(pairs, axis=0) == 0).any():
        return float("nan")
    return float(spearmanr(pairs).statistic)


def finite_pairs(first: Sequence[float], second: Sequence[float]) -> np.ndarray:
    """(n, 2) float64, the pairs in which both values are finite."""
    pairs = [pair for pair in zip(first, second, strict=True) if np.isfinite(pair).all()]
    return np.asarray(pairs, dtype=np.float64).reshape(-1, 2)


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Spearman's correlation of pairs, one per run, with its 95 % interval and two-sided p; n: number of finite pairs.

    The interval uses Fisher's z with the standard error sqrt((1 + r^2 / 2) / (n - 3)) (Bonett and Wright 2000); p tests r = 0
    with the standard error sqrt(1 / (n - 3)). With fewer than ten pairs these do not hold: the interval is NaN, and p is that
    of the exact permutation test. For |r| = 1, where z is infinite, the next smaller value that n pairs without ties can have
    (two neighbouring ranks exchanged) is used instead.
    """
    from scipy.stats import norm

    pairs = finite_pairs(first, second)
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
    """The share of all permutations whose rank correlation is at least as far from 0. pairs: (n < 10, 2)."""
    from scipy.stats import permutation_test, rankdata

    first, second = (rankdata(column) - (len(pairs) + 1) / 2 for column in pairs.T)
    test = permutation_test(
        (second,),
        lambda ranks, axis: np.abs(ranks @ first),
        permutation_type="pairings",
        alternative="greater",
        vectorized=True,
        n_resamples=np.inf,
    )
    return float(test.pvalue)


def bend_difference(first: np.ndarray, second: np.ndarray, bend: float) -> Difference:
    """How much more the slope changes at `bend` in the first group of pairs (n, 2) of x and y than in the second.

    The same line as of bent_line is fitted to each; both are one regression, with HC3 and n - 6 degrees of freedom. The groups
    count as independent. NaN unless both have three pairs on each side.
    """
    from statsmodels.regression.linear_model import OLS

    groups = [finite_pairs(*pairs.T.tolist()) for pairs in (first, second)]
    n, nan = sum(map(len, groups)), float("nan")
    if any(np.isnan(bent_line(x, y, bend).change.mean) for x, y in (pairs.T.tolist() for pairs in groups)):
        return Difference(n, nan, nan, nan, nan)
    designs = [np.column_stack([np.ones(len(x)), x, np.maximum(x, 0)]) for x in (pairs[:, 0] - bend for pairs in groups)]
    # The columns of one group are 0 in the rows of the other, so that the fits are those of each group alone.
    design = np.block([[designs[0], np.zeros_like(designs[0])], [np.zeros_like(designs[1]), designs[1]]])
    fit = OLS(np.concatenate([pairs[:, 1] for pairs in groups]), design).fit(cov_type="HC3", use_t=True)
    test = fit.t_test(np.array([0, 0, 1, 0, 0, -1]))
    low, high = test.conf_int(1 - CONFIDENCE)[0]
    change = float(test.effect[0])
    p = float(test.pvalue) if test.sd[0, 0] > 0 else float(change == 0)
    return Difference(n, change, float(low), float(high), p)


@dataclass(frozen=True)
class BentLine:
    """Two line segments that meet at (bend, level). below: the first slope. change: the second minus the first, with interval."""

    bend: float
    level: float
    below: float
    change: Difference

    def at(self, x: np.ndarray) -> np.ndarray:
        """The line's values at x."""
        return self.level + self.below * (x - self.bend) + self.change.mean * np.maximum(x - self.bend, 0)


def bent_line(x: Sequence[float], y: Sequence[float], bend: float) -> BentLine:
    """Fit y on x by least squares with two line segments that meet at `bend`, using the finite pairs.

    The interval of the change of slope is from the t distribution with n - 3 degrees of freedom, with standard errors that
    allow for unequal variances (HC3, MacKinnon and White 1985). All estimates are NaN unless there are three pairs on each side.
    """
    from statsmodels.regression.linear_model import OLS

    pairs = finite_pairs(x, y)
    n, nan = len(pairs), float("nan")
    beside = pairs[:, 0] - bend
    if n < 5 or min((beside < 0).sum(), (beside > 0).sum()) < 3:
        return BentLine(bend, nan, nan, Difference(n, nan, nan, nan, nan))
    design = np.column_stack([np.ones(n), beside, np.maximum(beside, 0)])
    fit = OLS(pairs[:, 1], design).fit(cov_type="HC3", use_t=True)
    level, below, change = (float(number) for number in fit.params)
    low, high = (float(bound) for bound in fit.conf_int(1 - CONFIDENCE)[2])
    p = float(fit.pvalues[2]) if fit.bse[2] > 0 else float(change == 0)
    return BentLine(bend, level, below, Difference(n, change, low, high, p))
