"""Distances within and between classes, over all unordered pairs, relative to the mean of all pairs."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist

from layerscope.scoring.class_distances import METRICS, class_distance_sums, score
from layerscope.scoring.shared.score_input import Representation, ScoreInput


def scores(points, labels):
    scored = ScoreInput(Representation(points, labels), points, "raw")
    return score(scored, {metric: (metric, {}) for metric in METRICS})


def blobs(n, width, classes=4, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    return generator.normal(size=(n, width)) + 2 * generator.normal(size=(classes, width))[labels], labels


@pytest.mark.parametrize("width", [2, 3, 5, 60])
def test_sums_are_those_of_the_distance_matrix(width):
    points, labels = blobs(300, width)
    expected = cdist(points, points) @ np.eye(4)[labels]
    np.testing.assert_allclose(class_distance_sums(points, labels), expected, rtol=1e-12)


def test_sums_keep_their_digits_far_from_the_origin_and_close_together():
    points, labels = blobs(100, 20)
    points[50:] = points[:50] + 1e-6 * points[50:]
    points += 1e4
    expected = cdist(points, points) @ np.eye(4)[labels]
    np.testing.assert_allclose(class_distance_sums(points, labels), expected, rtol=1e-9)
    assert class_distance_sums(np.full((9, 20), 0.1), np.zeros(9, dtype=int)).max() == 0


@pytest.mark.parametrize("width", [2, 30])
def test_pairs_are_averaged_by_whether_their_classes_agree(width):
    points, labels = blobs(200, width)
    distances = pdist(points)
    same = pdist(labels[:, None]) == 0
    found = scores(points, labels)
    assert found["d_same"].value == pytest.approx(distances[same].mean() / distances.mean(), rel=1e-12)
    assert found["d_different"].value == pytest.approx(distances[~same].mean() / distances.mean(), rel=1e-12)
    assert found["d_same"].chance == found["d_different"].chance == 1


@pytest.mark.parametrize("width", [2, 30])
def test_centroids_are_averaged_over_classes_and_over_pairs_of_classes(width):
    points, labels = blobs(200, width)
    centroids = np.array([points[labels == label].mean(axis=0) for label in range(4)])
    within = [np.linalg.norm(points[labels == label] - centroids[label], axis=1).mean() for label in range(4)]
    found = scores(points, labels)
    assert found["c_same"].value == pytest.approx(np.mean(within) / pdist(points).mean(), rel=1e-12)
    assert found["c_different"].value == pytest.approx(pdist(centroids).mean() / pdist(points).mean(), rel=1e-12)


def test_two_pairs_worked_out_by_hand():
    points = np.array([[0.0, 0], [0, 2], [4, 0], [4, 2]])
    found = scores(points, np.array([3, 3, 8, 8]))
    mean = (2 + 2 + 4 + 4 + 2 * np.sqrt(20)) / 6
    assert found["d_same"].value == pytest.approx(2 / mean)
    assert found["c_same"].value == pytest.approx(1 / mean)
    assert found["c_different"].value == pytest.approx(4 / mean)


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 60), st.sampled_from([2, 12]), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_same_and_different_pairs_average_to_one(n, width, classes, seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    same_share = (pdist(labels[:, None]) == 0).mean()
    if 0 < same_share < 1:
        found = scores(generator.normal(size=(n, width)), labels)
        total = same_share * found["d_same"].value + (1 - same_share) * found["d_different"].value
        assert total == pytest.approx(1, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([2, 12]), st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_order_motion_and_scale_do_not_matter(width, seed, scale):
    points, labels = blobs(50, width, seed=seed)
    generator = np.random.default_rng(seed)
    rotation = np.linalg.qr(generator.normal(size=(width, width)))[0]
    order = generator.permutation(50)
    moved = scale * (points @ rotation + generator.normal(size=width))[order]
    before, after = scores(points, labels), scores(moved, labels[order])
    for metric in METRICS:
        assert after[metric].value == pytest.approx(before[metric].value, abs=1e-9)


@pytest.mark.parametrize("width", [2, 30])
def test_silhouette_equals_scikit_learn(width):
    from sklearn.metrics import silhouette_score

    points, labels = blobs(200, width)
    labels[0] = 99
    assert scores(points, labels)["silhouette"].value == pytest.approx(silhouette_score(points, labels), abs=1e-12)


def test_labels_that_say_nothing_score_about_their_chance():
    points, _ = blobs(2000, 2)
    labels = np.random.default_rng(5).integers(0, 4, 2000)
    for metric, found in scores(points, labels).items():
        assert found.value == pytest.approx(found.chance, abs=0.03), metric


def test_points_that_all_coincide_have_no_relative_distances():
    labels = np.arange(60) % 3
    for width in (2, 30):
        found = scores(np.full((60, width), 0.1), labels)
        for metric in ("d_same", "d_different", "c_same", "c_different"):
            assert np.isnan(found[metric].value)
            assert found[metric].reason == "all points coincide"
        assert found["silhouette"].value == 0


def test_a_single_class_has_no_different_pairs():
    points, _ = blobs(30, 2)
    found = scores(points, np.zeros(30, dtype=int))
    assert found["d_same"].value == pytest.approx(1)
    for metric in ("d_different", "c_different", "silhouette"):
        assert np.isnan(found[metric].value)
        assert found[metric].reason == "a single class"


def test_classes_of_one_member_have_no_same_pairs():
    points, _ = blobs(30, 2)
    found = scores(points, np.arange(30))
    assert np.isnan(found["d_same"].value)
    assert found["d_different"].value == pytest.approx(1)
    assert found["c_same"].value == 0


def test_a_diverged_network_gives_reasons():
    assert {found.reason for found in scores(np.full((5, 2), np.nan), np.arange(5) % 2).values()} == {"not finite"}


@pytest.mark.parametrize("width", [2, 30])
def test_the_number_of_threads_changes_no_byte(width):
    points, labels = blobs(300, width)
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        results.append((class_distance_sums(points, labels).tobytes(), scores(points, labels)))
    assert results[0] == results[1]
