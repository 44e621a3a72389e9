"""Independent units, in simulated studies in which nothing is true: 5 % of the verdicts may say otherwise."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from layerscope.statistics.correlation import rank_correlation, spearman
from layerscope.statistics.estimates import holm, paired_ps
from layerscope.statistics.units import by_unit, over_units, unit_keys

STUDIES = 2000
ALLOWED = pytest.approx(0.05, abs=0.015)


def runs(values: np.ndarray, key: str) -> pd.Series:
    """One number a network: values (units, seeds). key: what tells units apart."""
    units, seeds = values.shape
    fixed = {"dataset": "d", "architecture": "a", "activation": "relu"}
    keys = [{**fixed, key: f"{key}{unit}", "seed": seed} for unit in range(units) for seed in range(seeds)]
    return pd.Series(values.ravel(), index=pd.MultiIndex.from_frame(pd.DataFrame(keys)))


def shared(generator: np.random.Generator, units: int, seeds: int) -> np.ndarray:
    """Scores of networks of which half the variance is their unit's, (STUDIES, units, seeds)."""
    return generator.normal(size=(STUDIES, units, 1)) + generator.normal(size=(STUDIES, units, seeds))


def test_the_mean_of_each_unit_counts_once():
    values = runs(np.array([[1.0, 2.0, 3.0], [10.0, 11.0, 12.0], [20.0, 20.0, 23.0]]), "dataset")
    found = over_units(values, None)
    expected = stats.ttest_1samp([2, 11, 21], 0)
    assert (found.n, found.units, found.mean) == (9, 3, pytest.approx(np.mean([2, 11, 21])))
    assert (found.low, found.p) == (pytest.approx(expected.confidence_interval().low), pytest.approx(expected.pvalue))


def test_units_are_all_keys_but_the_seed_that_vary_unless_a_claim_says_others():
    values = runs(np.ones((2, 3)), "dataset")
    assert unit_keys(values.index, None) == ["dataset"]
    assert unit_keys(runs(np.ones((1, 3)), "dataset").index, None) == []
    assert len(by_unit(values, ["seed"])) == 3
    assert len(by_unit(values, ["dataset", "seed"])) == 6


def test_a_run_without_a_number_leaves_its_unit_to_the_others():
    values = runs(np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, 5.0]]), "dataset")
    assert list(by_unit(values, None)) == [1.0, 4.0]
    assert over_units(values, None).n == 3


@pytest.mark.parametrize(("units", "seeds", "by_runs"), [(4, 5, 0.25), (10, 3, 0.15)])
def test_differences_over_units_are_wrong_as_often_as_they_say(units, seeds, by_runs):
    """And those over runs, as this project once judged them, several times as often."""
    values = shared(np.random.default_rng(units), units, seeds)
    assert np.mean(paired_ps(values.mean(axis=2)) < 0.05) == ALLOWED
    assert np.mean(paired_ps(values.reshape(STUDIES, -1)) < 0.05) > by_runs
    one = runs(values[0], "dataset")
    assert over_units(one, None).p == pytest.approx(paired_ps(values[:1].mean(axis=2))[0])


@pytest.mark.parametrize(("units", "seeds", "by_runs"), [(8, 5, 0.12), (20, 3, 0.08)])
def test_correlations_over_units_are_wrong_as_often_as_they_say(units, seeds, by_runs):
    generator = np.random.default_rng(units)
    first, second = (shared(generator, units, seeds) for _ in range(2))
    found = {}
    wrong = 0
    for pair in zip(first.mean(axis=2), second.mean(axis=2), strict=True):
        # p follows from the correlation alone, and there are few of them.
        correlation = round(abs(spearman(*pair)), 9)
        if correlation not in found:
            found[correlation] = rank_correlation(*pair).p
        wrong += found[correlation] < 0.05
    assert wrong / STUDIES == ALLOWED
    pooled = [stats.spearmanr(a.ravel(), b.ravel()).pvalue < 0.05 for a, b in zip(first[:500], second[:500], strict=True)]
    assert np.mean(pooled) > by_runs


def test_a_family_of_claims_is_wrong_once_in_twenty_studies():
    """Twenty claims of five runs: without correction at least one of them in more than half of all studies."""
    generator = np.random.default_rng(20)
    ps = paired_ps(generator.normal(size=(STUDIES * 20, 5))).reshape(STUDIES, 20)
    assert np.mean([(holm(row) < 0.05).any() for row in ps]) == ALLOWED
    assert (ps < 0.05).any(axis=1).mean() > 0.5
