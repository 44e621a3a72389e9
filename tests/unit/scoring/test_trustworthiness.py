"""Neighbours gained and lost by an embedding, by how far they are from being neighbours."""

import numba
import numpy as np
import pytest

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.shared.score_input import Representation, ScoreInput
from layerscope.scoring.trustworthiness import METRICS, score


def scores(activations, points, **options):
    neighbors, _ = nearest_neighbors(activations, min(20, len(activations) - 1))
    scored = ScoreInput(Representation(activations, np.zeros(len(points), int)), points, "embedding", neighbors)
    return score(scored, {metric: (metric, options) for metric in METRICS})


@pytest.fixture
def activations():
    return np.random.default_rng(0).normal(size=(400, 30)).astype(np.float32)


@pytest.mark.parametrize("k", [5, 12])
def test_both_equal_scikit_learn(activations, k):
    from sklearn.manifold import trustworthiness

    embedding = activations[:, :2] + 0.1 * activations[:, 2:4]
    found = scores(activations, embedding, k=k)
    assert found["trustworthiness"].value == pytest.approx(trustworthiness(activations, embedding, n_neighbors=k))
    assert found["continuity"].value == pytest.approx(trustworthiness(embedding, activations, n_neighbors=k))


def test_a_similar_picture_keeps_all_neighbors(activations):
    plane = activations[:, :2]
    found = scores(plane, 5 * plane[:, ::-1] + 3)
    assert {metric: result.value for metric, result in found.items()} == dict.fromkeys(METRICS, 1.0)


def test_points_placed_at_random_score_chance(activations):
    found = scores(activations, np.random.default_rng(9).normal(size=(400, 2)))
    assert found["trustworthiness"].value == pytest.approx(found["trustworthiness"].chance, abs=0.02)
    assert found["trustworthiness"].chance == pytest.approx(0.5, abs=0.02)


def test_chance_is_the_expected_excess_of_a_random_rank():
    n, k = 50, 12
    ranks = np.arange(1, n)
    expected = 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * n * k * np.maximum(ranks - k, 0).mean()
    points = np.random.default_rng(0).normal(size=(n, 2))
    assert scores(points, points)["continuity"].chance == pytest.approx(expected)


def test_ranks_of_points_that_coincide_go_by_index():
    """All coincide: every point's neighbours are the first k in both spaces."""
    found = scores(np.zeros((60, 5), np.float32), np.ones((60, 2)))
    assert found["trustworthiness"].value == 1
    assert found["continuity"].value == 1


def test_ranks_with_duplicates_equal_a_stable_sort():
    generator = np.random.default_rng(0)
    activations = generator.integers(0, 2, size=(60, 3)).astype(np.float32)
    embedding = generator.normal(size=(60, 2))
    neighbors, _ = nearest_neighbors(embedding, 12)
    excess = 0
    for point in range(60):
        squared = ((activations - activations[point]) ** 2).sum(axis=1)
        squared[point] = np.inf
        ranks = np.argsort(np.argsort(squared, kind="stable"), kind="stable") + 1
        excess += np.maximum(ranks[neighbors[point]] - 12, 0).sum()
    expected = 1 - 2 * excess / (60 * 12 * (120 - 36 - 1))
    assert scores(activations, embedding)["trustworthiness"].value == pytest.approx(expected, abs=1e-12)


def test_a_sample_estimates_the_whole(activations):
    embedding = activations[:, :2]
    found = scores(activations, embedding, queries=200)
    for metric in ("trustworthiness", "continuity"):
        assert found[f"{metric}_sampled"].value != found[metric].value
        assert found[f"{metric}_sampled"].value == pytest.approx(found[metric].value, abs=0.02)
    everything = scores(activations, embedding, queries=400)
    assert everything["continuity_sampled"].value == everything["continuity"].value


def test_large_representations_are_sampled():
    points = np.random.default_rng(0).normal(size=(10_001, 2)).astype(np.float32)
    found = scores(points, points, queries=50)
    assert found["trustworthiness"].reason == ("10001 points are too many for trustworthiness, ask for trustworthiness_sampled")
    assert np.isnan(found["continuity"].value)
    assert found["trustworthiness_sampled"].value == 1
    assert found["continuity_sampled"].value == 1


def test_undefined_values_have_reasons(activations):
    points = np.zeros((24, 2), np.float32)
    assert scores(points, points)["continuity"].reason == "k = 12 needs more than 24 points, there are 24"
    found = scores(activations, np.full((400, 2), np.nan))
    assert {result.reason for result in found.values()} == {"the embedding is not finite"}


def test_the_number_of_threads_changes_nothing(activations):
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        results.append(scores(activations, activations[:, :2]))
    assert results[0] == results[1]
