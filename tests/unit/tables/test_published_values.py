"""Published numbers of single networks beside measured ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from score_rows import OF_INPUT, OF_LAYER, written

from layerscope import store
from layerscope.errors import StudyError
from layerscope.store.reads import Reads
from layerscope.tables.published_values import rows

HIT = {
    "figure": "fig1",
    "dataset": "digits",
    "architecture": "mlp",
    "sample": "look",
    "embedding": "raw",
    "layer": "hidden1",
    "state": "trained",
    "metric": "hit",
    "value": 0.6,
}
ACCURACY = {**HIT, "embedding": "run", "layer": "", "metric": "accuracy", "value": 0.9}
OF_NETWORK = {"space": "run", "layer": "", "depth": np.nan, "metric": "accuracy"}


@pytest.fixture
def compare(tmp_path):
    """The table that is made of published lines and rows of scores."""

    def table(published, scores, **options):
        pd.DataFrame(published, columns=list(store.PUBLISHED_VALUE_COLUMNS)).to_csv(tmp_path / "published.csv", index=False)
        told = {"metrics": {metric: {"range": [0, 1], "higher_is_better": True} for metric in ("hit", "accuracy")}}
        files = written(tmp_path, scores)
        return rows(Reads(score_table=files["score_table"], published=[str(tmp_path / "published.csv")]), told | options)

    return table


def runs(values, **keys):
    return [{**OF_LAYER, "seed": float(seed), "value": value, **keys} for seed, value in enumerate(values)]


def draws(values, **keys):
    """values: (networks, draws), one embedding each."""
    return [
        {**OF_LAYER, "seed": float(seed), "draw": draw + 1, "value": value, **keys}
        for (seed, draw), value in np.ndenumerate(np.asarray(values))
    ]


def test_a_number_stands_beside_the_mean_and_spread_over_networks(compare):
    [line] = compare([HIT], runs([0.5, 0.6, 0.7])).to_dict("records")
    assert (line["published"], line["measured"], line["network sd"], line["sample sd"]) == ("0.6000", "0.6000", "0.1000", "-")
    assert (line["networks"], line["draws"], line["inside"]) == (3, 1, "yes")


@pytest.mark.parametrize("reason", ["near_chance: test accuracy 0.1", "learnt_little: test accuracy 0.2", "not_accepted: 0.7"])
def test_networks_that_learnt_nothing_are_no_counterpart(compare, reason):
    flagged = [{**row, "degenerate": reason} if row["seed"] == 3 else row for row in runs([0.5, 0.6, 0.7, 0.1])]
    [line] = compare([HIT], flagged).to_dict("records")
    assert (line["measured"], line["networks"]) == ("0.6000", 3)


def test_without_draws_the_interval_is_that_of_one_more_network(compare):
    """t √(s² (1 + 1/n)), with n - 1 degrees of freedom."""
    [line] = compare([HIT], runs([0.59, 0.6, 0.61])).to_dict("records")
    assert line["allowed"] == f"{stats.t.ppf(0.975, 2) * 0.01 * np.sqrt(1 + 1 / 3):.4f}"


def test_which_observations_were_drawn_is_part_of_the_spread(compare):
    """Networks are as one, but samples are not: 0.64 is what another sample may have."""
    shifts = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    published = [{**HIT, "value": 0.64}]
    [without] = compare(published, runs([0.599, 0.600, 0.601])).to_dict("records")
    [line] = compare(published, draws(0.6 + shifts + np.array([[-0.001], [0.0], [0.001]]))).to_dict("records")
    assert (without["inside"], line["inside"]) == ("no", "yes")
    assert (line["networks"], line["draws"], line["measured"]) == (3, 5, "0.6000")
    assert (line["sample sd"], line["network sd"]) == (f"{shifts.std(ddof=1):.4f}", "0.0010")
    # Samples have nearly all of the variance, so their four degrees of freedom are those of the interval.
    of_samples = stats.t.ppf(0.975, 4) * shifts.std(ddof=1) * np.sqrt(1 + 1 / 5)
    assert float(line["allowed"]) == pytest.approx(of_samples, rel=0.01)


def test_draws_of_the_input_are_what_a_published_embedding_of_it_is_judged_by(compare):
    of_input = {**HIT, "architecture": "", "layer": "input", "state": "input", "value": 0.43}
    measured = [*runs([0.5, 0.7]), *draws([[0.38, 0.4, 0.42]], **OF_INPUT)]
    [line] = compare([of_input], measured).to_dict("records")
    assert (line["networks"], line["draws"], line["sample sd"], line["inside"]) == (1, 3, "0.0200", "yes")


def test_an_interval_in_which_also_chance_is_says_nothing(compare):
    [line] = compare([{**HIT, "value": 0.5}], draws(np.array([[0.2, 0.5, 0.9]] * 3))).to_dict("records")
    assert line["inside"] == "says nothing"


def test_a_number_further_away_than_one_more_run_would_be_is_outside(compare):
    [line] = compare([{**HIT, "value": 0.99}], runs([0.5, 0.51, 0.52])).to_dict("records")
    assert (line["difference"], line["inside"]) == ("-0.4800", "no")


def test_one_run_has_no_verdict(compare):
    [line] = compare([HIT], runs([0.5])).to_dict("records")
    assert (line["network sd"], line["inside"]) == ("-", "")


def test_a_column_that_is_empty_is_not_asked_for(compare):
    measured = [*runs([0.5, 0.7]), *runs([0.8, 0.9], **OF_NETWORK)]
    table = compare([HIT, ACCURACY], measured)
    assert list(table["score"]) == ["hit", "accuracy"]
    assert list(table["measured"]) == ["0.6000", "0.8500"]


def test_the_input_is_one_observation_for_all_networks(compare):
    of_input = {**HIT, "architecture": "", "layer": "input", "state": "input"}
    [line] = compare([of_input], [*runs([0.5, 0.7]), {**OF_LAYER, **OF_INPUT, "value": 0.4}]).to_dict("records")
    assert (line["measured"], line["networks"], line["inside"]) == ("0.4000", 1, "")


def test_a_number_that_the_study_does_not_measure_is_named(compare):
    with pytest.raises(StudyError, match=r"fig1 publishes hit of .*layer hidden9, .* which the study does not score"):
        compare([{**HIT, "layer": "hidden9"}], runs([0.5]))


def test_several_networks_of_a_seed_are_refused(compare):
    with pytest.raises(StudyError, match="several hit of each run"):
        compare([{**HIT, "architecture": ""}], [*runs([0.5]), *runs([0.6], architecture="cnn")])


def test_every_shipped_table_of_published_numbers_can_be_read():
    for name in store.published_names():
        source = store.published_file(name)
        read = store.read_published_values if name == "rauber" else store.read_published
        assert len(read(source))


def test_a_table_of_other_columns_is_refused(tmp_path):
    (tmp_path / "p.csv").write_text("figure,value\nfig1,0.5\n")
    with pytest.raises(StudyError, match="has the columns figure, value; "):
        store.read_published_values(tmp_path / "p.csv")
