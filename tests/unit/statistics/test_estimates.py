"""Intervals, tests and corrections against scipy, and against numbers worked out by hand."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from layerscope.statistics.correlation import rank_correlation, spearman
from layerscope.statistics.estimates import (
    equivalence_p,
    estimate,
    estimates,
    holm,
    paired_difference,
    paired_p,
    sign_test_p,
    welch_difference,
    wilson_interval,
)

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))
few_examples = settings(max_examples=40, deadline=None)


# Means over runs


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_the_interval_of_few_runs_is_that_of_student(n):
    values = np.random.default_rng(n).normal(3, 2, n)
    found = estimate(values)
    low, high = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert (found.n, found.mean, found.sd) == (n, pytest.approx(values.mean()), pytest.approx(values.std(ddof=1)))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_one_run_has_a_mean_and_no_interval():
    found = estimate([0.25])
    assert (found.n, found.mean) == (1, 0.25)
    assert np.isnan([found.sd, found.low, found.high]).all()


@pytest.mark.parametrize("values", [[], [np.nan], [np.inf, -np.inf, np.nan]])
def test_no_run_at_all_has_nothing(values):
    found = estimate(values)
    assert found.n == 0
    assert np.isnan([found.mean, found.sd, found.low, found.high]).all()


def test_values_that_are_not_finite_are_left_out():
    assert estimate([1, np.nan, 2, np.inf, 4, -np.inf]) == estimate([1, 2, 4])


def test_equal_values_have_no_interval():
    for n in (3, 12):
        found = estimate([0.5] * n)
        assert (found.mean, found.sd) == (0.5, 0)
        assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("n", [3, 5, 10, 30])
def test_intervals_cover_the_true_mean(n):
    generator = np.random.default_rng(n)
    found = estimates(generator.normal(size=(20_000, n)))
    assert ((found.low <= 0) & (found.high >= 0)).mean() == pytest.approx(0.95, abs=0.01)


@few_examples
@given(st.lists(NUMBERS, min_size=2, max_size=14))
def test_the_mean_lies_in_its_interval(values):
    found = estimate(values)
    slack = 1e-9 * (1 + abs(found.mean))
    assert np.isnan(found.low) or found.low - slack <= found.mean <= found.high + slack


def test_the_interval_of_three_runs_by_hand():
    """Student's quantile of two degrees of freedom is 4.302653, as tables print it; 1, 2, 3 have a deviation of 1."""
    found = estimate([1, 2, 3])
    half = 4.302653 / np.sqrt(3)
    assert (found.low, found.high) == (pytest.approx(2 - half, abs=1e-6), pytest.approx(2 + half, abs=1e-6))


# Differences


@pytest.mark.parametrize("n", [2, 5, 9, 20])
def test_paired_differences_are_tested_as_by_scipy(n):
    generator = np.random.default_rng(n)
    first, second = generator.normal(1, 1, n), generator.normal(0, 2, n)
    found = paired_difference(first - second)
    expected = stats.ttest_rel(first, second)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.n, found.mean) == (n, pytest.approx((first - second).mean()))
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_pairs_without_variation_are_tested_by_their_sign():
    assert paired_p([0.5] * 3) == 0.25
    assert paired_p([-0.5] * 6) == 2 / 2**6
    assert paired_p([0.0, 0.0, 0.0]) == 1


def test_rounding_is_no_spread_of_runs():
    """The mean of seven times 0.1 is not 0.1 to the last digit."""
    assert paired_p(np.full(7, 0.1)) == 2 / 2**7
    assert paired_p(0.3 - np.full(7, 0.1) * 3 + np.full(7, 0.2)) == 2 / 2**7


def test_no_p_is_zero():
    assert paired_p(1e9 + np.arange(50.0)) > 0


def test_equivalence_is_tested_as_by_statsmodels():
    values = np.random.default_rng(3).normal(0.01, 0.05, 12)
    expected, _, _ = DescrStatsW(values).ttost_mean(-0.05, 0.05)
    assert equivalence_p(values, 0.05) == pytest.approx(expected)
    assert np.isnan(equivalence_p([0.1], 0.05))


