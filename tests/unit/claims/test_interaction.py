"""Differences of differences: what one key changes depends on another key, over independent units."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from judged import judge
from scipy import stats
from score_rows import OF_LAYER
from statsmodels.stats.weightstats import CompareMeans

from layerscope.claims.interaction import estimate
from layerscope.claims.shared.evidence import Evidence, run_differences
from layerscope.statistics.runs import runs_of
from layerscope.statistics.units import difference_of_units

GATHERS = {"state": ["trained", "untrained"]}
BETWEEN_DATASETS = {**GATHERS, "dataset": ["mnist", "fashion"]}


def scores(values, **common):
    """Rows of runs. values: (dataset, layer) → state → the score of each network, by seed."""
    rows = [
        {**OF_LAYER, **common, "dataset": dataset, "layer": layer, "state": state, "seed": float(seed), "value": value}
        for (dataset, layer), by_state in values.items()
        for state, of_seeds in by_state.items()
        for seed, value in enumerate(of_seeds)
    ]
    return runs_of(pd.DataFrame(rows))


def claim(between, expect="positive", **options):
    return {
        "text": "It is so.",
        "source": "this study",
        "statistic": "interaction",
        "score": "hit",
        "between": between,
        "expect": expect,
        **options,
    }


# Training changes MNIST by about .4 and FashionMNIST by about .1; the networks of one are not those of the other.
MNIST = {"trained": [0.9, 0.8, 0.95, 0.85], "untrained": [0.5, 0.42, 0.5, 0.46]}
FASHION = {"trained": [0.72, 0.7, 0.75], "untrained": [0.6, 0.62, 0.63]}
TWO_DATASETS = {("mnist", "hidden1"): MNIST, ("fashion", "hidden1"): FASHION}


def effects(of_state):
    return np.subtract(of_state["trained"], of_state["untrained"])


def test_networks_of_two_datasets_are_compared_by_welch_s_test_of_their_own_differences():
    """As the closed form has it, and statsmodels."""
    found = judge("c", claim(BETWEEN_DATASETS), scores(TWO_DATASETS))
    first, second = effects(MNIST), effects(FASHION)
    variances = [x.var(ddof=1) / len(x) for x in (first, second)]
    t = (first.mean() - second.mean()) / np.sqrt(sum(variances))
    freedom = sum(variances) ** 2 / sum(v**2 / (len(x) - 1) for v, x in zip(variances, (first, second), strict=True))
    assert found["estimate"] == pytest.approx(first.mean() - second.mean())
    assert found["p"] == pytest.approx(2 * stats.t.sf(t, freedom))
    assert found["interval_low"] == pytest.approx(found["estimate"] - stats.t.ppf(0.975, freedom) * np.sqrt(sum(variances)))
    assert (found["n"], found["units"], found["verdict"]) == (7, 7, "supported")
    by_library = CompareMeans.from_data(first, second)
    assert found["p"] == pytest.approx(by_library.ttest_ind(usevar="unequal")[1])
    assert found["interval_high"] == pytest.approx(by_library.tconfint_diff(usevar="unequal")[1])


def test_the_order_of_the_keys_does_not_matter_and_that_of_the_values_gives_the_sign():
    plain = judge("c", claim(BETWEEN_DATASETS), scores(TWO_DATASETS))
    turned = judge("c", claim(dict(reversed(BETWEEN_DATASETS.items()))), scores(TWO_DATASETS))
    assert turned == plain
    opposite = judge("c", claim({**BETWEEN_DATASETS, "dataset": ["fashion", "mnist"]}), scores(TWO_DATASETS))
    assert (opposite["estimate"], opposite["verdict"]) == (pytest.approx(-plain["estimate"]), "contradicted")


def test_keys_inside_a_network_are_paired_within_it():
    """As SciPy's paired test has it, of the two differences of each network."""
    deep = {"trained": [0.9, 0.8, 0.95], "untrained": [0.3, 0.35, 0.4]}
    shallow = {"trained": [0.7, 0.72, 0.9], "untrained": [0.6, 0.58, 0.66]}
    runs = scores({("mnist", "hidden2"): deep, ("mnist", "hidden1"): shallow})
    found = judge("c", claim({**GATHERS, "layer": ["hidden2", "hidden1"]}), runs)
    expected = stats.ttest_rel(effects(deep), effects(shallow))
    assert (found["p"], found["n"]) == (pytest.approx(expected.pvalue), 3)
    assert found["interval_high"] == pytest.approx(expected.confidence_interval().high)


