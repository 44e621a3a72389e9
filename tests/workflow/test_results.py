"""The notebook's door to a finished study."""

from pathlib import Path

import numpy as np
import pytest

from layerscope import results, store
from layerscope.errors import StudyError

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

NETWORK = {"dataset": "digits", "architecture": "mlp", "activation": "relu", "seed": 0}


@pytest.fixture
def study(finished_study: Path) -> results.Results:
    return results.open(finished_study / "results/tiny")


def test_tables_are_frames(study):
    assert NETWORK in study.networks()
    assert len(study.networks()) == 6
    assert set(study.scores("kl")["metric"]) == {"kl"}
    assert set(store.SCORE_TABLE_COLUMNS) == set(study.scores().columns)
    assert set(study.runs("neighborhood_hit")["state"]) == {"input", "untrained", "trained"}
    assert {"mean", "interval_low"} <= set(study.summary().columns)
    assert "p_holm" in study.tests()
    assert list(study.claims()["claim"]) == ["training_helps"]
    assert "layerscope" in study.network_table()["versions"][0]


def test_arrays_are_those_of_the_files(study):
    layers = list(study.representations(NETWORK, "some"))
    assert [(one.epoch, one.layer) for one in layers] == [
        (epoch, layer) for epoch in (0, 2) for layer in ("hidden1", "hidden2", "output")
    ]
    assert layers[0].array.shape == (100, 16)
    assert next(iter(study.representations("digits", "some"))).array.shape == (100, 64)
    [_, (seed, embedded), *_] = study.embeddings(NETWORK, "some", "pca")
    assert (seed, embedded.array.shape) == (0, (100, 2))
    predicted = list(study.predictions(NETWORK, "some"))[-1]
    accuracy = (predicted.classes == study.labels(NETWORK, "some").to_numpy()).mean()
    assert 0.5 < accuracy <= 1
    stored, neighbors = next(study.neighbors(NETWORK, "some"))
    assert neighbors.indices.shape == (100, 15)
    distance = np.linalg.norm(stored.array[0] - stored.array[neighbors.indices[0, 0]])
    assert distance == pytest.approx(neighbors.distances[0, 0], rel=1e-5)
    assert study.history(NETWORK)["epoch"].max() == 2
    assert study.samples(NETWORK) == ["some"]
    cnn = {"dataset": "digits", "architecture": "cnn", "activation": "tanh", "seed": 0}
    assert len(list(study.filters(cnn, "some", "conv1", 2))) == 3


WRONG = {
    "no study": (lambda study: results.open(study.folder / "runs"), "has no results of a study"),
    "no such sample": (lambda study: study.labels(NETWORK, "same"), "looked at through no sample 'same'; did you mean 'some'?"),
    "a key that is missing": (lambda study: study.history({"dataset": "digits"}), "lacks architecture, activation, seed"),
    "no such embedding": (lambda study: study.embeddings(NETWORK, "some", "umap"), "embeddings has no 'umap'; allowed: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_there_is_said(study, case):
    ask, message = WRONG[case]
    with pytest.raises(StudyError) as caught:
        ask(study)
    assert message in str(caught.value)