@pytest.mark.parametrize(("values", "p"), [([0.0] * 5, 1 / 32), ([0.04] * 3, 1 / 8), ([-0.06] * 5, 1.0)])
def test_differences_that_are_all_alike_are_equivalent_by_the_exact_test(values, p):
    """Under a difference beyond the bound, each value would lie within it by a chance of a half at most."""
    assert equivalence_p(values, 0.05) == p


@pytest.mark.parametrize("differences", [[], [0.3], [0.3, np.nan], [np.nan, np.nan]])
def test_one_pair_or_none_is_not_tested(differences):
    found = paired_difference(differences)
    assert np.isnan([found.low, found.high, found.p]).all()
    assert found.n == np.isfinite(differences).sum()


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 7), (12, 5)])
def test_two_groups_are_compared_as_by_welch(n, m):
    """Welch (1947): the variances of the means add up, and so do their degrees of freedom, weighted (Satterthwaite)."""
    generator = np.random.default_rng(n)
    first, second = generator.normal(1, 1, n), generator.normal(0, 3, m)
    found = welch_difference(first, second)
    of_first, of_second = first.var(ddof=1) / n, second.var(ddof=1) / m
    error = np.sqrt(of_first + of_second)
    freedom = error**4 / (of_first**2 / (n - 1) + of_second**2 / (m - 1))
    mean = first.mean() - second.mean()
    half = stats.t.ppf(0.975, freedom) * error
    assert found.p == pytest.approx(2 * stats.t.sf(abs(mean) / error, freedom), rel=1e-12)
    assert (found.low, found.high) == (pytest.approx(mean - half, rel=1e-12), pytest.approx(mean + half, rel=1e-12))
    assert (found.n, found.mean) == (n + m, pytest.approx(mean))


def test_one_group_without_variation_leaves_the_variance_of_the_other():
    found, expected = welch_difference([1.0, 2.0, 3.0], [0.5] * 4), paired_difference([0.5, 1.5, 2.5])
    assert (found.low, found.high, found.p) == pytest.approx((expected.low, expected.high, expected.p), rel=1e-12)


def test_missing_values_leave_both_groups():
    assert welch_difference([1, 2, np.nan, 4], [np.inf, 3, 5]) == welch_difference([1, 2, 4], [3, 5])


def test_a_group_of_one_has_a_difference_and_no_interval():
    found = welch_difference([3.0], [1.0, 2.0])
    assert (found.n, found.mean) == (3, 1.5)
    assert np.isnan([found.low, found.high, found.p]).all()


def test_an_empty_group_has_no_difference():
    found = welch_difference([], [1.0, 2.0])
    assert found.n == 2
    assert np.isnan([found.mean, found.low, found.high, found.p]).all()


def test_groups_without_variation_are_tested_by_their_order():
    """Of the ten ways to part five runs into two and three, two are as far apart."""
    assert welch_difference([2, 2], [1, 1, 1]).p == pytest.approx(2 / 10)
    assert welch_difference([1, 1], [1, 1, 1]).p == 1
    assert np.isnan([welch_difference([2, 2], [1, 1]).low, welch_difference([2, 2], [1, 1]).high]).all()


# Many tests


def test_holm_by_hand():
    """Sorted: .005 · 4 = .02, .01 · 3 = .03, .03 · 2 = .06, .04 · 1 = .04, raised to the .06 before it."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_missing_tests_out_of_the_count():
    np.testing.assert_allclose(holm([np.nan, 0.02, np.nan, 0.03]), [np.nan, 0.04, np.nan, 0.04])
    assert np.isnan(holm([np.nan, np.nan])).all()
    assert len(holm([])) == 0


def test_holm_is_that_of_statsmodels():
    ps = np.random.default_rng(4).uniform(size=50) ** 4
    np.testing.assert_allclose(holm(ps), multipletests(ps, method="holm")[1], rtol=1e-12)


def test_holm_stops_at_one():
    np.testing.assert_array_equal(holm([0.6, 0.9, 0.4]), [1, 1, 1])


@few_examples
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_never_below_the_given_nor_above_bonferroni(p_values):
    adjusted = holm(p_values)
    assert (adjusted >= np.array(p_values)).all()
    assert (adjusted <= np.minimum(1, len(p_values) * np.array(p_values)) + 1e-15).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


# Rank correlation


@few_examples
@given(st.lists(st.tuples(st.integers(0, 6), NUMBERS), min_size=3, max_size=12))
def test_rank_correlations_are_those_of_mean_ranks(pairs):
    """Spearman (1904) with ties: Pearson's correlation of ranks, equal values sharing the mean of theirs."""
    first, second = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert np.isnan(spearman(first, second))
    else:
        ranks = [[(column < x).sum() + ((column == x).sum() + 1) / 2 for x in column] for column in (first, second)]
        assert spearman(first, second) == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-12)


