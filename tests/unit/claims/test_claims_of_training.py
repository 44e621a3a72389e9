"""Claims about how networks train and how large they are: courses over epochs, sizes, bends and equivalence."""

import numpy as np
import pandas as pd
import pytest
from judged import judge
from scipy import stats
from score_rows import OF_LAYER
from statsmodels.regression.linear_model import OLS

from layerscope.claims.settling import settled_at
from layerscope.claims.steepness import slopes_over_depth
from layerscope.statistics.correlation import bend_difference, bent_line, spearman
from layerscope.statistics.estimates import paired_p, paired_ps
from layerscope.statistics.runs import per_run
from layerscope.store import SCORE_TABLE_COLUMNS

SIZES = {
    "narrow": {"width": 8, "depth": 3},
    "middle": {"width": 16, "depth": 3},
    "wide": {"width": 32, "depth": 3},
    "deep": {"width": 8, "depth": 9},
    "large": {"width": 32, "depth": 9},
}
SATURATION = {**OF_LAYER, "metric": "saturation", "space": "run", "sample": "test", "chance": np.nan, "epoch": 3}


def runs_of(rows):
    return per_run(pd.DataFrame(rows, columns=list(SCORE_TABLE_COLUMNS)))


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
    """Three widths by three depths."""
    generator = np.random.default_rng(0)
    sizes = {f"{w}_{d}": {"width": w, "depth": d} for w in (1, 2, 3) for d in (1, 2, 3)}
    rows = [
        network(name, seed, by_width * size["width"] + by_depth * size["depth"] + generator.normal(0, 0.001))
        for seed in range(8)
        for name, size in sizes.items()
    ]
    stated = {"text": "It is so.", "source": "this study", "score": "saturation", "on": {"layer": "hidden1"}}
    stated |= {"statistic": "stronger", "sizes": ["width", "layers"], "expect": "positive"}
    found = judge("stated", stated, runs_of(rows), sizes)
    assert found["verdict"] == expected
    assert found["n"] == 8


def test_a_network_of_one_layer_counts_by_the_sign_of_its_difference():
    rows = [row for seed in range(6) for row in stack("narrow", seed, [0.9, 0.5 + seed / 100])]
    found = verdict(rows, statistic="spearman", along="depth", on={}, expect="negative")
    assert (found["estimate"], found["n"], found["verdict"]) == (pytest.approx(-1), 6, "supported")


def test_two_widths_by_two_depths_describe_and_decide_nothing():
    rows = [
        network(name, seed, SIZES[name]["width"] / 100 + seed / 1000)
        for seed in range(8)
        for name in ("narrow", "wide", "deep", "large")
    ]
    found = verdict(rows, statistic="stronger", sizes=["width", "layers"], expect="positive")
    assert found["estimate"] == pytest.approx(1, abs=0.11)
    assert np.isnan(found["p"])
    assert (found["note"], found["verdict"]) == ("descriptive: few values of a size (2 of width and 2 of layers)", "undecided")


# Slopes over depth


def stack(architecture, seed, values):
    """A value a layer."""
    return [network(architecture, seed, value, layer=f"hidden{d}", depth=float(d)) for d, value in enumerate(values, start=1)]


def steepness(rows, expect):
    sizes = {"three": {"depth": 3, "width": 8}, "four": {"depth": 4, "width": 8}, "five": {"depth": 5, "width": 8}}
    stated = {"text": "It is so.", "source": "this study", "score": "saturation", "statistic": "steepness", "along": "layers"}
    return judge("stated", {**stated, "expect": expect}, runs_of(rows), sizes)


def test_networks_of_fewer_layers_fall_more_steeply():
    """All fall from 0.9 to 0.3, in two, three and four steps."""
    rows = [
        row
        for seed in range(6)
        for name, layers in (("three", 3), ("four", 4), ("five", 5))
        for row in stack(name, seed, np.linspace(0.9, 0.3, layers))
    ]
    found = steepness(rows, "positive")
    assert (found["estimate"], found["n"], found["verdict"]) == (pytest.approx(1), 6, "supported")
    assert steepness(rows, "negative")["verdict"] == "contradicted"


def test_the_slope_over_depth_is_that_of_scipy():
    values = np.random.default_rng(3).normal(size=5)
    [slope] = slopes_over_depth(runs_of(stack("narrow", 0, values)))
    assert slope == pytest.approx(stats.linregress(range(1, 6), values).slope)


def test_slopes_without_a_trend_are_called_steeper_once_in_twenty_studies():
    """Eight units of seven networks each. Those of few layers have noisier slopes, which must not look like steeper ones."""
    generator, layers = np.random.default_rng(4), range(2, 9)
    depths = [np.arange(n) - (n - 1) / 2 for n in layers]
    slopes = np.array([generator.normal(size=(2000, 8, len(depth))) @ depth / (depth @ depth) for depth in depths])
    ranks = stats.rankdata(slopes, axis=0) - 4
    correlations = np.einsum("sij,s->ij", ranks, np.arange(7) - 3) / 28
    assert correlations[0, 0] == pytest.approx(spearman(layers, slopes[:, 0, 0]))
    assert np.mean(paired_ps(correlations) < 0.05) == pytest.approx(0.05, abs=0.015)


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


