"""Verdicts on claims: supported, contradicted or undecided, from where the interval of the estimate lies."""

import numpy as np
import pandas as pd
import pytest
from judged import judge
from scipy import stats

from layerscope.claims.shared.judge import CLAIM_COLUMNS
from layerscope.claims.shared.verdict import verdict
from layerscope.statistics.runs import per_run, with_input_joined
from layerscope.statistics.select import select
from layerscope.store import SCORE_TABLE_COLUMNS

DEPTHS = {"input": 0.0, "hidden1": 1.0, "hidden2": 2.0, "hidden3": 3.0}


def runs_of(values):
    """One row a (network, state, layer): values maps (architecture, seed, state, layer) to the score."""
    rows = []
    for (architecture, seed, state, layer), value in values.items():
        rows.append(
            {
                "study": "s",
                "dataset": "digits",
                "architecture": architecture,
                "activation": "relu" if architecture else "",
                "seed": float(seed) if architecture else np.nan,
                "sample": "look",
                "epoch": {"input": 0, "untrained": 0, "intermediate": 2, "trained": 5}[state],
                "state": state,
                "layer": layer,
                "depth": DEPTHS[layer],
                "filter": "",
                "space": "raw",
                "draw": 1,
                "embedding_seed": np.nan,
                "metric": "hit",
                "value": value,
                "n_points": 100,
                "chance": 0.1,
                "degenerate": "" if np.isfinite(value) else "diverged",
            }
        )
    return per_run(with_input_joined(pd.DataFrame(rows, columns=list(SCORE_TABLE_COLUMNS))))


def effects(differences, architecture="mlp"):
    """Trained and untrained networks whose scores differ by so much."""
    values = {}
    for seed, difference in enumerate(differences):
        values[architecture, seed, "untrained", "hidden1"] = 0.1 * seed
        values[architecture, seed, "trained", "hidden1"] = 0.1 * seed + difference
    return values


def test_what_is_counted_is_said_of_pairs_of_networks():
    said = claim("difference", between={"state": ["trained", "untrained"]}, expect="positive", cluster=["seed"])
    runs = runs_of(effects([0.5, 0.6, 0.7]))
    row = judge("grows", {**said, "pairs_of": "seeds"}, runs)
    assert (row["n"], row["units"], row["note"]) == (3, 3, "n counts pairs of networks of two seeds, no network in two of them")
    assert judge("grows", said, runs)["note"] == ""


def claim(statistic, **options):
    return {"text": "It is so.", "source": "this study", "statistic": statistic, "score": "hit", **options}


TRAINED_OVER_UNTRAINED = {"state": ["trained", "untrained"]}
POSITIVE, NEGATIVE, MIXED = [0.2, 0.3, 0.25], [-0.2, -0.3, -0.25], [0.2, -0.3, 0.25]


