"""Scores of every observation: against brute force and other libraries, and their mean against the score of the whole."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.kind_modules import load_kind
from layerscope.scoring.by_observation import classification, displacement, kl, knn
from layerscope.scoring.by_observation import trustworthiness as trust
from layerscope.scoring.shared.beside_input import BesideInput, Fitted
from layerscope.scoring.shared.score_input import NetworkInput, Predicted, Representation, ScoreInput, with_defaults
from layerscope.study.kinds import Kinds

GIVEN = {"perplexity": 10.0, "fitted_on": "fit"}
TOLD = {name: kind for name, kind in Kinds().of("scores").items() if kind.by_observation}


def scene(n=90, width=5, classes=3, seed=0, space="embedding", spread=1.5):
    """Points of overlapping classes, and a plane of them with some noise."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % classes)
    points = (generator.normal(size=(n, width)) * spread + labels[:, None]).astype(np.float32)
    plane = (points[:, :2] + generator.normal(size=(n, 2))).astype(np.float32)
    before = {"epochs": plane + 1, "layers": plane[::-1].copy()}
    neighbors, _ = nearest_neighbors(points, min(60, n - 1))
    told = (Representation(points, labels), points if space == "raw" else plane, space, neighbors)
    if space != "raw":
        return ScoreInput(*told, before=before)
    earlier, _ = nearest_neighbors(points[:, ::2], min(60, n - 1))
    fitted = Fitted((points + generator.normal(size=points.shape)).astype(np.float32), labels)
    return BesideInput(*told, earlier={"layer": earlier}, fitted={"fit": fitted})


def network(n=50, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, n)
    predicted = np.where(generator.random(n) < 0.6, labels, (labels + 1) % 4)
    return NetworkInput(labels, predictions=Predicted(predicted, generator.exponential(size=n).astype(np.float32)))


def options_of(name, **changed):
    return with_defaults(TOLD[name].declared, changed)


def test_the_metrics_that_are_told_of_every_observation_are_these():
    """A module that declared a metric under a wrong name would be found nowhere, without a word."""
    declared = [
        name
        for stem in ("classification", "displacement", "kl", "knn", "neighbors_changed", "probes", "trustworthiness")
        for name in import_module(f"layerscope.scoring.by_observation.{stem}").BY_OBSERVATION
    ]
    assert sorted(TOLD) == sorted(declared)


