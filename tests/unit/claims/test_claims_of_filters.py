"""Claims about single filters: their mean in a run, beside the input where it is named and without it where it is not."""

import numpy as np
import pandas as pd
import pytest
from judged import judge
from scipy import stats
from score_rows import OF_CONVOLUTION, OF_INPUT, OF_LAYER, UNTRAINED

from layerscope.statistics.runs import per_run, with_input_joined
from layerscope.store import SCORE_TABLE_COLUMNS

ROW = {**OF_LAYER, **OF_CONVOLUTION, "dataset": "mnist"}
WORSE_THAN_INPUT = {"between": {"layer": ["conv1", "input"]}, "expect": "positive"}
BETTER_BY_TRAINING = {"between": {"state": ["trained", "untrained"]}, "expect": "negative"}


def filters(of_runs, **keys):
    """Scores of the filters 0, 1, ... of networks of seeds 0, 1, ...: one list of values a network."""
    return [
        {**ROW, "seed": float(seed), "filter": str(number), "value": value, **keys}
        for seed, values in enumerate(of_runs)
        for number, value in enumerate(values)
    ]


def of_input(value):
    return [{**ROW, **OF_INPUT, "value": value}]


def judged(scores, on=None, **claim):
    claim = {"text": "It is so.", "source": "this study", "statistic": "difference", "score": "d_same", **claim}
    claim["on"] = {"embedding": "tsne", "filter": [0, 1], **(on or {})}
    return judge("c", claim, per_run(with_input_joined(pd.DataFrame(scores, columns=list(SCORE_TABLE_COLUMNS)))))


# Beside the input


def test_the_mean_of_the_filters_of_a_run_stands_beside_the_input():
    found = judged(filters([[0.5, 0.7], [0.6, 0.6], [0.7, 0.8]]) + of_input(0.4), **WORSE_THAN_INPUT)
    differences = [0.2, 0.2, 0.35]
    assert (found["n"], found["estimate"]) == (3, pytest.approx(np.mean(differences)))
    expected = stats.ttest_1samp(differences, 0)
    assert found["interval_low"] == pytest.approx(expected.confidence_interval().low)
    assert found["verdict"] == "supported"


def test_the_error_that_all_networks_share_is_told():
    """The input is embedded once, and joined to every network."""
    scores = filters([[0.5, 0.7], [0.6, 0.6], [0.7, 0.8]]) + of_input(0.4)
    told = "the embedding of the input is one for all networks: its error is in no interval"
    assert judged(scores, **WORSE_THAN_INPUT)["note"] == told
    in_layers = [{**row, "space": "raw", "embedding_seed": np.nan} for row in scores]
    assert judged(in_layers, {"embedding": "raw"}, **WORSE_THAN_INPUT)["note"] == ""


def test_parts_of_a_study_with_an_embedding_of_the_input_each_are_told():
    """As runs.parquet has them: joined to every network."""
    scores = filters([[0.5, 0.7], [0.6, 0.6], [0.7, 0.8]]) + of_input(0.4)
    runs = per_run(with_input_joined(pd.DataFrame(scores, columns=list(SCORE_TABLE_COLUMNS))))
    elsewhere = (runs["state"] == "input") & (runs["seed"] == 2)
    claim = {"text": "It is so.", "source": "this study", "statistic": "difference", "score": "d_same", **WORSE_THAN_INPUT}
    claim["on"] = {"embedding": "tsne", "filter": [0, 1]}
    found = judge("c", claim, runs.assign(value=runs["value"].where(~elsewhere, 0.41)))
    assert found["note"] == "all networks share 2 embeddings of the input: their error is in no interval"


def test_a_network_without_a_living_filter_is_left_out_and_counted():
    scores = filters([[0.5], [0.6], [0.7], [9.0]]) + of_input(0.4)
    scores[3]["degenerate"] = "dead filter: answers to no observation"
    found = judged(scores, {"filter": 0}, filters="living", **WORSE_THAN_INPUT)
    assert (found["n"], found["estimate"]) == (3, pytest.approx(0.2))
    assert found["note"].startswith("1 network without a number left out")


def test_only_the_filters_that_are_named_are_averaged():
    found = judged(filters([[0.5, 0.7, 99.0], [0.6, 0.8, -99.0]]) + of_input(0.4), **WORSE_THAN_INPUT)
    assert found["estimate"] == pytest.approx(0.25)


def test_one_filter_can_be_named_alone():
    found = judged(filters([[0.5, 0.7], [0.6, 0.8]]) + of_input(0.4), {"filter": 1}, **WORSE_THAN_INPUT)
    assert found["estimate"] == pytest.approx(0.35)


def test_the_whole_layer_is_none_of_its_filters():
    whole = [{**ROW, "seed": float(seed), "value": 99.0} for seed in range(2)]
    found = judged(filters([[0.5, 0.7], [0.6, 0.8]]) + whole + of_input(0.4), **WORSE_THAN_INPUT)
    assert found["estimate"] == pytest.approx(0.25)


def test_filters_are_compared_in_the_state_that_is_named_beside_the_input():
    scores = filters([[0.5, 0.7], [0.6, 0.8]]) + filters([[99.0, 99.0]] * 2, **UNTRAINED) + of_input(0.4)
    found = judged(scores, {"state": ["input", "trained"]}, **WORSE_THAN_INPUT)
    assert (found["n"], found["estimate"]) == (2, pytest.approx(0.25))