def test_rank_correlation_sees_the_order_only():
    depth = [0, 1, 2, 3]
    assert spearman(depth, [1, 10, 100, 1e9]) == pytest.approx(1)
    assert spearman(depth, [4, 3, 2, -1e9]) == pytest.approx(-1)


def test_pairs_with_a_missing_value_are_left_out():
    assert spearman([1, 2, 3, 4], [5, np.nan, 6, 7]) == pytest.approx(1)
    assert np.isnan(spearman([1, 2, 3], [5, np.nan, 6]))


def test_pairs_of_unequal_number_are_refused():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        spearman([1, 2, 3], [1, 2])


# Shares


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_shares_are_those_that_newcombe_prints(successes, n, low, high):
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    assert wilson_interval(successes, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_share_of_nothing_has_no_interval():
    assert np.isnan(wilson_interval(0, 0)).all()


def test_a_rank_correlation_over_runs_has_an_interval_that_covers_it():
    """Of normal pairs with a rank correlation of 0.5, 95 % of the intervals hold it but for what so few draws vary."""
    generator = np.random.default_rng(0)
    true = 6 / np.pi * np.arcsin(0.52 / 2)
    held = []
    for _ in range(400):
        first, noise = generator.normal(size=(2, 30))
        found = rank_correlation(first, 0.52 * first + np.sqrt(1 - 0.52**2) * noise)
        assert found.low < found.mean < found.high
        held.append(found.low < true < found.high)
    assert 0.91 < np.mean(held) < 0.98


def test_a_rank_correlation_is_that_of_scipy_and_tested_like_it():
    first, second = np.random.default_rng(0).normal(size=(2, 40))
    found, expected = rank_correlation(first, second), stats.spearmanr(first, second)
    assert found.mean == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)
    assert found.n == 40


def test_three_pairs_have_a_rank_correlation_and_no_interval():
    found = rank_correlation([1, 2, 3, np.nan], [1, 3, 2, 1])
    assert (found.n, found.mean) == (3, pytest.approx(0.5))
    assert np.isnan(rank_correlation(range(9), range(9)).low)
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("second", [[2, 1, 3, 4, 6, 5, 7], [7, 1, 3, 2, 5, 6, 4], [1, 1, 2, 2, 3, 3, 3]])
def test_below_ten_pairs_every_order_is_counted(second):
    orders = stats.rankdata(np.array(list(permutations(second))), axis=1)
    correlations = np.array([np.corrcoef(range(7), order)[0, 1] for order in np.unique(orders, axis=0)])
    as_far = np.abs(correlations) >= abs(spearman(range(7), second)) - 1e-9
    # Every distinct order stands there equally often.
    assert rank_correlation(range(7), second).p == pytest.approx(as_far.mean())


def test_five_pairs_in_perfect_order_are_one_of_sixty():
    assert rank_correlation(range(5), range(5)).p == pytest.approx(2 / 120)


def test_a_perfect_rank_correlation_has_a_finite_interval():
    found = rank_correlation(range(10), range(10))
    assert found.mean == pytest.approx(1)
    assert 0.9 < found.low < found.high < 1
    assert 1e-12 < found.p < 1e-5


@pytest.mark.parametrize(
    ("values", "p"), [([-1] * 5, 2 / 2**5), ([-1, 1], 1.0), ([0, np.nan, -2, -3, -4], 2 / 2**3), ([0], None)]
)
def test_the_sign_test_counts_what_is_above_and_below(values, p):
    assert sign_test_p(values) == pytest.approx(p) if p is not None else np.isnan(sign_test_p(values))
