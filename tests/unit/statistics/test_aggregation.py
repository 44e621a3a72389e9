"""From rows of scores to means over runs: what is averaged first, what is counted, what is tested."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from score_rows import OF_INPUT, OF_LAYER, only

from layerscope.errors import StudyError
from layerscope.statistics.estimates import holm
from layerscope.statistics.flags import flag, hardly_learnt, p_above_chance
from layerscope.statistics.pairs import final_accuracy, score_pairs
from layerscope.statistics.runs import per_run, with_input_joined
from layerscope.statistics.select import select
from layerscope.statistics.summaries import paired_tests, summarise, with_correction
from layerscope.store import SCORE_TABLE_COLUMNS

ROW = OF_LAYER
DEAD = "dead filter: answers to no observation"


def table(*rows):
    """Score rows: each names what differs from ROW."""
    return pd.DataFrame([{**ROW, **row} for row in rows], columns=list(SCORE_TABLE_COLUMNS))


def with_flags(scores):
    """The rows with the networks flagged that learnt hardly anything."""
    return flag(scores, hardly_learnt(scores, ["accuracy"]))


# The input


def test_the_input_belongs_to_every_network_of_its_dataset():
    scores = table(
        {**OF_INPUT, "value": 0.7},
        *({"architecture": name, "seed": seed} for name in ("mlp", "cnn") for seed in (0.0, 1.0)),
        {"dataset": "other", "seed": 0.0},
    )
    joined = with_input_joined(scores)
    of_input = joined[joined["state"] == "input"]
    assert sorted(zip(of_input["architecture"], of_input["seed"], strict=True)) == [
        ("cnn", 0),
        ("cnn", 1),
        ("mlp", 0),
        ("mlp", 1),
    ]
    assert set(of_input["value"]) == {0.7}
    assert set(of_input["dataset"]) == {"digits"}
    assert (joined["state"] != "input").sum() == 5
    assert list(joined.columns) == list(SCORE_TABLE_COLUMNS)


def test_all_rows_of_the_input_are_joined():
    scores = table(*({**OF_INPUT, "space": "tsne", "embedding_seed": float(seed)} for seed in range(3)), {"space": "tsne"})
    joined = with_input_joined(scores)
    assert sorted(joined.loc[joined["state"] == "input", "embedding_seed"]) == [0, 1, 2]


def test_the_input_is_joined_only_where_a_network_is_scored_itself():
    scores = table({**OF_INPUT, "space": "tsne"}, {**OF_INPUT, "space": "raw"}, {"space": "raw"})
    joined = with_input_joined(scores)
    assert list(joined.loc[joined["state"] == "input", "space"]) == ["raw"]


def test_a_table_without_input_stays_as_it_is():
    scores = table({"seed": 0.0}, {"seed": 1.0})
    pd.testing.assert_frame_equal(with_input_joined(scores), scores, check_dtype=False)


# One row a run


def test_embedding_seeds_are_averaged_first_and_their_spread_stands_apart():
    scores = table(*({"space": "tsne", "embedding_seed": float(i), "value": value} for i, value in enumerate([0.1, 0.4, 0.7])))
    row = only(per_run(scores))
    assert row["value"] == pytest.approx(0.4)
    assert row["embedding_sd"] == pytest.approx(0.3)
    summary = only(summarise(per_run(scores)))
    assert (summary["n_runs"], summary["mean"]) == (1, pytest.approx(0.4))
    assert np.isnan(summary["sd"])
    assert summary["embedding_sd"] == pytest.approx(0.3)


def test_embedding_seeds_do_not_count_as_runs():
    """Two runs of three embeddings: the spread over runs is that of the two means."""
    scores = table(
        *({"seed": 0.0, "space": "tsne", "embedding_seed": float(i), "value": value} for i, value in enumerate([1, 2, 3])),
        *({"seed": 1.0, "space": "tsne", "embedding_seed": float(i), "value": value} for i, value in enumerate([4, 5, 9])),
    )
    summary = only(summarise(per_run(scores)))
    assert (summary["n_runs"], summary["mean"], summary["sd"]) == (2, 4, pytest.approx(np.std([2, 6], ddof=1)))
    assert summary["embedding_sd"] == pytest.approx((1 + np.std([4, 5, 9], ddof=1)) / 2)


def test_draws_are_averaged_within_a_run_and_are_no_runs():
    """Two networks through the same two draws, of two embeddings each: the spread over runs is that of their means."""
    values = np.array([[[1.0, 3.0], [5.0, 9.0]], [[2.0, 2.0], [8.0, 8.0]]])
    runs = per_run(
        table(
            *(
                {"seed": float(seed), "space": "tsne", "draw": draw + 1, "embedding_seed": float(embedding), "value": value}
                for (seed, draw, embedding), value in np.ndenumerate(values)
            )
        )
    )
    assert list(runs["value"]) == [4.5, 5.0]
    assert list(runs["draws"]) == [2, 2]
    assert list(runs["draw_sd"]) == [pytest.approx(np.std([2, 7], ddof=1)), pytest.approx(np.std([2, 8], ddof=1))]
    assert list(runs["embeddings"]) == [4, 4]
    assert list(runs["embedding_sd"]) == [pytest.approx(np.sqrt((2 + 8) / 2)), 0]
    summary = only(summarise(runs))
    assert (summary["n_runs"], summary["draws"], summary["mean"]) == (2, 2, 4.75)
    assert summary["sd"] == pytest.approx(np.std([4.5, 5.0], ddof=1))
    assert summary["draw_sd"] == pytest.approx(runs["draw_sd"].mean())


def test_one_draw_has_no_spread_over_draws():
    row = only(per_run(table({"space": "raw"})))
    assert row["draws"] == 1
    assert np.isnan(row["draw_sd"])


def test_all_draws_of_the_input_are_joined_to_a_network():
    scores = table({**OF_INPUT, "draw": 1, "value": 0.2}, {**OF_INPUT, "draw": 2, "value": 0.4}, {"draw": 1}, {"draw": 2})
    of_input = only(per_run(with_input_joined(scores)), state="input")
    assert (of_input["value"], of_input["draws"], of_input["seed"]) == (pytest.approx(0.3), 2, 0)


def test_an_embedding_without_a_value_is_not_counted():
    values = {0.0: 0.2, 1.0: np.nan, 2.0: 0.4}
    row = only(per_run(table(*({"space": "tsne", "embedding_seed": seed, "value": value} for seed, value in values.items()))))
    assert (row["value"], row["embeddings"], row["embedding_sd"]) == (pytest.approx(0.3), 2, pytest.approx(0.1 * np.sqrt(2)))


def test_one_embedding_has_no_spread():
    assert np.isnan(only(per_run(table({"space": "tsne", "embedding_seed": 0.0})))["embedding_sd"])


def test_filters_are_averaged_with_and_without_dead_ones():
    scores = table(
        {"filter": "0", "value": 0.2},
        {"filter": "1", "value": 0.4},
        {"filter": "2", "value": 0.9, "degenerate": DEAD},
    )
    runs = per_run(scores)
    assert only(runs, filter="mean")["value"] == pytest.approx(0.5)
    assert only(runs, filter="mean_without_degenerate")["value"] == pytest.approx(0.3)
    assert len(runs) == 5


def test_the_living_filters_of_a_flagged_network_are_averaged_as_others_are():
    near = "near_chance: test accuracy 0.120"
    scores = table(
        {"filter": "0", "value": 0.2, "degenerate": near}, {"filter": "1", "value": 0.9, "degenerate": f"{DEAD}; {near}"}
    )
    living = only(per_run(scores), filter="mean_without_degenerate")
    assert (living["value"], living["degenerate"]) == (0.2, near)


def test_means_over_filters_count_the_dead_ones():
    scores = table(
        *(
            {"seed": seed, "filter": str(number), "value": 0.5, "degenerate": DEAD if number < dead else ""}
            for seed, dead in ((0.0, 1), (1.0, 2), (2.0, 0))
            for number in range(3)
        )
    )
    runs = per_run(scores)
    assert list(runs.query("filter == 'mean'")["n_degenerate"]) == [1, 2, 0]
    summary = summarise(runs)
    assert dict(zip(summary["filter"], summary["n_degenerate"], strict=True)) == {
        **{"0": 2, "1": 1, "2": 0, "mean": 3, "mean_without_degenerate": 3}
    }


def test_a_dead_filter_without_a_value_leaves_the_mean_to_the_others():
    scores = table({"filter": "0", "value": 0.2}, {"filter": "1", "value": np.nan, "degenerate": DEAD})
    runs = per_run(scores)
    assert only(runs, filter="mean")["value"] == pytest.approx(0.2)
    assert only(runs, filter="mean_without_degenerate")["value"] == pytest.approx(0.2)


def test_a_layer_of_dead_filters_has_no_mean_without_them():
    scores = table(*({"filter": str(i), "value": 0.1, "degenerate": DEAD} for i in range(3)))
    runs = per_run(scores)
    assert only(runs, filter="mean")["value"] == pytest.approx(0.1)
    assert "mean_without_degenerate" not in set(runs["filter"])


def test_filters_of_different_layers_and_networks_are_not_mixed():
    scores = table(
        *(
            {"layer": layer, "seed": seed, "filter": str(number), "value": 10 * seed + depth + number}
            for depth, layer in enumerate(["conv1", "conv2"])
            for seed in (0.0, 1.0)
            for number in (0, 2)
        )
    )
    means = per_run(scores).query("filter == 'mean'")
    assert sorted(means["value"]) == [1, 2, 11, 12]


def test_whole_layers_are_not_part_of_the_mean_over_filters():
    runs = per_run(table({"value": 9.0}, {"filter": "0", "value": 1.0}, {"filter": "1", "value": 2.0}))
    assert only(runs, filter="mean")["value"] == 1.5
    assert only(runs, filter="")["value"] == 9


def test_a_flag_on_any_embedding_seed_flags_the_run():
    scores = table(
        {"space": "tsne", "embedding_seed": 0.0, "degenerate": ""},
        {"space": "tsne", "embedding_seed": 1.0, "value": np.nan, "degenerate": "not finite"},
    )
    assert only(per_run(scores))["degenerate"] == "not finite"


# Means over runs


def test_means_and_intervals_over_runs():
    values = [0.2, 0.3, 0.7]
    found = only(summarise(per_run(table(*({"seed": float(i), "value": value} for i, value in enumerate(values))))))
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert (found["n_runs"], found["n_missing"], found["n_degenerate"]) == (3, 0, 0)
    assert (found["interval_low"], found["interval_high"]) == (pytest.approx(low), pytest.approx(high))
    assert (found["chance"], found["n_points"]) == (pytest.approx(0.1), 100)


def test_missing_values_are_counted():
    """A diverged run has no value, and says why."""
    scores = table(
        {"seed": 0.0, "value": 0.2},
        {"seed": 1.0, "value": 0.4},
        {"seed": 2.0, "value": np.nan, "chance": np.nan, "degenerate": "diverged: the loss is not finite"},
    )
    found = only(summarise(per_run(scores)))
    assert (found["n_runs"], found["n_missing"], found["n_degenerate"]) == (2, 1, 1)
    assert found["mean"] == pytest.approx(0.3)
    assert found["mean_without_degenerate"] == pytest.approx(0.3)


def test_all_runs_missing_are_a_row_all_the_same():
    scores = table(*({"seed": float(seed), "value": np.nan, "degenerate": "diverged"} for seed in range(2)))
    found = only(summarise(per_run(scores)))
    assert (found["n_runs"], found["n_missing"]) == (0, 2)
    assert np.isnan(found["mean"])


def test_degenerate_runs_are_in_one_mean_and_not_in_the_other():
    scores = table({"seed": 0.0, "value": 0.2}, {"seed": 1.0, "value": 0.8, "degenerate": DEAD})
    found = only(summarise(per_run(scores)))
    assert (found["mean"], found["mean_without_degenerate"]) == (pytest.approx(0.5), pytest.approx(0.2))
    assert found["n_degenerate"] == 1


def test_the_input_is_one_observation():
    found = only(summarise(per_run(table(OF_INPUT, {}))), state="input")
    assert found["n_runs"] == 1
    assert np.isnan([found["sd"], found["interval_low"], found["interval_high"]]).all()


def test_scores_without_a_depth_keep_their_row():
    scores = table(*({"seed": float(i), "layer": "", "depth": np.nan, "space": "run", "metric": "accuracy"} for i in range(2)))
    assert only(summarise(per_run(scores)))["n_runs"] == 2


# Trained against untrained


def pairs(differences, **keys):
    """A row of each state a seed, so many apart."""
    rows = []
    for seed, difference in enumerate(differences):
        untrained = 0.1 * seed
        rows.append({"seed": float(seed), "state": "untrained", "epoch": 0, "value": untrained, **keys})
        rows.append({"seed": float(seed), "value": untrained + difference, **keys})
    return rows


def test_training_is_tested_by_pairs_of_one_initialisation():
    differences = [0.2, 0.3, 0.7]
    found = only(with_correction(paired_tests(per_run(table(*pairs(differences))))))
    expected = stats.ttest_1samp(differences, 0)
    assert (found["n_runs"], found["difference"]) == (3, pytest.approx(0.4))
    assert found["p"] == pytest.approx(expected.pvalue)
    assert found["interval_low"] == pytest.approx(expected.confidence_interval().low)
    assert found["trained"] - found["untrained"] == pytest.approx(0.4)


def test_holm_corrects_within_one_metric_space_and_dataset():
    strengths = {"hidden1": [0.2, 0.3, 0.7], "hidden2": [0.1, 0.4, 0.2], "output": [0.5, 0.6, 0.5]}
    rows = []
    for space in ("raw", "tsne"):
        for metric in ("hit", "d_same"):
            for dataset in ("digits", "other"):
                for depth, (layer, differences) in enumerate(strengths.items(), start=1):
                    keys = {"space": space, "metric": metric, "dataset": dataset, "layer": layer, "depth": float(depth)}
                    rows += pairs(differences, **keys)
    tests = with_correction(paired_tests(per_run(table(*rows))))
    assert len(tests) == 24
    families = tests.groupby(["metric", "space", "dataset"])
    assert families.ngroups == 8
    for _, family in families:
        np.testing.assert_allclose(family["p_holm"], holm(family["p"].to_numpy()))
        assert family["p_holm"].max() <= 3 * family["p"].max()


def test_architectures_share_a_family():
    rows = pairs([0.2, 0.3, 0.7]) + pairs([0.2, 0.3, 0.7], architecture="cnn")
    tests = with_correction(paired_tests(per_run(table(*rows))))
    assert len(tests) == 2
    np.testing.assert_allclose(tests["p_holm"], 2 * tests["p"])


def test_single_filters_are_not_tested_but_their_means_are():
    rows = [row for number in range(4) for row in pairs([0.2, 0.3, 0.7], filter=str(number))]
    tests = with_correction(paired_tests(per_run(table(*rows))))
    assert sorted(tests["filter"]) == ["mean", "mean_without_degenerate"]
    np.testing.assert_allclose(tests["difference"], 0.4)


def test_the_input_and_snapshots_between_are_not_tested():
    rows = [*pairs([0.2, 0.3, 0.7]), OF_INPUT, {"state": "intermediate", "epoch": 2, "value": 9.0}]
    found = only(with_correction(paired_tests(per_run(with_input_joined(table(*rows))))))
    assert (found["layer"], found["difference"]) == ("hidden1", pytest.approx(0.4))


def test_a_run_without_its_counterpart_leaves_the_test():
    rows = [*pairs([0.2, 0.3, 0.7]), {"seed": 3.0, "state": "untrained", "epoch": 0, "value": 5.0}]
    found = only(with_correction(paired_tests(per_run(table(*rows)))))
    assert (found["n_runs"], found["difference"]) == (3, pytest.approx(0.4))


def test_both_means_beside_a_difference_are_those_of_the_tested_pairs():
    """A diverged run has an untrained value and no trained one: the three numbers must belong together."""
    rows = [
        *pairs([0.2, 0.3, 0.7]),
        {"seed": 3.0, "state": "untrained", "epoch": 0, "value": 5.0},
        {"seed": 3.0, "value": np.nan, "degenerate": "diverged"},
    ]
    found = only(with_correction(paired_tests(per_run(table(*rows)))))
    assert found["trained"] - found["untrained"] == pytest.approx(found["difference"])


def test_scores_of_networks_as_such_are_tested_too():
    rows = pairs([0.2, 0.3, 0.7], layer="", depth=np.nan, space="run", metric="accuracy")
    assert only(with_correction(paired_tests(per_run(table(*rows)))))["n_runs"] == 3


def test_networks_that_were_never_trained_give_an_empty_table_with_its_columns():
    tests = with_correction(paired_tests(per_run(table({"state": "intermediate"}))))
    assert len(tests) == 0
    assert {"metric", "space", "dataset", "difference", "p", "p_holm"} <= set(tests.columns)


def test_one_run_is_no_test():
    found = only(with_correction(paired_tests(per_run(table(*pairs([0.2]))))))
    assert (found["n_runs"], found["difference"]) == (1, pytest.approx(0.2))
    assert np.isnan([found["p"], found["p_holm"], found["interval_low"]]).all()


# Networks that learnt hardly anything


def accuracies(value, **keys):
    """What a network has on 1,000 test observations, beside a score of one of its layers."""
    of_network = {"space": "run", "sample": "test", "metric": "accuracy", "layer": "", "depth": np.nan, "n_points": 1000}
    return [{**of_network, "value": value, **keys}, keys]


# 527 of 1,000 is the first number that the exact test tells from 500; with 100 classes half of 1,000 is far above chance.
@pytest.mark.parametrize(
    ("value", "chance", "expected"),
    [
        (0.526, 0.5, "near_chance: test accuracy 0.526 of 1000 is not above chance 0.500 (p 0.053)"),
        (0.527, 0.5, "learnt_little: test accuracy 0.527 is below 0.550, chance 0.500"),
        (0.549, 0.5, "learnt_little: test accuracy 0.549 is below 0.550, chance 0.500"),
        (0.61, 0.5, ""),
        (0.1, 0.1, "near_chance: test accuracy 0.100 of 1000 is not above chance 0.100 (p 0.52)"),
        (0.189, 0.1, "learnt_little: test accuracy 0.189 is below 0.190, chance 0.100"),
        (0.191, 0.1, ""),
        (0.019, 0.01, "learnt_little: test accuracy 0.019 is below 0.020, chance 0.010"),
        (0.021, 0.01, ""),
        (np.nan, 0.1, ""),
    ],
)
def test_networks_that_learnt_hardly_anything_are_flagged_in_all_their_scores(value, chance, expected):
    found = with_flags(table(*accuracies(value, chance=chance)))
    assert list(found["degenerate"]) == [expected, expected]


def test_an_accuracy_is_compared_with_chance_by_the_exact_test_of_scipy():
    right, n, chance = np.array([0, 12, 520, 530, 700]), np.array([30, 30, 1000, 1000, 1000]), np.array([0.4, 0.4, 0.5, 0.5, 0.5])
    expected = [
        stats.binomtest(int(k), int(of), c, alternative="greater").pvalue for k, of, c in zip(right, n, chance, strict=True)
    ]
    np.testing.assert_allclose(p_above_chance(pd.Series(right / n), pd.Series(n), pd.Series(chance)), expected)


def test_networks_that_guess_are_told_from_chance_once_in_twenty():
    right = np.random.default_rng(0).binomial(1000, 0.5, 4000)
    found = p_above_chance(pd.Series(right / 1000), pd.Series(np.full(4000, 1000)), pd.Series(np.full(4000, 0.5)))
    assert 0.03 < (found < 0.05).mean() < 0.055


def test_the_fresh_network_and_other_networks_are_not_flagged():
    fresh = accuracies(0.1, epoch=0, state="untrained")
    other = accuracies(0.9, seed=1.0)
    found = with_flags(table(*fresh, *other, *accuracies(0.1)))
    assert list(found["degenerate"] != "") == [False, False, False, False, True, True]


def test_a_flag_is_added_to_the_reason_that_is_there():
    found = with_flags(table(*accuracies(0.1, degenerate="no variance")))
    assert {reason.split(" of ")[0] for reason in found["degenerate"]} == {"no variance; near_chance: test accuracy 0.100"}


def test_means_are_given_with_and_without_networks_near_chance():
    scores = table(*accuracies(0.1), *accuracies(0.9, seed=1.0))
    scores.loc[scores["metric"] == "hit", "value"] = [0.2, 0.8]
    row = only(summarise(per_run(with_flags(scores))), metric="hit")
    assert (row["mean"], row["mean_without_degenerate"], row["n_degenerate"]) == (0.5, 0.8, 1)


def test_layer_means_over_filters_keep_what_is_said_of_their_network():
    # What is said of a single filter is its own.
    rows = [{"filter": "0", "degenerate": DEAD}, {"filter": "1"}, *accuracies(0.1)[:1]]
    mean = only(per_run(with_flags(table(*rows))), filter="mean")
    assert mean["degenerate"].startswith("near_chance: test accuracy 0.100 of 1000 ")


# Scores of networks beside scores of layers


def test_the_last_layer_is_the_deepest_of_each_network():
    rows = table(
        OF_INPUT,
        *({"architecture": "deep", "layer": f"hidden{depth}", "depth": float(depth)} for depth in (1, 2, 3)),
        {"architecture": "flat"},
    )
    found = select(rows, {"layer": "last"})
    assert list(zip(found["architecture"], found["layer"], strict=True)) == [("deep", "hidden3"), ("flat", "hidden1")]
    assert len(select(rows, {"layer": ["last", "hidden2"]})) == 3


def test_pairs_of_scores_are_of_one_network_each():
    rows = [row for seed in (0.0, 1.0) for row in accuracies(0.8 + seed / 10, seed=seed)]
    for row in rows[1::2]:
        row["value"] = 0.3 + row["seed"]
    rows += accuracies(0.1, seed=0.0, epoch=0, state="untrained")
    rows[-1]["value"] = 0.5
    found = score_pairs(per_run(table(*rows)), "hit", "accuracy", {"layer": "last"})
    assert list(found["seed"]) == [0, 1]
    assert list(found["value"]) == [0.3, 1.3]
    assert list(found["against"]) == [0.8, 0.9]
    assert list(final_accuracy(table(*rows), ["accuracy"])["accuracy"]) == [0.8, 0.9]


def test_scores_of_the_layers_of_a_network_as_such_are_of_the_layer_that_is_asked_for():
    about = {"metric": "saturation", "space": "run", "sample": "test"}
    rows = [{**about, "layer": f"hidden{depth}", "depth": float(depth), "value": float(depth)} for depth in (1, 2)]
    found = score_pairs(per_run(table(*rows, *accuracies(0.9)[:1])), "saturation", "accuracy", {"layer": "last"})
    assert list(found["value"]) == [2.0]


def test_scores_of_several_spaces_are_no_pair():
    rows = [*accuracies(0.9), {"space": "tsne"}]
    with pytest.raises(StudyError, match="hit is chosen in several samples or spaces"):
        score_pairs(per_run(table(*rows)), "hit", "accuracy", {})


def test_the_last_layer_is_that_of_each_score():
    """Saturation reaches to the output, neighbours of the hidden layers only: both have a last layer."""
    rows = frame(
        *({**OF_LAYER, "metric": "saturation", "layer": layer, "depth": depth} for layer, depth in LAYERS_OF_SATURATION),
        *({**OF_LAYER, "metric": "hit", "layer": layer, "depth": depth} for layer, depth in LAYERS_OF_SATURATION[:-1]),
    )
    found = select(rows, {"layer": "last"})
    assert dict(zip(found["metric"], found["layer"], strict=True)) == {"saturation": "output", "hit": "hidden2"}


def test_the_first_and_last_epochs_are_those_of_each_score():
    rows = frame(
        *({**OF_LAYER, "metric": "loss", "epoch": epoch} for epoch in range(6)),
        *({**OF_LAYER, "metric": "hit", "epoch": epoch} for epoch in (2, 4)),
    )
    for named, epochs in (("first", {"loss": 0, "hit": 2}), ("last", {"loss": 5, "hit": 4})):
        found = select(rows, {"epoch": named})
        assert dict(zip(found["metric"], found["epoch"], strict=True)) == epochs


def test_paired_tests_have_a_last_layer_too():
    """They are over seeds, and have no seed of their own."""
    rows = pd.DataFrame(
        {"dataset": "d", "architecture": "a", "activation": "relu", "layer": ["hidden1", "output"], "depth": [1.0, 2.0]}
    ).assign(metric="hit", space="raw", state="trained")
    assert list(select(rows, {"layer": "last"})["layer"]) == ["output"]


LAYERS_OF_SATURATION = [("hidden1", 1.0), ("hidden2", 2.0), ("output", 3.0)]


def frame(*rows):
    return pd.DataFrame(list(rows))


def test_tests_have_a_last_layer_too():
    """A test is over all seeds and states: it has neither column."""
    rows = [row for depth in (1, 2) for row in pairs([0.1, 0.2], layer=f"hidden{depth}", depth=float(depth))]
    tests = with_correction(paired_tests(per_run(table(*rows))))
    assert list(select(tests, {"layer": "last"})["layer"]) == ["hidden2"]