def test_a_verdict_is_a_row_with_all_its_columns():
    row = judge("c", claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive"), runs_of(effects(POSITIVE)))
    assert tuple(row) == CLAIM_COLUMNS
    assert (row["claim"], row["text"], row["expected"], row["n"]) == ("c", "It is so.", "positive", 3)


@pytest.mark.parametrize(
    ("mean", "p", "expect", "expected"),
    [
        (0.1, 0.01, "positive", "supported"),
        (-0.1, 0.01, "positive", "contradicted"),
        (0.1, 0.06, "positive", "undecided"),
        (0.1, 0.01, "negative", "contradicted"),
        (-0.1, 0.01, "negative", "supported"),
        (-0.1, 0.3, "negative", "undecided"),
        (np.nan, 0.01, "positive", "undecided"),
        (0.1, np.nan, "negative", "undecided"),
    ],
)
def test_a_verdict_follows_from_the_sign_and_the_p(mean, p, expect, expected):
    assert verdict(mean, p, expect) == expected


# difference


@pytest.mark.parametrize(
    ("differences", "expect", "expected"),
    [
        (POSITIVE, "positive", "supported"),
        (POSITIVE, "negative", "contradicted"),
        (NEGATIVE, "negative", "supported"),
        (NEGATIVE, "positive", "contradicted"),
        (MIXED, "positive", "undecided"),
        (MIXED, "negative", "undecided"),
        ([0.3], "positive", "undecided"),
    ],
)
def test_differences_within_networks(differences, expect, expected):
    found = judge("c", claim("difference", between=TRAINED_OVER_UNTRAINED, expect=expect), runs_of(effects(differences)))
    assert found["verdict"] == expected
    assert found["estimate"] == pytest.approx(np.mean(differences))
    assert found["n"] == len(differences)


def test_differences_within_networks_are_paired():
    found = judge("c", claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive"), runs_of(effects(POSITIVE)))
    expected = stats.ttest_1samp(POSITIVE, 0)
    assert found["p"] == pytest.approx(expected.pvalue)
    assert found["interval_low"] == pytest.approx(expected.confidence_interval().low)


@pytest.mark.parametrize(
    ("at_least", "expect", "expected"),
    [
        (0.1, "positive", "supported"),
        (0.2, "positive", "undecided"),
        (0.5, "positive", "contradicted"),
        (0.1, "negative", "contradicted"),
    ],
)
def test_a_difference_can_be_asked_to_be_of_a_size(at_least, expect, expected):
    """p is that of the bound, on the expected side; estimate and interval are those of the difference."""
    plain = claim("difference", between=TRAINED_OVER_UNTRAINED, expect=expect)
    found = judge("c", {**plain, "at_least": at_least}, runs_of(effects(POSITIVE)))
    bound = at_least if expect == "positive" else -at_least
    assert found["p"] == pytest.approx(stats.ttest_1samp(POSITIVE, bound).pvalue)
    assert (found["verdict"], found["expected"]) == (expected, f"{expect}, at least {at_least}")
    without = judge("c", plain, runs_of(effects(POSITIVE)))
    for column in ("estimate", "interval_low", "interval_high"):
        assert found[column] == pytest.approx(without[column])


def test_networks_told_apart_can_be_asked_to_differ_by_a_size():
    first, second = [0.8, 0.9, 0.85, 0.7], [0.3, 0.2, 0.4]
    values = {("mlp", seed, "trained", "hidden1"): value for seed, value in enumerate(first)}
    values |= {("cnn", seed, "trained", "hidden1"): value for seed, value in enumerate(second)}
    asked = claim("difference", between={"architecture": ["mlp", "cnn"]}, at_least=0.4, expect="positive")
    found = judge("c", asked, runs_of(values))
    assert found["p"] == pytest.approx(stats.ttest_ind(np.subtract(first, 0.4), second, equal_var=False).pvalue)


def test_differences_between_networks_are_welch_s():
    first, second = [0.8, 0.9, 0.85, 0.7], [0.3, 0.2, 0.4]
    values = {("mlp", seed, "trained", "hidden1"): value for seed, value in enumerate(first)}
    values |= {("cnn", seed, "trained", "hidden1"): value for seed, value in enumerate(second)}
    found = judge("c", claim("difference", between={"architecture": ["mlp", "cnn"]}, expect="positive"), runs_of(values))
    expected = stats.ttest_ind(first, second, equal_var=False)
    assert (found["p"], found["n"]) == (pytest.approx(expected.pvalue), 7)
    assert found["interval_low"] == pytest.approx(expected.confidence_interval().low)
    assert found["verdict"] == "supported"


def test_the_layers_of_a_run_are_averaged_before_runs_are_compared():
    values = {}
    for seed, difference in enumerate(POSITIVE):
        for layer, extra in (("hidden1", 0.5), ("hidden2", -0.5)):
            values["mlp", seed, "untrained", layer] = 0.0
            values["mlp", seed, "trained", layer] = difference + extra
    found = judge("c", claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive"), runs_of(values))
    assert (found["n"], found["estimate"]) == (3, pytest.approx(0.25))


def test_a_diverged_run_counts_for_nothing():
    values = effects([*POSITIVE, 0.1])
    values["mlp", 3, "trained", "hidden1"] = np.nan
    found = judge("c", claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive"), runs_of(values))
    assert (found["n"], found["verdict"]) == (3, "supported")


def test_a_claim_about_nothing_is_undecided():
    found = judge(
        "c",
        claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive", on={"layer": "hidden3"}),
        runs_of(effects(POSITIVE)),
    )
    assert (found["n"], found["verdict"]) == (0, "undecided")
    assert np.isnan(found["estimate"])


@pytest.mark.parametrize("statistic", ["spearman", "order", "fraction"])
def test_every_claim_about_nothing_is_undecided(statistic):
    options = {
        "spearman": {"along": "depth", "expect": "positive"},
        "order": {"along": {"layer": ["hidden1", "hidden2", "hidden3"]}, "expect": "positive"},
        "fraction": {"between": TRAINED_OVER_UNTRAINED, "holds": "positive", "expect": {"above": 0.5}},
    }[statistic]
    found = judge("c", claim(statistic, on={"layer": "hidden3"}, **options), runs_of(effects(POSITIVE)))
    assert (found["n"], found["verdict"]) == (0, "undecided")


# spearman


def ladders(slopes, noise=0.0, layers=("hidden1", "hidden2", "hidden3")):
    """Trained networks whose score rises by a slope at every layer."""
    generator = np.random.default_rng(0)
    return {
        ("mlp", seed, "trained", layer): slope * DEPTHS[layer] + noise * generator.normal()
        for seed, slope in enumerate(slopes)
        for layer in layers
    }


@pytest.mark.parametrize(
    ("slopes", "expect", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], "positive", "supported"),
        ([1, 2, 3, 4, 5, 6], "negative", "contradicted"),
        ([-1, -2, -3, -4, -5, -6], "negative", "supported"),
        ([1, -2, 3, 4, 5, 6], "positive", "undecided"),
        ([1, 2, 3], "positive", "undecided"),
    ],
)
def test_rank_correlations_with_depth(slopes, expect, expected):
    found = judge("c", claim("spearman", along="depth", expect=expect), runs_of(ladders(slopes)))
    assert found["verdict"] == expected
    assert found["estimate"] == pytest.approx(np.sign(slopes).mean())
    assert found["n"] == len(slopes)


def test_correlations_that_are_all_perfect_are_tested_by_their_sign():
    """They have no spread for a t-test: six of six is one of 32 by chance, three of three one of four."""
    for count, p in ((6, 2 / 2**6), (3, 2 / 2**3)):
        found = judge("c", claim("spearman", along="depth", expect="positive"), runs_of(ladders([1] * count)))
        assert found["p"] == pytest.approx(p)
        assert np.isnan([found["interval_low"], found["interval_high"]]).all()


def test_the_input_is_part_of_every_network_s_correlation():
    """Without the input the scores fall with depth; the input below all of them makes it a mixed picture."""
    values = ladders([-1, -2, -3])
    values["", 0, "input", "input"] = -100.0
    found = judge("c", claim("spearman", along="depth", expect="negative"), runs_of(values))
    assert found["estimate"] == pytest.approx(stats.spearmanr([0, 1, 2, 3], [-100, -1, -2, -3]).statistic)
    assert found["n"] == 3


def test_rank_correlations_with_epochs():
    values = {}
    for seed in range(6):
        for epoch, state in enumerate(("untrained", "intermediate", "trained")):
            values["mlp", seed, state, "hidden1"] = epoch + 0.1 * seed
    found = judge("c", claim("spearman", along="epoch", expect="positive"), runs_of(values))
    assert (found["estimate"], found["verdict"]) == (pytest.approx(1), "supported")


# order


def order(values, expect="negative", layers=("hidden1", "hidden2", "hidden3")):
    return judge("c", claim("order", along={"layer": list(layers)}, expect=expect), runs_of(values))


def test_a_fall_at_every_step_supports_an_order():
    found = order(ladders([-1, -1.1, -1.2]))
    assert (found["verdict"], found["n"]) == ("supported", 3)
    assert found["estimate"] == pytest.approx(-1.1)
    assert order(ladders([1, 1.1, 1.2]), "positive")["verdict"] == "supported"


def test_one_rise_contradicts_an_order():
    values = ladders([-1, -1.1, -1.2])
    for seed in range(3):
        values["mlp", seed, "trained", "hidden3"] = 5 + 0.1 * seed
    found = order(values)
    assert found["verdict"] == "contradicted"
    assert found["estimate"] > 0


def test_one_unclear_step_leaves_an_order_undecided():
    values = ladders([-1, -1.1, -1.2])
    for seed, step in enumerate([-1, 1, 0.1]):
        values["mlp", seed, "trained", "hidden3"] = values["mlp", seed, "trained", "hidden2"] + step
    found = order(values)
    assert found["verdict"] == "undecided"
    assert found["estimate"] == pytest.approx(np.mean([-1, 1, 0.1]))


def test_the_weakest_step_is_the_one_that_is_shown():
    values = {}
    for seed in range(3):
        for layer, value in (("hidden1", 10), ("hidden2", 5), ("hidden3", 4)):
            values["mlp", seed, "trained", layer] = value + 0.01 * seed * DEPTHS[layer]
    assert order(values)["estimate"] == pytest.approx(-1, abs=0.05)


def test_the_input_can_be_the_first_step_of_an_order():
    values = ladders([-1, -1.1, -1.2])
    values["", 0, "input", "input"] = 3.0
    assert order(values, layers=("input", "hidden1", "hidden2", "hidden3"))["verdict"] == "supported"


# fraction


def fraction(differences, above, holds="positive"):
    rows = runs_of(effects(differences))
    return judge("c", claim("fraction", between=TRAINED_OVER_UNTRAINED, holds=holds, expect={"above": above}), rows)


@pytest.mark.parametrize(
    ("differences", "above", "expected"),
    [
        ([0.1] * 10, 0.5, "supported"),
        ([-0.1] * 10, 0.5, "contradicted"),
        ([0.1, -0.1] * 5, 0.5, "undecided"),
        ([0.1] * 10, 0.9, "undecided"),
        ([0.1] * 3, 0.5, "undecided"),
    ],
)
def test_shares_of_runs(differences, above, expected):
    found = fraction(differences, above)
    assert found["verdict"] == expected
    assert found["estimate"] == pytest.approx(np.mean(np.array(differences) > 0))
    low, high = stats.binomtest(sum(d > 0 for d in differences), len(differences)).proportion_ci(method="wilson")
    assert (found["interval_low"], found["interval_high"]) == (pytest.approx(low), pytest.approx(high))
    assert found["expected"] == f"above {above:g}"


def test_a_difference_of_nothing_holds_for_neither_sign():
    assert fraction([0.0, 0.0, 0.1], 0.5)["estimate"] == pytest.approx(1 / 3)
    assert fraction([0.0, 0.0, 0.1], 0.5, holds="negative")["estimate"] == 0


# Selectors


def test_first_and_last_are_the_snapshots_of_each_run():
    values = {("mlp", 0, state, "hidden1"): 1.0 for state in ("untrained", "intermediate", "trained")}
    values["mlp", 1, "untrained", "hidden1"] = 1.0
    values["mlp", 1, "intermediate", "hidden1"] = 1.0
    rows = runs_of(values)
    assert sorted(select(rows, {"epoch": "last"})["epoch"]) == [2, 5]
    assert sorted(select(rows, {"epoch": ["first", 2]})["epoch"]) == [0, 0, 2, 2]


def test_whole_layers_and_filters_are_told_apart():
    rows = pd.DataFrame({"filter": ["", "0", "3", "mean"], "value": range(4)})
    assert list(select(rows, {"filter": "whole"})["value"]) == [0]
    assert list(select(rows, {"filter": [0, 3]})["value"]) == [1, 2]
    assert list(select(rows, {"filter": ["whole", 3]})["value"]) == [0, 2]


def test_the_embedding_of_a_selector_is_the_space_of_a_score():
    rows = pd.DataFrame({"space": ["raw", "tsne", "run"], "value": range(3)})
    assert list(select(rows, {"embedding": ["raw", "run"]})["value"]) == [0, 2]


def test_layer_means_are_no_further_filters():
    """A claim that names no filter is about the filters (and whole layers) that were scored, each once."""
    rows = []
    for state, epoch, values in (("untrained", 0, [0.0, 0.0, 0.0]), ("trained", 5, [0.2, 0.4, 0.9])):
        for number, value in enumerate(values):
            numbers = {"seed": 0.0, "draw": 1, "embedding_seed": np.nan, "depth": 1.0, "n_points": 9}
            row = dict.fromkeys(SCORE_TABLE_COLUMNS, "") | numbers
            row |= {"state": state, "epoch": epoch, "filter": str(number), "metric": "hit", "value": value, "chance": 0.1}
            rows.append(row | {"degenerate": "no variance" if number == 2 else ""})
    runs = per_run(pd.DataFrame(rows, columns=list(SCORE_TABLE_COLUMNS)))
    found = judge("c", claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive"), runs)
    assert found["estimate"] == pytest.approx(0.5)


def test_the_input_takes_no_part_in_comparisons_unless_it_is_named():
    """Joined to every network at epoch 0, it would otherwise pull every untrained mean towards itself."""
    values = {("", 0, "input", "input"): 0.9}
    for seed in range(3):
        for state in ("untrained", "trained"):
            for layer in ("hidden1", "hidden2"):
                values["mlp", seed, state, layer] = 0.5 + 0.01 * seed
    claim = {
        "text": "Nothing changes.",
        "source": "us",
        "statistic": "difference",
        "score": "hit",
        "between": {"epoch": [5, 0]},
        "on": {"embedding": "raw"},
        "expect": "positive",
    }
    assert judge("none", claim, runs_of(values))["estimate"] == pytest.approx(0)
    named = {**claim, "between": {"layer": ["hidden1", "input"]}}
    assert judge("named", named, runs_of(values))["estimate"] == pytest.approx(-0.39)


# Flagged runs, signs and two scores


def test_the_sign_test_asks_how_many_runs_fall():
    """Six falling networks of six are enough, five are not (p = 2 / 32), however clear the mean."""
    for count, expected in ((5, "undecided"), (6, "supported")):
        found = judge("c", claim("spearman", along="depth", test="sign", expect="negative"), runs_of(ladders([-0.1] * count)))
        assert found["p"] == pytest.approx(2 / 2**count)
        assert found["verdict"] == expected
    rising = judge("c", claim("spearman", along="depth", test="sign", expect="negative"), runs_of(ladders([0.1] * 6)))
    assert rising["verdict"] == "contradicted"


def test_flagged_runs_are_left_out_where_asked():
    runs = runs_of(effects([0.2, 0.3, 0.25, -9.0]))
    runs.loc[runs["seed"] == 3, "degenerate"] = "near_chance: test accuracy 0.100"
    asked = claim("difference", between=TRAINED_OVER_UNTRAINED, expect="positive")
    assert judge("c", asked, runs)["n"] == 4
    found = judge("c", {**asked, "flagged": "leave_out"}, runs)
    assert (found["n"], found["verdict"]) == (3, "supported")


def test_two_scores_of_networks_are_correlated_over_runs():
    runs = runs_of({("mlp", seed, "trained", "hidden1"): 0.1 * seed for seed in range(12)})
    of_network = {"metric": "accuracy", "space": "run", "sample": "test", "layer": "", "depth": np.nan}
    falling = runs.assign(value=1 - runs["value"], **of_network)
    asked = claim("correlation", against="accuracy", on={"layer": "last"}, expect="negative")
    found = judge("c", asked, pd.concat([runs, falling]))
    assert (found["n"], found["estimate"], found["verdict"]) == (12, pytest.approx(-1), "supported")


def test_a_run_whose_last_layer_is_flagged_is_left_out_whole():
    runs = runs_of(ladders([0.1, 0.2, 0.3]))
    runs.loc[(runs["seed"] == 0) & (runs["layer"] == "hidden3"), "degenerate"] = "no variance"
    asked = claim("order", along={"layer": ["hidden1", "hidden2"]}, on={"state": "trained"}, expect="positive")
    assert judge("c", asked, runs)["n"] == 3
    assert judge("c", {**asked, "flagged": "leave_out"}, runs)["n"] == 2


def test_runs_without_a_trend_take_no_side_in_the_sign_test():
    # Six rise, and seven end where they began.
    runs = runs_of(ladders([0.1] * 13))
    for layer, value in (("hidden1", 0.5), ("hidden2", 0.7), ("hidden3", 0.5)):
        runs.loc[(runs["seed"] >= 6) & (runs["layer"] == layer), "value"] = value
    found = judge("c", claim("spearman", along="depth", test="sign", expect="negative"), runs)
    assert found["p"] == pytest.approx(2 / 2**6)
    assert found["verdict"] == "contradicted"
