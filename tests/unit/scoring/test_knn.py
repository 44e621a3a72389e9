"""Votes of the nearest neighbours, and what they come to by chance."""

from itertools import product

import numpy as np
import pytest

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.knn import METRICS, chance_of_votes, majority, score
from layerscope.scoring.shared.score_input import Representation, ScoreInput


def scores(points, labels, space="embedding", neighbors=None, **options):
    scored = ScoreInput(Representation(points, labels), points, space, neighbors)
    return score(scored, {metric: (metric, options) for metric in METRICS})


def blobs(n=500, width=2):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 5, n)
    return (generator.normal(size=(n, width)) + generator.normal(size=(5, width))[labels]).astype(np.float32), labels


@pytest.mark.parametrize("width", [2, 20])
def test_accuracy_with_self_equals_scikit_learn(width):
    from sklearn.neighbors import KNeighborsClassifier

    points, labels = blobs(width=width)
    expected = KNeighborsClassifier(10).fit(points.astype(np.float64), labels).score(points.astype(np.float64), labels)
    assert scores(points, labels)["knn_accuracy"].value == expected


def test_accuracy_without_self_equals_leaving_each_point_out():
    from sklearn.neighbors import KNeighborsClassifier

    points, labels = blobs(120)
    points = points.astype(np.float64)
    hits = 0
    for left_out in range(120):
        others = np.arange(120) != left_out
        model = KNeighborsClassifier(10).fit(points[others], labels[others])
        hits += model.predict(points[[left_out]])[0] == labels[left_out]
    assert scores(points, labels)["knn_accuracy_loo"].value == hits / 120


def test_neighborhood_hit_leaves_the_point_out_by_its_index():
    """Points coincide in pairs: the other of the pair is a neighbour, the point itself is not."""
    points = np.repeat(np.arange(20.0)[:, None] * 10, 2, axis=0)
    assert scores(points, np.arange(40) % 2, k=1)["neighborhood_hit"].value == 0
    assert scores(points, np.arange(40) // 2, k=1)["neighborhood_hit"].value == 1


def test_neighborhood_hit_of_separate_blobs_is_one():
    labels = np.arange(100) % 4
    points = np.random.default_rng(0).normal(size=(100, 2)) + 100 * labels[:, None]
    assert scores(points, labels)["neighborhood_hit"].value == 1


def test_raw_space_reads_the_stored_neighbors():
    points, labels = blobs(width=20)
    stored, _ = nearest_neighbors(points, 15)
    assert scores(points, labels, "raw", stored) == scores(points, labels, "raw")
    too_few = scores(points, labels, "raw", stored[:, :8])
    assert too_few["neighborhood_hit"].reason == ""
    assert too_few["knn_accuracy"].reason == "10 neighbours asked for, 8 are stored"


def test_votes_tie_to_the_lower_class():
    votes = np.array([[2, 1, 1, 2], [3, 3, 0, 0], [4, 4, 4, 0], [5, 4, 3, 2]])
    np.testing.assert_array_equal(majority(votes, 6), [1, 0, 4, 2])


def test_self_is_an_ordinary_candidate_among_points_that_coincide():
    """All points see the same k of lowest index, so all are given one class."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 5000)
    accuracy = scores(np.zeros((5000, 2)), labels)["knn_accuracy"].value
    assert accuracy in np.bincount(labels) / 5000
    assert accuracy == pytest.approx(0.10, abs=0.01)


def test_random_labels_score_what_chance_says():
    generator = np.random.default_rng(0)
    found = scores(generator.normal(size=(5000, 2)), generator.integers(0, 10, 5000))
    assert found["knn_accuracy"].value == pytest.approx(0.277, abs=0.01)
    for metric in METRICS:
        assert found[metric].value == pytest.approx(found[metric].chance, abs=0.012), metric


def test_chance_of_ten_balanced_classes():
    assert chance_of_votes(np.full(10, 0.1), 10, own=True) == pytest.approx(0.2749, abs=1e-4)
    assert chance_of_votes(np.full(10, 0.1), 10, own=False) == pytest.approx(0.1, abs=1e-12)


@pytest.mark.parametrize("own", [True, False])
def test_chance_equals_the_sum_over_all_draws(own):
    shares = np.array([0.2, 0.5, 0.3])
    k = 4
    expected = 0.0
    for point, *drawn in product(range(3), repeat=k if own else k + 1):
        votes = np.bincount([point, *drawn] if own else drawn, minlength=3)
        expected += (votes.argmax() == point) * shares[point] * np.prod(shares[drawn])
    assert chance_of_votes(shares, k, own) == pytest.approx(expected, abs=1e-12)


def test_chance_of_neighborhood_hit_with_the_shares_of_svhn():
    """Class counts of the SVHN test set, digits 0 to 9."""
    sizes = np.array([1744, 5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595])
    labels = np.repeat(np.arange(10), sizes)[::10]
    points = np.random.default_rng(0).normal(size=(len(labels), 2))
    found = scores(points, labels)["neighborhood_hit"]
    assert found.chance == pytest.approx(0.118, abs=0.002)
    assert found.value == pytest.approx(0.118, abs=0.02)


def test_too_few_points_give_a_reason():
    found = scores(np.zeros((8, 2)), np.arange(8) % 2)
    assert np.isnan(found["knn_accuracy"].value)
    assert found["knn_accuracy"].reason == "10 neighbours asked for among 8 points"
    assert found["neighborhood_hit"].reason == ""


def test_a_diverged_embedding_gives_a_reason():
    found = scores(np.full((20, 2), np.nan), np.arange(20) % 2)
    assert {score.reason for score in found.values()} == {"not finite"}
