"""A study with every control: what becomes of the networks, from its file to its verdicts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import finished, planned

from layerscope import results

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("controls")]

STUDY = "controls.yaml"
TEXT = """
study: controls
seeds: 1
datasets: {digits: {source: sklearn, test: 300}}
architectures: {mlp: {family: mlp, hidden: [8]}}
grids:
  - controls: [untrained, shuffled_labels, noise, random_projection]
training: {default: {epochs: 3}}
scores: {neighborhood_hit: {}, accuracy: {}}
figures:
  beside: {kind: score_by_depth, score: neighborhood_hit, controls: [shuffled_labels, noise]}
claims:
  more_than_memory:
    text: Networks gather classes, and not because they memorise.
    statistic: difference
    against: shuffled_labels
    score: neighborhood_hit
    on: {embedding: raw, layer: hidden1}
    expect: positive
"""


def network(control: str) -> dict:
    return {"dataset": "digits", "architecture": f"mlp{control}", "activation": "relu", "seed": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return finished(tmp_path_factory, "study_of_controls", STUDY, TEXT)


@pytest.fixture(scope="module")
def study(folder: Path) -> results.Results:
    return results.open(folder / "results/controls")


def outputs(study: results.Results, control: str, epoch: int, layer: str) -> np.ndarray:
    found = study.representations(network(control), "all_test")
    [array] = [np.array(one.array) for one in found if (one.epoch, one.layer) == (epoch, layer)]
    return array


def test_the_untrained_control_is_the_network_before_its_training(study):
    for layer in ("hidden1", "output"):
        assert np.array_equal(outputs(study, "_untrained", 0, layer), outputs(study, "", 0, layer))


def test_the_random_projection_is_an_affine_map_of_the_input(study):
    [source] = study.representations("digits", "all_test")
    inputs = np.hstack([np.array(source.array).reshape(300, -1), np.ones((300, 1))])
    for layer in ("hidden1", "output"):
        projected = outputs(study, "_random_projection", 0, layer)
        fitted = inputs @ np.linalg.lstsq(inputs, projected, rcond=None)[0]
        assert fitted == pytest.approx(projected, abs=1e-4)


def test_networks_of_shuffled_labels_and_of_noise_know_no_classes(study):
    accuracy = study.runs("accuracy").query("sample == 'test' and state == 'trained'").set_index("control")["value"]
    assert accuracy["none"] > 0.6
    assert accuracy["shuffled_labels"] < 0.35
    assert accuracy["noise"] < 0.35
    history = study.history(network("_noise"))
    assert set(history["split"]) == {"train", "test", "batches"}


def test_controls_are_not_flagged_for_what_they_are_meant_to_be(study):
    networks = study.network_table().set_index("architecture")
    assert set(networks["status"]) == {"ok"}
    assert set(study.runs("neighborhood_hit").query("control == 'noise'")["degenerate"]) == {""}


def test_tests_are_of_the_networks_themselves(study):
    assert set(study.tests()["architecture"]) == {"mlp"}


def test_the_figure_and_the_claim_have_the_controls_that_they_name(folder, study):
    drawn = pd.read_csv(folder / "results/controls/figures/beside.csv")
    assert set(drawn["architecture"]) == {"mlp", "mlp_shuffled_labels", "mlp_noise"}
    hits = (
        study.runs("neighborhood_hit").query("state == 'trained' and space == 'raw' and layer == 'hidden1'").set_index("control")
    )
    [claim] = study.claims().to_dict("records")
    assert claim["estimate"] == pytest.approx(hits["value"]["none"] - hits["value"]["shuffled_labels"])
    assert claim["verdict"] == "undecided"


def test_a_control_less_leaves_the_networks_as_they_are(folder):
    (folder / "fewer.yaml").write_text(TEXT.replace(", noise, random_projection]", "]").replace("[shuffled_labels, noise]", "[]"))
    stale = planned(folder, study="fewer.yaml")
    assert stale == {
        *("Aggregating all scores", "Drawing figure beside", "Judging the claims", "Writing the index"),
    }