def test_units_that_stand_on_both_sides_are_paired():
    """Three architectures on both datasets, two seeds each: three pairs of means, whatever the architectures have in common."""
    parts = [
        scores(
            {("mnist", "hidden1"): shifted(MNIST, 2, shift), ("fashion", "hidden1"): shifted(FASHION, 2, 0)}, architecture=name
        )
        for name, shift in (("a", 0.0), ("b", 0.1), ("c", 0.25))
    ]
    found = judge("c", claim(BETWEEN_DATASETS), pd.concat(parts))
    means = [effects(shifted(MNIST, 2, shift)).mean() - effects(shifted(FASHION, 2, 0)).mean() for shift in (0.0, 0.1, 0.25)]
    assert (found["n"], found["units"]) == (12, 3)
    assert (found["estimate"], found["p"]) == (pytest.approx(np.mean(means)), pytest.approx(stats.ttest_1samp(means, 0).pvalue))


def shifted(of_state, seeds, shift):
    return {state: np.array(values[:seeds]) + shift * (state == "trained") for state, values in of_state.items()}


def test_two_keys_that_tell_networks_apart_compare_networks_alike_in_all_others():
    """Does a second architecture gain more on one dataset than on the other? Seed by seed."""
    parts = {
        (dataset, architecture): np.random.default_rng(number).uniform(size=3)
        for number, (dataset, architecture) in enumerate((d, a) for d in ("mnist", "fashion") for a in ("cnn", "mlp"))
    }
    runs = pd.concat(
        scores({(dataset, "hidden1"): {"trained": values}}, architecture=architecture)
        for (dataset, architecture), values in parts.items()
    )
    between = {"architecture": ["cnn", "mlp"], "dataset": ["mnist", "fashion"]}
    found = judge("c", claim(between, paired=True), runs)
    gains = [parts[dataset, "cnn"] - parts[dataset, "mlp"] for dataset in ("mnist", "fashion")]
    assert (found["n"], found["p"]) == (3, pytest.approx(stats.ttest_rel(*gains).pvalue))


def test_intervals_end_where_two_differences_of_a_score_between_0_and_1_do():
    runs = scores({("mnist", "hidden1"): {"trained": [1.0, 0.0], "untrained": [0, 1.0]}, ("fashion", "hidden1"): FASHION})
    found = judge("c", claim(BETWEEN_DATASETS), runs.assign(lowest=0.0, highest=1.0))
    assert (found["interval_low"], found["interval_high"]) == (-2, 2)


def test_too_few_networks_decide_nothing():
    runs = scores({key: {state: values[:1] for state, values in value.items()} for key, value in TWO_DATASETS.items()})
    found = judge("c", claim(BETWEEN_DATASETS), runs)
    assert (found["n"], found["units"], found["verdict"]) == (2, 2, "undecided")


def test_effects_that_are_the_same_are_told_apart_in_one_study_of_twenty():
    """Training helps, one dataset is harder and noisier, and networks differ: none of these makes an interaction.

    The studies stand in one table, as architectures: what training changes is then found for all of them at once.
    """
    studies, networks, generator = 300, 4, np.random.default_rng(4)
    names = [f"study{number:03}" for number in range(studies)]
    runs = pd.DataFrame(
        product(names, ["mnist", "fashion"], map(float, range(networks))), columns=["architecture", "dataset", "seed"]
    )
    of_fashion, own = (runs["dataset"] == "fashion").to_numpy(), generator.normal(size=len(runs))
    rows = pd.concat(
        runs.assign(
            activation="relu", state=state, value=own + helped - 2.0 * of_fashion + noise * np.where(of_fashion, 0.4, 0.2)
        )
        for state, helped, noise in zip(GATHERS["state"], (3.0, 0.0), generator.normal(size=(2, len(runs))), strict=True)
    )
    effects_on = {
        dataset: run_differences({"between": GATHERS}, rows[rows["dataset"] == dataset]).droplevel("dataset")
        for dataset in ("mnist", "fashion")
    }
    first, second = (dict(list(of_all.groupby(level="architecture"))) for of_all in effects_on.values())
    ps = [difference_of_units(first[name], second[name], None).p for name in names]
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.03)
    # The first of these studies, judged as a claim.
    of_first = Evidence(rows[rows["architecture"] == names[0]], rows, {})
    assert estimate(claim(BETWEEN_DATASETS), of_first)[0].p == pytest.approx(ps[0])
