"""Claims about how networks train and how large they are: courses over epochs, sizes, bends and equivalence."""

import numpy as np
import pandas as pd
import pytest
from judged import judge
from scipy import stats
from score_rows import OF_LAYER

from layerscope.claims.settling import settled_at
from layerscope.statistics.correlation import bent_line
from layerscope.statistics.runs import per_run
from layerscope.store import SCORE_COLUMNS

SIZES = {
    "narrow": {"width": 8, "depth": 3},
    "middle": {"width": 16, "depth": 3},
    "wide": {"width": 32, "depth": 3},
    "deep": {"width": 8, "depth": 9},
    "large": {"width": 32, "depth": 9},
}
SATURATION = {**OF_LAYER, "metric": "saturation", "space": "run", "sample": "test", "chance": np.nan, "epoch": 3}


def runs_of(rows):
    return per_run(pd.DataFrame(rows, columns=list(SCORE_COLUMNS)))


def network(architecture, seed, value, **keys):
    return {**SATURATION, "architecture": architecture, "seed": float(seed), "value": value, **keys}


def accuracy(architecture, seed, value, **keys):
    whole = {"metric": "accuracy", "layer": "", "depth": np.nan}
    return network(architecture, seed, value, **{**whole, **keys})


def course(seed, values, **keys):
    """One value an epoch, the last of a trained network."""
    last = len(values) - 1
    return [
        network("narrow", seed, value, epoch=epoch, state="trained" if epoch == last else "intermediate", **keys)
        for epoch, value in enumerate(values)
    ]


def losses(seed, values, split="batches"):
    return course(seed, values, metric="loss", layer="", depth=np.nan, sample=split)


def verdict(rows, **claim):
    stated = {"text": "It is so.", "source": "this study", "score": "saturation", "on": {"layer": "hidden1"}, **claim}
    return judge("stated", stated, runs_of(rows), SIZES)


# Sizes of networks


def test_a_score_can_fall_with_the_width_of_networks():
    """Three widths a seed: one rank correlation a seed, whatever the number of networks."""
    rows = [
        network(architecture, seed, value + seed / 100)
        for seed in range(6)
        for architecture, value in (("narrow", 0.9), ("middle", 0.6), ("wide", 0.3))
    ]
    found = verdict(rows, statistic="spearman", along="width", expect="negative")
    assert (found["estimate"], found["n"], found["verdict"]) == (-1, 6, "supported")
    assert verdict(rows, statistic="spearman", along="width", expect="positive")["verdict"] == "contradicted"


@pytest.mark.parametrize(("by_width", "by_depth", "expected"), [(0.3, 0.02, "supported"), (0.02, 0.3, "contradicted")])
def test_a_score_can_follow_one_size_more_closely_than_another(by_width, by_depth, expected):
    generator = np.random.default_rng(0)
    rows = [
        network(name, seed, by_width * (SIZES[name]["width"] > 8) + by_depth * (SIZES[name]["depth"] > 3) + noise)
        for seed in range(8)
        for name, noise in zip(("narrow", "wide", "deep", "large"), generator.normal(0, 0.001, 4), strict=True)
    ]
    found = verdict(rows, statistic="stronger", sizes=["width", "layers"], expect="positive")
    assert found["verdict"] == expected
    assert found["n"] == 8


# The same network on two datasets


def on_two_datasets(differences):
    """Three architectures of very unequal saturation, each a little higher on the harder problem."""
    rows = []
    for name, difference, level in zip(("narrow", "middle", "wide"), differences, (0.2, 0.5, 0.8), strict=True):
        for seed in range(2):
            rows += [network(name, seed, level, dataset="easy"), network(name, seed, level + difference, dataset="hard")]
    return rows


@pytest.mark.parametrize("paired", [True, False])
def test_architectures_that_are_on_both_datasets_are_pairs(paired):
    rows = on_two_datasets([0.03, 0.04, 0.05])
    found = verdict(rows, statistic="difference", between={"dataset": ["hard", "easy"]}, paired=paired, expect="positive")
    assert found["estimate"] == pytest.approx(0.04)
    assert found["p"] == pytest.approx(stats.ttest_1samp([0.03, 0.04, 0.05], 0).pvalue)
    assert (found["units"], found["verdict"]) == (3, "supported")


def test_seeds_of_one_architecture_are_two_groups():
    rows = [network("narrow", seed, 0.5 + 0.01 * seed, dataset="easy") for seed in range(4)]
    rows += [network("narrow", seed, 0.9 - 0.01 * seed, dataset="hard") for seed in range(4)]
    found = verdict(rows, statistic="difference", between={"dataset": ["hard", "easy"]}, expect="positive")
    assert (found["n"], found["units"], found["verdict"]) == (8, 8, "supported")


