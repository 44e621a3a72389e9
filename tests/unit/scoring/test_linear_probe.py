"""A logistic regression reads the classes off a layer."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from layerscope.scoring.linear_probe import SEED, score
from layerscope.scoring.shared.linear_classifier import linear_classifier, unconverged_allowed
from layerscope.scoring.shared.row_space import RowSpace
from layerscope.scoring.shared.score_input import Representation, ScoreInput


def probe(points, labels, **options):
    scored = ScoreInput(Representation(points, labels), points, "raw")
    return score(scored, {"probe": ("linear_probe", options)})["probe"]


def blobs(n, width, distance):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, n)
    points = generator.normal(size=(n, width)) + distance * generator.normal(size=(3, width))[labels]
    return points.astype(np.float32), labels


def test_separate_classes_are_read_without_error():
    assert probe(*blobs(200, 10, distance=10)).value == 1


def test_labels_that_say_nothing_are_read_at_chance():
    points, _ = blobs(600, 10, distance=1)
    labels = np.random.default_rng(7).choice(2, size=600, p=[0.3, 0.7])
    found = probe(points, labels)
    assert found.chance == np.bincount(labels).max() / 600
    assert found.value == pytest.approx(found.chance, abs=0.03)


def test_the_scale_and_offset_of_a_feature_do_not_matter():
    points, labels = blobs(300, 8, distance=0.5)
    moved = points * 2.0 ** np.arange(-4, 4, dtype=np.float32) + np.float32(8)
    assert probe(moved, labels).value == pytest.approx(probe(points, labels).value, abs=0.01)


def test_dead_units_and_separable_classes_give_no_warning():
    points, labels = blobs(200, 10, distance=10)
    points[:, :5] = 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert probe(points, labels).value == 1
        assert probe(np.zeros_like(points), labels).value == pytest.approx(np.bincount(labels).max() / 200, abs=0.02)


def test_it_is_the_fit_itself_and_not_one_that_stopped_on_its_way():
    """Few rows of many columns that go together, as in a layer: a tolerance of 1e-3 misses the accuracy by 0.006 here."""
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 10, 500)
    points = generator.normal(size=(500, 40)) + 0.7 * generator.normal(size=(10, 40))[labels]
    points = np.maximum(points @ generator.normal(size=(40, 300)), 0).astype(np.float32)
    right = []
    for learned, held in StratifiedKFold(5, shuffle=True, random_state=SEED).split(points, labels):
        scaler = StandardScaler().fit(points[learned].astype(np.float64))
        fit = LogisticRegression(C=1.0, tol=1e-9, max_iter=20_000).fit(scaler.transform(points[learned]), labels[learned])
        right.append((fit.predict(scaler.transform(points[held])) == labels[held]).mean())
    assert probe(points, labels).value == pytest.approx(np.mean(right), abs=1e-12)


def test_of_more_features_than_observations_it_is_the_same_fit():
    """Weights of a penalised fit lie in the space of the rows, so nothing is lost where only that is looked at."""
    points, labels = blobs(80, 400, distance=0.3)
    learned, held = np.arange(60), np.arange(60, 80)
    scaler = StandardScaler().fit(points[learned].astype(np.float64))
    whole = LogisticRegression(C=1.0, tol=1e-9, max_iter=20_000).fit(scaler.transform(points[learned]), labels[learned])
    expected = whole.predict_proba(scaler.transform(points[held]))
    with unconverged_allowed():
        ours = linear_classifier(1.0).fit(points[learned], labels[learned])
    assert ours[-1].coef_.shape == (3, 60)
    assert np.ptp(expected, axis=0).min() > 0.9
    np.testing.assert_allclose(ours.predict_proba(points[held]), expected, atol=1e-3)


def test_a_basis_of_rows_keeps_all_products_of_rows():
    points, _ = blobs(20, 300, distance=1)
    space = RowSpace().fit(points)
    other = np.random.default_rng(1).normal(size=(7, 300)).astype(np.float32)
    coordinates = space.transform(points)
    assert coordinates.shape == (20, 20)
    np.testing.assert_allclose(coordinates @ coordinates.T, points @ points.T, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(space.transform(other) @ coordinates.T, other @ points.T, rtol=1e-4, atol=1e-3)
    few = points[:, :40]
    assert RowSpace().fit(few).transform(few) is few


def test_the_same_layer_gives_the_same_value():
    points, labels = blobs(300, 10, distance=0.3)
    assert probe(points, labels) == probe(points, labels)


def test_more_rows_than_are_used():
    points, labels = blobs(10_500, 2, distance=10)
    found = probe(points, labels, folds=2)
    assert found.value == pytest.approx(1, abs=0.01)
    assert found.chance * 10_000 == pytest.approx(round(found.chance * 10_000))


def test_undefined_values_have_reasons():
    points, labels = blobs(50, 3, distance=1)
    assert probe(points, np.zeros(50, int)).reason == "a single class"
    labels[:] = np.arange(50) % 2
    labels[:3] = 2
    assert probe(points, labels).reason == "a class has 3 members, fewer than the 5 folds"
    assert probe(points, labels, folds=3).reason == ""
    points[0, 0] = np.inf
    assert probe(points, labels, folds=3).reason == "not finite"
