"""The objective of t-SNE of any embedding, exact or over nearest neighbours."""

import numba
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.kl import exact_kl, neighbor_kl, score
from layerscope.scoring.shared.score_input import Representation, ScoreInput
from layerscope.tsne.affinities import neighbor_probabilities, perplexity_precisions


@pytest.fixture(scope="module")
def points():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 300)
    return (generator.normal(size=(300, 20)) + 2 * generator.normal(size=(4, 20))[labels]).astype(np.float32)


@pytest.fixture(scope="module")
def embedding():
    return np.random.default_rng(1).normal(size=(300, 2))


def conditional_probabilities(points, perplexity):
    precisions, shifts, totals = perplexity_precisions(points, perplexity)
    squared = cdist(points, points, "sqeuclidean")
    conditional = np.exp(-precisions[:, None] * np.maximum(squared - shifts[:, None], 0)) / totals[:, None]
    np.fill_diagonal(conditional, 0)
    return conditional


def divergence(joint, embedding):
    affinities = 1 / (1 + cdist(embedding, embedding, "sqeuclidean"))
    np.fill_diagonal(affinities, 0)
    positive = joint > 0
    return (joint[positive] * np.log(joint[positive] / (affinities / affinities.sum())[positive])).sum()


@pytest.mark.parametrize("perplexity", [1.5, 30, 250, 298.5])
def test_every_point_has_the_perplexity_asked_for(points, perplexity):
    conditional = conditional_probabilities(points, perplexity)
    np.testing.assert_allclose(conditional.sum(axis=1), 1, atol=1e-9)
    logarithms = np.log(conditional, out=np.zeros_like(conditional), where=conditional > 0)
    np.testing.assert_allclose(np.exp(-(conditional * logarithms).sum(axis=1)), perplexity, rtol=1e-6)


def test_exact_kl_is_the_sum_over_all_pairs(points, embedding):
    conditional = conditional_probabilities(points, 30)
    expected = divergence((conditional + conditional.T) / 600, embedding)
    assert exact_kl(points, embedding, 30) == pytest.approx(expected, rel=1e-9)


def test_exact_kl_equals_scikit_learn_on_its_own_embedding(points):
    from sklearn.manifold import TSNE

    model = TSNE(method="exact", init="pca", perplexity=30, max_iter=750, random_state=0)
    embedding = model.fit_transform(points)
    # scikit-learn reports the objective of the step before the last update.
    assert exact_kl(points, embedding, 30) == pytest.approx(model.kl_divergence_, abs=1e-4)


def test_neighbor_kl_over_all_others_is_the_exact_kl(points, embedding):
    neighbors, _ = nearest_neighbors(points, 299)
    joint = neighbor_probabilities(points, neighbors, 30)
    assert neighbor_kl(joint, embedding) == pytest.approx(exact_kl(points, embedding, 30), rel=1e-6)


def test_neighbor_kl_is_the_sum_over_listed_pairs(points, embedding):
    neighbors, _ = nearest_neighbors(points, 90)
    joint = neighbor_probabilities(points, neighbors, 30)
    assert joint.sum() == pytest.approx(1)
    assert neighbor_kl(joint, embedding) == pytest.approx(divergence(joint.toarray(), embedding), rel=1e-9)


def test_motion_and_order_do_not_matter_but_the_scale_of_the_embedding_does(points, embedding):
    order = np.random.default_rng(2).permutation(300)
    moved = embedding @ np.array([[0.6, -0.8], [0.8, 0.6]]) + 5
    expected = exact_kl(points, embedding)
    assert exact_kl(3 * points[order] + 1, moved[order]) == pytest.approx(expected, rel=1e-5)
    assert exact_kl(points, 3 * embedding) != pytest.approx(expected, rel=1e-2)


def test_points_that_all_coincide_have_even_probabilities():
    points = np.full((50, 20), 0.1, dtype=np.float32)
    np.testing.assert_allclose(conditional_probabilities(points, 10)[0, 1:], 1 / 49)
    assert exact_kl(points, np.zeros((50, 2)), 10) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("gap", [1.0, 1e-20])
def test_more_duplicates_than_the_perplexity_share_the_probability(gap, embedding):
    points = np.repeat(np.array([0.0, gap, 3 * gap], dtype=np.float32), 100)[:, None] * np.ones((1, 20), np.float32)
    conditional = conditional_probabilities(points, 30)
    np.testing.assert_allclose(conditional[0, 1:100], 1 / 99)
    assert conditional[0, 100:].sum() == pytest.approx(0, abs=1e-12)
    assert np.isfinite(exact_kl(points, embedding, 30))


@pytest.mark.parametrize("scale", [1e-15, 1e15])
def test_the_scale_of_the_representation_does_not_matter(points, embedding, scale):
    scaled = exact_kl(points.astype(np.float64) * scale, embedding)
    assert scaled == pytest.approx(exact_kl(points, embedding), rel=1e-8)


def scores(points, embedding, neighbors=None, perplexity=30.0):
    scored = ScoreInput(Representation(points, np.zeros(len(points), int)), embedding, "embedding", neighbors, 0.5)
    asked = {metric: (metric, {"perplexity": perplexity}) for metric in ("kl", "kl_knn")}
    return score(scored, asked | {"engine": ("kl_engine", {})}), scored


def test_embeddings_of_a_representation_share_what_it_needs(points, embedding):
    neighbors, _ = nearest_neighbors(points, 90)
    found, scored = scores(points, embedding, neighbors)
    assert found["kl"].value == exact_kl(points, embedding)
    assert found["kl_knn"].value == neighbor_kl(neighbor_probabilities(points, neighbors, 30), embedding)
    assert found["engine"].value == 0.5
    assert len(scored.representation.computed) == 2
    again = score(ScoreInput(scored.representation, 2 * embedding, "embedding", neighbors), {"kl": ("kl", {})})
    assert again["kl"].value == exact_kl(points, 2 * embedding)


def test_undefined_values_have_reasons(points, embedding):
    found, _ = scores(points, embedding, perplexity=299)
    assert found["kl"].reason == "perplexity 299 does not fit 300 points"
    assert found["kl_knn"].reason == "299 neighbours asked for, 0 are stored"
    found, _ = scores(points, np.full((300, 2), np.nan))
    assert found["kl"].reason == "the embedding is not finite"
    found, _ = scores(np.zeros((10_001, 1), np.float32), np.zeros((10_001, 2)))
    assert np.isnan(found["kl"].value)
    assert "kl_knn" in found["kl"].reason
    silent = score(ScoreInput(Representation(points, points), embedding, "embedding"), {"kl_engine": ("kl_engine", {})})
    assert silent["kl_engine"].reason == "the engine reports none"


def test_the_number_of_threads_changes_no_byte(points, embedding):
    neighbors, _ = nearest_neighbors(points, 90)
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        found, _ = scores(points, embedding, neighbors)
        results.append([part.tobytes() for part in perplexity_precisions(points, 30)] + [found["kl"], found["kl_knn"]])
    assert results[0][:3] == results[1][:3]
    assert [part.value for part in results[0][3:]] == [part.value for part in results[1][3:]]