def test_filters_of_other_layers_are_not_compared_with_the_input():
    scores = filters([[0.5, 0.7], [0.6, 0.8]]) + filters([[99.0, 99.0]] * 2, layer="conv2", depth=2.0) + of_input(0.4)
    assert judged(scores, **WORSE_THAN_INPUT)["estimate"] == pytest.approx(0.25)


def test_a_filter_without_a_value_leaves_the_mean_of_its_run_to_the_others():
    found = judged(filters([[0.5, np.nan], [0.6, 0.8]]) + of_input(0.4), **WORSE_THAN_INPUT)
    assert (found["n"], found["estimate"]) == (2, pytest.approx(0.2))


def test_a_network_that_diverged_counts_for_nothing():
    found = judged(filters([[0.5, 0.7], [0.6, 0.8], [np.nan, np.nan]]) + of_input(0.4), **WORSE_THAN_INPUT)
    assert (found["n"], found["estimate"]) == (2, pytest.approx(0.25))


def test_runs_are_counted_and_not_filters():
    """Twelve filters of three networks are three observations, whether they agree among themselves or not."""
    found = judged(filters([[0.5] * 4, [0.6] * 4, [0.4] * 4]) + of_input(0.4), {"filter": [0, 1, 2, 3]}, **WORSE_THAN_INPUT)
    assert found["n"] == 3


def test_shares_of_runs_compare_filters_with_the_input_too():
    scores = filters([[0.5, 0.7], [0.3, 0.4], [0.6, 0.6]]) + of_input(0.4)
    claim = {"statistic": "fraction", "between": {"layer": ["conv1", "input"]}, "holds": "positive", "expect": {"above": 0.5}}
    assert judged(scores, **claim)["estimate"] == pytest.approx(2 / 3)


def test_an_order_of_layers_can_start_at_the_input():
    scores = filters([[0.5, 0.7], [0.6, 0.7], [0.7, 0.7]])
    scores += filters([[0.8, 1.0], [0.9, 1.0], [1.0, 1.1]], layer="conv2", depth=2.0) + of_input(0.1)
    found = judged(scores, statistic="order", along={"layer": ["input", "conv1", "conv2"]}, expect="positive")
    assert (found["n"], found["verdict"]) == (3, "supported")
    assert found["estimate"] == pytest.approx(np.mean([0.3, 0.3, 0.35]))


# Without the input


def test_filters_are_compared_without_the_input_where_it_is_not_named():
    """An input far away from all of them changes nothing."""
    scores = filters([[0.3, 0.5], [0.4, 0.4]]) + filters([[0.5, 0.9], [0.6, 0.7]], **UNTRAINED)
    for more in ([], of_input(0.4), of_input(99.0)):
        found = judged(scores + more, **BETTER_BY_TRAINING)
        assert (found["n"], found["estimate"]) == (2, pytest.approx(-0.275))


def test_the_input_is_at_no_epoch_of_the_filters():
    """The input, joined to every network, has epoch 0: it would be averaged with filters of the fresh network."""
    scores = filters([[0.3, 0.5], [0.4, 0.4]]) + filters([[0.5, 0.9], [0.6, 0.7]], **UNTRAINED) + of_input(99.0)
    found = judged(scores, between={"epoch": [5, 0]}, expect="negative")
    assert found["estimate"] == pytest.approx(-0.275)


def test_correlations_of_filters_with_depth_are_those_of_their_layers():
    """Numbers of filters choose no input, which has none."""
    scores = filters([[0.5, 0.6], [0.5, 0.6]]) + filters([[0.8, 0.7], [0.8, 0.7]], layer="conv2", depth=2.0) + of_input(99.0)
    found = judged(scores, statistic="spearman", along="depth", expect="positive")
    assert found["estimate"] == pytest.approx(stats.spearmanr([1, 1, 2, 2], [0.5, 0.6, 0.8, 0.7]).statistic)


def test_a_claim_about_filters_that_are_not_there_is_undecided():
    found = judged(filters([[0.5, 0.7], [0.6, 0.8]]) + of_input(0.4), {"filter": [7, 8]}, **WORSE_THAN_INPUT)
    assert (found["n"], found["verdict"]) == (0, "undecided")


# Dead filters


def with_dead(of_runs, **keys):
    """Filters of which the last one of every network is dead."""
    rows = filters(of_runs, **keys)
    last = str(len(of_runs[0]) - 1)
    return [{**row, "degenerate": "dead filter: answers to no observation"} if row["filter"] == last else row for row in rows]


def test_a_claim_can_ask_for_living_filters():
    scores = with_dead([[0.3, 0.9], [0.2, 0.9], [0.25, 0.9]]) + filters([[0.5, 0.5]] * 3, **UNTRAINED)
    assert judged(scores, filters="living", **BETTER_BY_TRAINING)["estimate"] == pytest.approx(-0.25)
    assert judged(scores, **BETTER_BY_TRAINING)["estimate"] == pytest.approx(0.575 - 0.5)


def test_a_dead_filter_leaves_no_network_out():
    scores = with_dead([[0.3, 0.9], [0.2, 0.9], [0.25, 0.9]]) + filters([[0.5, 0.5]] * 3, **UNTRAINED)
    assert judged(scores, flagged="leave_out", **BETTER_BY_TRAINING)["n"] == 3
    near = [{**row, "degenerate": "near_chance: test accuracy 0.1"} if row["seed"] == 0 else row for row in scores]
    assert judged(near, flagged="leave_out", **BETTER_BY_TRAINING)["n"] == 2