@pytest.mark.parametrize(
    ("differences", "expected"),
    [([0.01, -0.01, 0.0], "supported"), ([0.2, 0.21, 0.19], "contradicted"), ([0.1, -0.1, 0.0], "undecided")],
    ids=["near", "far", "spread"],
)
def test_a_difference_within_a_bound(differences, expected):
    found = verdict(
        on_two_datasets(differences),
        statistic="equivalence",
        between={"dataset": ["hard", "easy"]},
        expect={"within": 0.05, "because": "less is noise"},
    )
    assert found["verdict"] == expected
    assert found["expected"] == "within 0.05"


# Bends


@pytest.mark.parametrize(("above", "expected"), [(-3.0, "supported"), (-0.5, "undecided"), (2.0, "contradicted")])
def test_a_slope_that_changes_at_a_value(above, expected):
    """Accuracy by saturation: slope -0.5 below 0.45, another above."""
    generator = np.random.default_rng(1)
    rows = []
    for seed, x in enumerate(np.linspace(0.1, 0.8, 40)):
        y = 0.9 - 0.5 * (x - 0.45) + (above + 0.5) * max(x - 0.45, 0) + generator.normal(0, 0.01)
        rows += [network("narrow", seed, x), accuracy("narrow", seed, y)]
    found = verdict(
        rows,
        statistic="bend",
        score="accuracy",
        against="saturation",
        at=0.45,
        on={"layer": "hidden1", "sample": "test"},
        expect="negative",
    )
    assert found["verdict"] == expected
    assert found["estimate"] == pytest.approx(above + 0.5, abs=0.1)


def test_a_line_without_noise_is_found_exactly():
    x = np.arange(12.0)
    found = bent_line(x, 2 + 0.5 * (x - 4) - 2 * np.maximum(x - 4, 0), bend=4)
    assert (found.level, found.below, found.change.mean) == pytest.approx((2, 0.5, -2))
    np.testing.assert_allclose(found.at(np.array([0.0, 4.0, 6.0])), [0.0, 2.0, -1.0], atol=1e-12)


def test_the_interval_of_a_bend_covers_what_is_true():
    generator = np.random.default_rng(2)
    covered = 0
    for _ in range(400):
        x = generator.uniform(0, 1, 30)
        y = -np.maximum(x - 0.5, 0) + generator.normal(0, 0.1 + 0.2 * x)
        change = bent_line(x, y, 0.5).change
        covered += change.low < -1 < change.high
    assert 0.92 < covered / 400 < 0.98


def test_a_bend_beside_all_points_is_no_number():
    x = np.linspace(0, 0.4, 20)
    assert np.isnan(bent_line(x, x, 0.45).change.mean)
    rows = [row for seed in range(9) for row in (network("narrow", seed, 0.2 + seed / 100), accuracy("narrow", seed, 0.5))]
    on = {"layer": "hidden1", "sample": "test"}
    found = verdict(rows, statistic="bend", score="accuracy", against="saturation", at=0.45, on=on, expect="negative")
    assert found["verdict"] == "undecided"


# Courses over epochs


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 0.95, 1.0, 1.0], 2),
        ([0, 1.0, 1.0, 0.2, 1.0], 4),
        ([1.0, 0.0, 0.02, 0.01], 1),
        ([0.3, 0.3, 0.3], np.nan),
    ],
    ids=["rises", "leaves again", "falls at once", "flat"],
)
def test_when_a_course_comes_to_rest(values, expected):
    found = settled_at(pd.Series(values), 0.1)
    assert found == expected or (np.isnan(found) and np.isnan(expected))


def test_a_score_settles_before_the_loss():
    rows = []
    for seed in range(6):
        rows += course(seed, [0.0, 0.8 + seed / 100, 0.81, 0.8, 0.8, 0.8])
        rows += losses(seed, [2.0, 1.5, 1.1, 0.8, 0.5, 0.4 - seed / 100])
    found = verdict(rows, statistic="settling", against="loss", split="batches", tolerance=0.1, expect="negative")
    assert found["verdict"] == "supported"
    assert found["n"] == 6
    assert found["estimate"] <= -3


def test_a_score_follows_the_loss_until_that_is_least():
    """It rises throughout; the loss falls to epoch 3 and rises afterwards."""
    rows = []
    for seed in range(6):
        rows += course(seed, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
        rows += losses(seed, [2.0, 1.5, 1.0, 0.9, 1.2, 1.6, 2.1 + seed / 10], split="test")
    common = {"statistic": "course", "against": "loss", "split": "test", "expect": "negative"}
    until = verdict(rows, until="minimum", **common)
    assert (until["estimate"], until["n"], until["verdict"]) == (-1, 6, "supported")
    assert verdict(rows, until="end", **common)["estimate"] > 0


def test_other_splits_take_no_part_in_a_course():
    rows = course(0, [0.1, 0.2, 0.3]) + losses(0, [3.0, 2.0, 1.0], split="train")
    assert verdict(rows, statistic="course", against="loss", split="test", until="end", expect="negative")["n"] == 0