def test_two_bends_differ_by_the_difference_of_their_changes():
    """One regression of both, as two of statsmodels with HC3 say each alone."""
    generator = np.random.default_rng(5)
    groups, fits = [], []
    for change in (-2.0, -0.5):
        x = generator.uniform(0, 1, 15)
        y = change * np.maximum(x - 0.5, 0) + generator.normal(0, 0.05, 15)
        design = np.column_stack([np.ones(15), x - 0.5, np.maximum(x - 0.5, 0)])
        fits.append(OLS(y, design).fit(cov_type="HC3", use_t=True))
        groups.append(np.column_stack([x, y]))
    found = bend_difference(*groups, 0.5)
    expected, error = fits[0].params[2] - fits[1].params[2], np.hypot(fits[0].bse[2], fits[1].bse[2])
    assert found.mean == pytest.approx(expected)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(expected / error), 24))
    assert found.low == pytest.approx(expected - stats.t.ppf(0.975, 24) * error)


def test_equal_bends_are_told_apart_once_in_twenty_studies():
    generator, wrong = np.random.default_rng(6), 0
    for _ in range(400):
        x = generator.uniform(0, 1, (2, 20))
        groups = [np.column_stack([one, -np.maximum(one - 0.5, 0) + generator.normal(0, 0.1, 20)]) for one in x]
        wrong += bend_difference(*groups, 0.5).p < 0.05
    assert wrong / 400 < 0.075


def test_a_bend_can_be_sharper_on_one_problem_than_on_another():
    """Twelve architectures, each at its saturation on both; three seeds of each count once."""
    generator, rows = np.random.default_rng(7), []
    for number, x in enumerate(np.linspace(0.1, 0.8, 12)):
        for dataset, change in (("hard", -3.0), ("easy", -0.2)):
            for seed in range(3):
                y = 0.9 + change * max(x - 0.45, 0) + generator.normal(0, 0.01)
                keys = {"dataset": dataset}
                rows += [network(f"a{number}", seed, x, **keys), accuracy(f"a{number}", seed, y, **keys)]
    about = {"statistic": "bend", "score": "accuracy", "against": "saturation", "at": 0.45, "expect": "negative"}
    found = verdict(rows, between={"dataset": ["hard", "easy"]}, on={"layer": "hidden1", "sample": "test"}, **about)
    assert (found["n"], found["units"], found["verdict"]) == (72, 24, "supported")
    assert found["estimate"] == pytest.approx(-2.8, abs=0.1)


def test_a_bend_beside_all_points_is_no_number():
    x = np.linspace(0, 0.4, 20)
    assert np.isnan(bent_line(x, x, 0.45).change.mean)
    rows = [row for seed in range(9) for row in (network("narrow", seed, 0.2 + seed / 100), accuracy("narrow", seed, 0.5))]
    on = {"layer": "hidden1", "sample": "test"}
    found = verdict(rows, statistic="bend", score="accuracy", against="saturation", at=0.45, on=on, expect="negative")
    assert found["verdict"] == "undecided"
    assert found["note"] == "fewer than three independent units on a side of 0.45: no line can bend there"


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
    found = verdict(rows, statistic="settling", against="loss", split="batches", tolerance=0.1, rest=0.25, expect="negative")
    assert found["verdict"] == "supported"
    assert found["n"] == 6
    assert found["estimate"] <= -3


def test_what_moves_until_the_end_counts_as_if_it_rested_there():
    """Of two networks the loss falls by the same at every epoch; of a third neither score rests, and a fourth does not move."""
    falling = list(np.linspace(2.0, 0.0, 9))
    rows = course(0, [0.0] + [0.8] * 8) + losses(0, falling) + course(1, [0.0, 0.4] + [0.8] * 7) + losses(1, falling)
    rows += course(2, list(np.linspace(0.0, 0.8, 9))) + losses(2, falling) + course(3, [0.5] * 9) + losses(3, falling)
    found = verdict(rows, statistic="settling", against="loss", split="batches", tolerance=0.1, rest=0.25, expect="negative")
    assert found["estimate"] == pytest.approx(np.mean([1 - 8, 2 - 8]))
    told = "2 networks without a number left out; networks whose course moves until the end: saturation of 1, loss of 4"
    assert (found["n"], found["note"]) == (2, told)


def test_courses_alike_in_law_are_told_apart_once_in_twenty_studies():
    generator, wrong = np.random.default_rng(8), 0
    for _ in range(150):
        times = [
            [settled_at(pd.Series(np.cumsum(generator.exponential(size=10) * 0.6 ** np.arange(10))), 0.1) for _ in range(2)]
            for _ in range(6)
        ]
        wrong += paired_p([first - second for first, second in times]) < 0.05
    assert wrong / 150 < 0.09


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
    found = verdict(rows, statistic="course", against="loss", split="test", until="end", expect="negative")
    assert (found["n"], found["note"]) == (0, "1 network without a number left out")