@pytest.mark.parametrize("name", sorted(TOLD))
@settings(max_examples=8, deadline=None)
@given(n=st.integers(70, 150), classes=st.integers(2, 5), seed=st.integers(0, 99))
def test_the_mean_over_observations_is_the_score_of_the_whole(name, n, classes, seed):
    kind = TOLD[name]
    options = options_of(name, **{key: value for key, value in GIVEN.items() if key in kind.options})
    for space in kind.spaces:
        scored = network(n, seed) if space == "run" else scene(n, classes=classes, seed=seed, space=space)
        whole = load_kind("scoring", kind.stem).score(scored, {name: (name, options)})[name].value
        values = load_kind("scoring.by_observation", kind.stem).by_observation(scored, name, options)
        assert values.shape == (n,)
        assert values.mean() == pytest.approx(whole, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("space", ["raw", "embedding"])
def test_the_neighborhood_hit_of_an_observation_is_the_share_of_its_neighbours_that_are_of_its_class(space):
    scored = scene(space=space)
    found = knn.by_observation(scored, "neighborhood_hit", {"k": 6})
    distances = pairwise_distances(scored.points.astype(float))
    np.fill_diagonal(distances, np.inf)
    labels = scored.labels
    for number, row in enumerate(distances):
        assert found[number] == np.mean(labels[np.argsort(row, kind="stable")[:6]] == labels[number])


def test_the_accuracy_of_neighbours_is_that_of_scikit_learn_for_every_observation():
    scored = scene(space="raw")
    predicted = KNeighborsClassifier(10, algorithm="brute").fit(scored.points, scored.labels).predict(scored.points)
    assert (knn.by_observation(scored, "knn_accuracy", {"k": 10}) == (predicted == scored.labels)).all()
    alone = knn.by_observation(scored, "knn_accuracy_loo", {"k": 10})
    for number in range(len(scored.points)):
        others = np.arange(len(scored.points)) != number
        model = KNeighborsClassifier(10, algorithm="brute").fit(scored.points[others], scored.labels[others])
        assert alone[number] == (model.predict(scored.points[[number]])[0] == scored.labels[number])


def test_the_trustworthiness_of_an_observation_counts_what_its_neighbours_intrude():
    scored, k = scene(), 12
    points, plane, n = scored.representation.activations.astype(float), scored.points.astype(float), len(scored.points)
    of_points, of_plane = (pairwise_distances(one) for one in (points, plane))

    def expected(ranked, listed):
        np.fill_diagonal(ranked, -1)
        np.fill_diagonal(listed, np.inf)
        ranks = np.argsort(np.argsort(ranked, axis=1, kind="stable"), axis=1)
        nearest = np.argsort(listed, axis=1, kind="stable")[:, :k]
        excess = np.maximum(0, np.take_along_axis(ranks, nearest, axis=1) - k).sum(axis=1)
        return 1 - 2 * excess / (k * (2 * n - 3 * k - 1))

    found = trust.by_observation(scored, "trustworthiness", {"k": k})
    np.testing.assert_allclose(found, expected(of_points.copy(), of_plane.copy()), atol=1e-12)
    assert found.mean() == pytest.approx(trustworthiness(points, plane, n_neighbors=k), abs=1e-12)
    reverse = trust.by_observation(scored, "continuity", {"k": k})
    np.testing.assert_allclose(reverse, expected(of_plane.copy(), of_points.copy()), atol=1e-12)


def test_ties_in_rank_go_to_the_lower_index_and_a_point_has_no_rank_itself():
    squared = np.array([[0.0, 4.0, 1.0, 1.0, 0.0]])
    assert trust.ranks_among(squared, np.array([0]), np.array([[4, 2, 3, 1]])).tolist() == [[1, 2, 3, 4]]
    assert trust.ranks_among(squared, np.array([4]), np.array([[0, 2, 3, 1]])).tolist() == [[1, 2, 3, 4]]


def test_the_share_of_an_observation_in_the_divergence_is_that_of_its_row():
    """By the formula of van der Maaten and Hinton (2008), pair by pair, with the perplexity found by bisection."""
    scored, perplexity, n = scene(n=40), 8.0, 40
    squared = pairwise_distances(scored.representation.activations.astype(float)) ** 2
    conditional = np.zeros((n, n))
    for i in range(n):
        others = np.arange(n) != i
        low, high = 0.0, 1e6
        for _ in range(200):
            middle = (low + high) / 2
            weights = np.exp(-middle * (squared[i, others] - squared[i, others].min()))
            weights /= weights.sum()
            entropy = -(weights[weights > 0] * np.log(weights[weights > 0])).sum()
            low, high = (middle, high) if entropy > np.log(perplexity) else (low, middle)
        conditional[i, others] = weights
    p = (conditional + conditional.T) / (2 * n)
    q = 1 / (1 + pairwise_distances(scored.points.astype(float)) ** 2)
    np.fill_diagonal(q, 0)
    q /= q.sum()
    terms = np.zeros((n, n))
    terms[p > 0] = p[p > 0] * np.log(p[p > 0] / q[p > 0])
    found = kl.by_observation(scored, "kl", {"perplexity": perplexity})
    np.testing.assert_allclose(found, n * terms.sum(axis=1), rtol=1e-5, atol=1e-8)


def test_an_observation_is_displaced_by_the_way_from_the_step_before():
    scored = scene()
    np.testing.assert_allclose(displacement.by_observation(scored, "displacement", {"over": "epochs"}), np.sqrt(2), rtol=1e-6)


def test_a_network_is_right_or_wrong_about_an_observation():
    scored = NetworkInput(np.array([0, 1, 1]), predictions=Predicted(np.array([0, 0, 1]), np.array([0.5, 2.0, 0.25], np.float32)))
    assert classification.by_observation(scored, "accuracy", {}).tolist() == [1.0, 0.0, 1.0]
    assert classification.by_observation(scored, "loss", {}).tolist() == [0.5, 2.0, 0.25]
