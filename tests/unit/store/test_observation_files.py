"""Files of scores of observations: what is written is read back in order, in a notebook too."""

import shutil

import numpy as np
import pytest
from figure_files import NETWORK, made
from observation_files import written

from layerscope import results, store
from layerscope.errors import StudyError

LABELS = np.arange(6) % 3
OF_LAYERS = {
    ("kl", 5, "conv2", 2, 1): np.arange(6),
    ("hit", 0, "conv10", 10, 1): np.full(6, np.nan),
    ("hit", 0, "conv2", 2, 1): np.ones(6),
    ("hit", 0, "conv2", 2, 0): np.zeros(6),
}


def test_scores_are_read_by_seed_epoch_depth_and_name(tmp_path):
    file = written(tmp_path, LABELS, OF_LAYERS, space="tsne", index=2 * np.arange(6))
    found = list(store.observation_scores(file))
    assert [(one.embedding_seed, one.epoch, one.layer, one.depth, one.score) for one in found] == [
        (0, 0, "conv2", 2, "hit"),
        (1, 0, "conv2", 2, "hit"),
        (1, 0, "conv10", 10, "hit"),
        (1, 5, "conv2", 2, "kl"),
    ]
    assert np.isnan(found[2].values).all()
    np.testing.assert_array_equal(found[3].values, np.arange(6))
    assert [one.score for one in store.observation_scores(file, ["kl"])] == ["kl"]
    rows, labels = store.read_observations(file)
    assert (rows.tolist(), labels.tolist()) == ([0, 2, 4, 6, 8, 10], LABELS.tolist())


def test_scores_of_a_network_as_such_have_no_layer(tmp_path):
    [one] = store.observation_scores(written(tmp_path, LABELS, {("accuracy", 5, "", 0): np.ones(6)}, space="run"))
    assert (one.layer, one.embedding_seed, one.name) == ("", None, "epoch0005/accuracy")


def test_observations_of_a_regression_have_no_labels(tmp_path):
    targets = store.Targets(["price"], np.arange(6.0)[:, None], np.zeros(1), np.ones(1))
    file = written(tmp_path, LABELS, {("loss", 5, "", 0): np.ones(6)}, space="run", targets=targets)
    assert store.read_observations(file)[1] is None


def test_a_notebook_reads_them_by_space_those_that_read_more_beside_the_others(tmp_path):
    (tmp_path / "data").mkdir()
    folder = tmp_path / "runs/digits/cnn/relu/seed0/look"
    (folder / "observations").mkdir(parents=True)
    _, activations = made(tmp_path, LABELS).activations({"hidden1": np.ones((6, 2), np.float32)})
    shutil.copy(activations, folder / "activations.h5")
    for name, values in {
        "raw": {("hit", 5, "hidden1", 1): np.ones(6)},
        "beside": {("probe", 5, "hidden1", 1): np.zeros(6)},
    }.items():
        shutil.copy(written(tmp_path, LABELS, values, space=name), folder / f"observations/{name}.h5")
    study = results.open(tmp_path)
    assert [one.score for one in study.observations(NETWORK, "look")] == ["hit", "probe"]
    (folder / "observations/raw.h5").unlink()
    assert [one.score for one in study.observations(NETWORK, "look")] == ["probe"]
    with pytest.raises(StudyError, match=r"observations has no 'tsne'; allowed: beside"):
        list(study.observations(NETWORK, "look", "tsne"))
