"""The means of scores over the observations of each class: over networks, each of which counts once."""

import numpy as np
import pandas as pd
import pytest
from figure_files import CLASSES, made
from observation_files import written
from scipy import stats

from layerscope.errors import StudyError
from layerscope.store.reads import Reads
from layerscope.tables.scores_by_class import rows

LABELS = np.repeat([0, 1, 2], [5, 3, 2])


@pytest.fixture
def table(tmp_path):
    """The table of files of scores of observations."""
    data, told = made(tmp_path, LABELS).data, {"hit": {"range": [0, 1]}}

    def made_of(files, **options):
        return rows(Reads(observations=files, data=data), {"scores": ["hit"], "title": "", "metrics": told, **options})

    return made_of


def test_each_class_has_the_mean_over_networks_of_its_own_means_and_their_interval(table, tmp_path):
    values = {seed: np.random.default_rng(seed).random(len(LABELS)) for seed in range(3)}
    found = table([written(tmp_path, LABELS, {("hit", 5, "hidden1", 1): of_one}, seed=seed) for seed, of_one in values.items()])
    assert list(found["class"]) == CLASSES
    assert list(found["observations"]) == [5, 3, 2]
    for label, line in found.iterrows():
        means = [of_one[label == LABELS].mean() for of_one in values.values()]
        low, high = stats.t.interval(0.95, 2, np.mean(means), stats.sem(means))
        wanted = [f"{number:.4f}" for number in (np.mean(means), max(low, 0), min(high, 1))]
        assert [line["mean"], line["interval low"], line["interval high"]] == wanted
        assert (line["networks"], line["layer"], line["state"]) == (3, "layer 1 (hidden1)", "trained")


def test_the_means_of_classes_make_up_the_score_of_the_whole(table, tmp_path):
    values = np.random.default_rng(0).random(len(LABELS))
    found = table([written(tmp_path, LABELS, {("hit", 5, "hidden1", 1): values})])
    weighted = np.average(found["mean"].astype(float), weights=found["observations"])
    assert weighted == pytest.approx(values.mean(), abs=1e-4)


def test_intervals_end_at_the_bounds_of_the_score_unless_an_observation_lies_beyond(table, tmp_path):
    values = {0: np.zeros(10), 1: np.ones(10), 2: np.full(10, 0.5)}
    files = [written(tmp_path, LABELS, {("hit", 5, "hidden1", 1): of_one}, seed=seed) for seed, of_one in values.items()]
    assert {*table(files)["interval low"], *table(files)["interval high"]} == {"0.0000", "1.0000"}
    open_ended = table(files, metrics={"hit": {"range": [0, None]}})
    assert (open_ended["interval high"].astype(float) > 1.5).all()
    beyond = np.where(np.arange(10) == 0, -0.2, 0.0)
    files[0] = written(tmp_path, LABELS, {("hit", 5, "hidden1", 1): beyond}, seed=0)
    assert table(files).set_index("class")["interval low"].to_dict() == {"ant": "-0.2000", "bee": "0.0000", "cat": "0.0000"}


def test_one_network_has_no_interval_and_its_embeddings_are_averaged(table, tmp_path):
    of_seeds = {("hit", 5, "hidden1", 1, 0): np.zeros(10), ("hit", 5, "hidden1", 1, 1): np.ones(10)}
    found = table([written(tmp_path, LABELS, of_seeds, space="tsne")])
    assert set(found["mean"]) == {"0.5000"}
    assert set(found["interval low"]) == {"-"}
    assert set(found["networks"]) == {1}


def test_observations_without_a_value_are_counted_and_left_out_of_the_mean(table, tmp_path):
    values = np.where(np.arange(10) == 0, np.nan, 1.0)
    lost = np.full(10, np.nan)
    files = [written(tmp_path, LABELS, {("hit", 5, "hidden1", 1): one}, seed=seed) for seed, one in enumerate((values, lost))]
    found = table(files).set_index("class")
    assert found.loc["ant", ["mean", "networks", "without value"]].tolist() == ["1.0000", 1, 6]
    assert found.loc["bee", ["mean", "networks", "without value"]].tolist() == ["1.0000", 1, 3]


def test_on_chooses_rows_and_a_choice_of_nothing_is_told(table, tmp_path):
    both = {("hit", 0, "hidden1", 1): np.zeros(10), ("hit", 5, "hidden1", 1): np.ones(10), ("hit", 5, "output", 2): np.ones(10)}
    file = written(tmp_path, LABELS, both)
    found = table([file], on={"state": "trained", "layer": "last", "draw": 1})
    assert set(found["layer"]) == {"layer 2 (output)"}
    assert isinstance(found, pd.DataFrame)
    with pytest.raises(StudyError, match="no scores of observations with classes are left"):
        table([file], on={"layer": "conv1"})
