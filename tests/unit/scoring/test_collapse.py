"""Neural collapse: 0 for collapsed classes at equal angles, and the definitions computed another way."""

import numpy as np
import pytest

from layerscope.scoring.collapse import METRICS, score
from layerscope.scoring.shared.score_input import Predicted, Representation, ScoreInput


def scores(points, labels, predicted=None):
    predictions = None if predicted is None else Predicted(predicted, np.zeros(len(points), np.float32))
    scored = ScoreInput(Representation(points, labels), points, "raw", predictions=predictions)
    return score(scored, {metric: (metric, {}) for metric in METRICS})


def blobs(spread, classes=4, width=7, n=400):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, n)
    return generator.normal(size=(classes, width))[labels] + spread * generator.normal(size=(n, width)), labels


def simplex(classes, width):
    """The corners of a regular simplex, turned into a wider space."""
    corners = np.zeros((classes, width))
    corners[:, :classes] = np.eye(classes) - 1 / classes
    return corners @ np.linalg.qr(np.random.default_rng(1).normal(size=(width, width)))[0]


def test_collapsed_classes_at_the_corners_of_a_simplex_score_nothing():
    labels = np.arange(60) % 5
    found = scores(simplex(5, 12)[labels] * 3 + 7, labels, labels)
    assert {name: one.value for name, one in found.items()} == {name: pytest.approx(0, abs=1e-12) for name in METRICS}


def test_variability_is_the_trace_with_the_pseudo_inverse():
    points, labels = blobs(0.5)
    means = np.stack([points[labels == label].mean(axis=0) for label in range(4)])
    within = np.cov((points - means[labels]).T, bias=True)
    between = np.cov(means.T, bias=True)
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / 4
    assert scores(points, labels)["nc1"].value == pytest.approx(expected)


@pytest.mark.parametrize("offset", [0.0, 30.0], ids=["about nothing", "far from nothing"])
def test_directions_that_are_rounding_are_no_part_of_the_variability(offset):
    """Ten float32 outputs of three units: the means of six classes have three directions, and rounding in two more."""
    points, labels = blobs(0.5, classes=6, width=3)
    outputs = (points @ np.random.default_rng(2).normal(size=(3, 10)) + offset).astype(np.float32)
    assert scores(outputs, labels)["nc1"].value == pytest.approx(scores(points, labels)["nc1"].value, rel=1e-3)


def test_a_dead_layer_has_not_collapsed():
    """All points are alike but for rounding of their means."""
    dead = np.full((60, 10), 0.1, dtype=np.float32)
    found = scores(dead, np.arange(60) % 7, np.zeros(60, dtype=np.int64))
    assert all(np.isnan(one.value) for one in found.values())
    assert {one.reason for one in found.values()} == {"a class mean lies on the mean of all"}


def test_variability_grows_with_the_square_of_the_spread():
    ratio = scores(*blobs(0.02))["nc1"].value / scores(*blobs(0.01))["nc1"].value
    assert ratio == pytest.approx(4, rel=0.02)


def test_two_classes_lie_opposite_each_other():
    """Seen from the mean of both, at one distance and an angle of 180 degrees: -1 = -1 / (2 - 1)."""
    points, labels = blobs(0.3, classes=2)
    found = scores(points, labels)
    assert (found["nc2_norms"].value, found["nc2_angles"].value) == (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))


def test_unequal_means_are_told_by_their_norms_and_angles():
    means = np.array([[1.0, 0], [-1.0, 0], [0, 1.0], [0, -1.0]])
    labels = np.arange(40) % 4
    found = scores(means[labels], labels)
    assert found["nc2_norms"].value == pytest.approx(0)
    # Four pairs at right angles, two opposite each other: |0 + 1/3| and |-1 + 1/3|.
    assert found["nc2_angles"].value == pytest.approx((4 / 3 + 2 * 2 / 3) / 6)
    found = scores(means[labels] * np.array([1.0, 3.0]), labels)
    assert found["nc2_norms"].value == pytest.approx(0.5)


def test_decisions_are_held_against_the_nearest_mean():
    points, labels = blobs(0.1)
    predicted = labels.copy()
    predicted[:100] = (predicted[:100] + 1) % 4
    assert scores(points, labels, predicted)["nc4"].value == pytest.approx(0.25)


def test_labels_that_skip_a_class_keep_their_numbers():
    points, labels = blobs(0.1)
    found = scores(points, labels * 2, labels * 2)
    assert found["nc4"].value == 0


def test_what_cannot_collapse_says_why():
    points, labels = blobs(0.1)
    assert scores(points, labels)["nc4"].reason == "no predictions"
    assert {one.reason for one in scores(points, np.zeros_like(labels)).values()} == {"one class only"}
    assert {one.reason for one in scores(np.full_like(points, np.nan), labels).values()} == {"not finite"}
    assert {one.reason for one in scores(np.zeros_like(points), labels).values()} == {"a class mean lies on the mean of all"}
