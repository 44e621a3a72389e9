"""Scores that read more than one representation: against formulas, scikit-learn, and cases with known values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

import layerscope
from layerscope.errors import StudyError
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring import neighbors_changed, probes, self_duality
from layerscope.scoring.by_observation import neighbors_changed as changed_by_observation
from layerscope.scoring.by_observation import probes as told_by_observation
from layerscope.scoring.shared.beside_input import BesideInput, Fitted, LinearMap
from layerscope.scoring.shared.score_input import Predicted, Representation, Score

CLASSES, WIDTH = 4, 6


def scored(points, labels, **beside):
    points = np.asarray(points, np.float32)
    return BesideInput(Representation(points, labels), points, "raw", **beside)


# NC3


def duality(points, labels, weights, bias=None, predicted=None) -> Score:
    last = LinearMap(np.asarray(weights, np.float32), np.zeros(len(weights), np.float32) if bias is None else bias)
    told = (points @ last.weights.T + last.bias).argmax(axis=1) if predicted is None else predicted
    losses = np.zeros(len(labels), np.float32)
    return self_duality.score(scored(points, labels, last=last, predictions=Predicted(told, losses)), {"nc3": ("nc3", {})})["nc3"]


def clouds(seed=0, spread=0.3):
    generator = np.random.default_rng(seed)
    labels = np.arange(80) % CLASSES
    means = generator.normal(size=(CLASSES, WIDTH))
    return (means[labels] + spread * generator.normal(size=(80, WIDTH))).astype(np.float32), labels


def test_weights_in_the_direction_of_the_class_means_are_at_0_and_in_the_opposite_one_at_4():
    points, labels = clouds()
    means = np.stack([points[labels == label].mean(axis=0) for label in range(CLASSES)])
    centred = means - means.mean(axis=0)
    assert duality(points, labels, 7 * centred).value == pytest.approx(0, abs=1e-6)
    assert duality(points, labels, -0.1 * centred).value == pytest.approx(4, abs=1e-6)


def test_weights_that_have_nothing_in_common_with_the_means_are_at_2():
    labels = np.arange(40) % 2
    points = np.zeros((40, 4), np.float32)
    points[:, 0] = np.where(labels, 1.0, -1.0)
    assert duality(points, labels, [[0, 1, 0, 0], [0, 0, 1, 0]]).value == pytest.approx(2)
    drawn = [duality(*clouds(seed), np.random.default_rng(seed + 99).normal(size=(CLASSES, WIDTH))).value for seed in range(60)]
    assert np.mean(drawn) == pytest.approx(self_duality.CHANCE, abs=0.15)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_it_is_the_formula_of_papyan_et_al(seed):
    """‖W^T/‖W‖_F - M/‖M‖_F‖²_F, the columns of M the class means about their mean."""
    points, labels = clouds(seed)
    weights = np.random.default_rng(seed).normal(size=(CLASSES, WIDTH)).astype(np.float32)
    columns = np.array([points[labels == label].astype(float).mean(axis=0) for label in range(CLASSES)]).T
    columns = columns - columns.mean(axis=1, keepdims=True)
    wanted = np.linalg.norm(weights.T / np.linalg.norm(weights) - columns / np.linalg.norm(columns), "fro") ** 2
    assert duality(points, labels, weights).value == pytest.approx(wanted, rel=1e-5)


def test_other_layers_and_networks_without_such_weights_have_none_with_the_reason():
    points, labels = clouds()
    weights = np.random.default_rng(0).normal(size=(CLASSES, WIDTH))
    told = (points @ weights.T).argmax(axis=1)
    other = duality(points[:, ::-1].copy(), labels, weights, predicted=told)
    assert np.isnan(other.value)
    assert other.reason == "not the layer that the last one reads: its weights give other predictions from it"
    assert (
        duality(points[:, :3], labels, weights, predicted=told).reason
        == "not the layer that the last one reads: 3 numbers, not 6"
    )
    given_ones = scored(points, labels, no_last="the activations are given, and no weights")
    found = self_duality.score(given_ones, {"nc3": ("nc3", {})})["nc3"]
    assert (np.isnan(found.value), found.reason) == (True, "the activations are given, and no weights")


def test_classes_that_no_observation_has_and_means_that_are_one_have_no_value():
    points, labels = clouds()
    weights = np.random.default_rng(0).normal(size=(CLASSES, WIDTH))
    few = labels < 3
    assert duality(points[few], labels[few], weights).reason == "3 of 4 classes are among the observations"
    assert duality(np.ones_like(points), labels, weights).reason == "all class means, or all weights, are equal"
    assert duality(np.where(np.arange(80)[:, None] == 3, np.nan, points), labels, weights).reason == "not finite"


# Probes


def two_samples(seed=0):
    generator = np.random.default_rng(seed)
    labels, others = generator.integers(0, 3, 90), generator.integers(0, 3, 120)
    means = generator.normal(size=(3, 5))
    points, fitted = (means[of] + generator.normal(size=(len(of), 5)) for of in (labels, others))
    return points.astype(np.float32), labels, fitted.astype(np.float32), others


@pytest.mark.parametrize(
    ("metric", "options", "model"),
    [
        ("linear_probe_held_out", {"C": 0.5}, lambda: LogisticRegression(C=0.5, tol=1e-8, max_iter=10_000)),
        ("knn_probe_held_out", {"k": 7}, lambda: KNeighborsClassifier(7)),
    ],
)
def test_a_probe_is_fitted_on_one_sample_and_scored_on_the_other_as_by_scikit_learn(metric, options, model):
    points, labels, fitted, others = two_samples()
    given_input = scored(points, labels, fitted={"fit": Fitted(fitted, others)})
    options = {**options, "fitted_on": "fit"}
    found = probes.score(given_input, {"it": (metric, options)})["it"]
    scaler = StandardScaler().fit(fitted) if metric.startswith("linear") else StandardScaler(with_mean=False, with_std=False)
    wanted = model().fit(scaler.fit_transform(fitted), others).predict(scaler.transform(points)) == labels
    assert found.value == pytest.approx(wanted.mean(), abs=0.012)
    assert found.chance == (labels == np.bincount(others).argmax()).mean()
    of_each = told_by_observation.by_observation(given_input, metric, options)
    assert of_each.mean() == found.value
    if metric.startswith("knn"):
        assert (of_each == wanted).all()


def test_what_a_probe_learnt_by_heart_does_not_help_it_elsewhere():
    """Labels that say nothing: a nearest neighbour is right on what it was fitted on, and at chance on others."""
    generator = np.random.default_rng(0)
    points, labels = generator.normal(size=(400, 3)), generator.integers(0, 2, 400)
    own = scored(points, labels, fitted={"fit": Fitted(points.astype(np.float32), labels)})
    other = scored(points, labels, fitted={"fit": Fitted(generator.normal(size=(400, 3)), generator.integers(0, 2, 400))})
    asked = {"it": ("knn_probe_held_out", {"k": 1, "fitted_on": "fit"})}
    assert probes.score(own, asked)["it"].value == 1
    assert probes.score(other, asked)["it"].value == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda points, labels: (points, np.zeros_like(labels)), "a single class to fit on"),
        (lambda points, labels: (np.full_like(points, np.nan), labels), "not finite"),
        (lambda points, labels: (points[:5], labels[:5]), "7 neighbours asked for among 5 points"),
    ],
)
def test_what_nothing_can_be_fitted_on_gives_the_reason(change, reason):
    points, labels, fitted, others = two_samples()
    found = probes.score(
        scored(points, labels, fitted={"fit": Fitted(*change(fitted, others))}),
        {"it": ("knn_probe_held_out", {"k": 7, "fitted_on": "fit"})},
    )["it"]
    assert (np.isnan(found.value), found.reason) == (True, reason)


# Neighbours from layer to layer


def graph(points, k):
    return nearest_neighbors(np.asarray(points, np.float32), k)[0]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), k=st.integers(1, 20))
def test_the_share_of_neighbours_that_change_is_that_of_two_sets(seed, k):
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=(2, 50, 3))
    one = scored(second, None, neighbors=graph(second, 30), earlier={"layer": graph(first, 30)})
    found = neighbors_changed.score(one, {"it": ("neighbors_changed", {"k": k})})["it"]
    sets = [[{*row[:k].tolist()} for row in graph(points, 30)] for points in (first, second)]
    wanted = [1 - len(a & b) / k for a, b in zip(*sets, strict=True)]
    of_each = changed_by_observation.by_observation(one, "neighbors_changed", {"k": k, "since": "layer"})
    np.testing.assert_allclose(of_each, wanted, atol=1e-12)
    assert found.value == pytest.approx(np.mean(wanted))
    assert found.chance == pytest.approx(1 - k / 49)


def test_a_rotation_changes_no_neighbour_and_unrelated_layers_change_as_many_as_chance_has():
    points = np.random.default_rng(0).normal(size=(300, 4))
    turned = points @ block_diag([[0.6, -0.8], [0.8, 0.6]], np.eye(2))
    asked = {"it": ("neighbors_changed", {"k": 10})}
    same = scored(turned, None, neighbors=graph(turned, 10), earlier={"layer": graph(points, 10)})
    assert neighbors_changed.score(same, asked)["it"].value == pytest.approx(0, abs=0.002)
    other = np.random.default_rng(1).normal(size=(300, 4))
    apart = scored(other, None, neighbors=graph(other, 10), earlier={"layer": graph(points, 10)})
    found = neighbors_changed.score(apart, asked)["it"]
    assert found.value == pytest.approx(found.chance, abs=0.01)


def test_a_dead_layer_has_no_neighbours_that_could_change():
    """All points are as near: which of them are called nearest is their order."""
    dead, points = np.full((50, 3), 0.1), np.random.default_rng(0).normal(size=(50, 3))
    one = scored(dead, None, neighbors=graph(dead, 10), earlier={"layer": graph(points, 10)})
    found = neighbors_changed.score(one, {"it": ("neighbors_changed", {"k": 10})})["it"]
    assert (np.isnan(found.value), found.reason) == (True, "no variance")


def test_a_layer_without_one_before_it_has_no_value():
    points = np.random.default_rng(0).normal(size=(50, 3))
    first = scored(points, None, neighbors=graph(points, 10))
    found = neighbors_changed.score(first, {"it": ("neighbors_changed", {"k": 10, "since": "input"})})["it"]
    assert (np.isnan(found.value), found.reason) == (True, "the input is not looked at")


@pytest.mark.parametrize("name", ["nc3", "neighbors_changed"])
def test_plain_arrays_have_nothing_beside_them(name):
    with pytest.raises(StudyError, match=f"'{name}' reads more than one layer"):
        layerscope.score(np.zeros((9, 2)), np.arange(9) % 2, [name])
