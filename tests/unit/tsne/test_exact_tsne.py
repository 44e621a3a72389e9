"""The exact t-SNE: its objective, its gradient, its promises as an estimator, and what it does with odd input."""

import numba
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from scipy.optimize import check_grad
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE, trustworthiness
from sklearn.utils.estimator_checks import parametrize_with_checks

from layerscope.embedding import ExactTSNE
from layerscope.geometry.pairwise import squared_distance_blocks, three_coordinates
from layerscope.scoring.kl import exact_kl
from layerscope.tsne.affinities import joint_probabilities, perplexity_precisions
from layerscope.tsne.descent import _step, descend
from layerscope.tsne.exact import AllPairs, divergence, forces
from layerscope.tsne.schedule import Schedule


@pytest.fixture(scope="module")
def digits():
    return load_digits().data[:300].astype(np.float32)


def joint_of(points, perplexity=30.0):
    return joint_probabilities(squared_distance_blocks(points), len(points), perplexity)


# Similarities


def test_joint_probabilities_are_those_of_the_precisions(digits):
    precisions, shifts, totals = perplexity_precisions(digits, 30)
    conditional = np.exp(-precisions[:, None] * (cdist(digits, digits, "sqeuclidean") - shifts[:, None])) / totals[:, None]
    np.fill_diagonal(conditional, 0)
    joint = joint_of(digits)
    np.testing.assert_allclose(joint, (conditional + conditional.T) / 600, rtol=1e-5, atol=1e-12)
    assert joint.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(joint, joint.T)


def test_joint_probabilities_equal_scikit_learn(digits):
    from scipy.spatial.distance import squareform
    from sklearn.manifold._t_sne import _joint_probabilities

    squared = cdist(digits, digits, "sqeuclidean").astype(np.float32)
    np.testing.assert_allclose(joint_of(digits), squareform(_joint_probabilities(squared, 30.0, 0)), rtol=2e-3, atol=1e-8)


# Descent


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_the_gradient_is_that_of_the_divergence(digits, dimensions):
    joint = joint_of(digits[:60], 10.0)
    start = np.random.default_rng(0).normal(size=60 * dimensions)

    def value(flat):
        return divergence(joint, flat.reshape(60, dimensions))

    def gradient(flat):
        coordinates = three_coordinates(flat.reshape(60, dimensions))
        attraction, repulsion, affinities = np.empty((3, 60)), np.empty((3, 60)), np.empty(60)
        forces(joint, coordinates.astype(np.float32), attraction, repulsion, affinities)
        return (4 * (attraction - repulsion / affinities.sum()))[:dimensions].T.ravel()

    assert check_grad(value, gradient, start) < 1e-5 * np.sqrt(len(start))


@pytest.mark.parametrize("n", [2, 63, 64, 65, 129, 700])
def test_in_a_plane_the_forces_are_those_of_all_pairs(n):
    """Where blocks and tiles end makes no difference; every pair is visited once, and counts for both of its points."""
    generator = np.random.default_rng(n)
    points = np.vstack([5 * generator.normal(size=(2, n)), np.zeros((1, n))]).astype(np.float32)
    joint = generator.random((n, n)).astype(np.float32)
    joint = (joint + joint.T) / np.float32(n * n)
    np.fill_diagonal(joint, 0)
    attraction, repulsion = np.full((2, 3, n), np.nan)
    normaliser = AllPairs(joint).forces(points, attraction, repulsion)
    differences = points.astype(np.float64)[:, :, None] - points[:, None, :]
    affinities = 1 / (1 + (differences**2).sum(axis=0))
    for found, weights in ((attraction, joint * affinities), (repulsion, affinities**2)):
        expected = (weights * differences).sum(axis=2)
        np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())
    # An affinity to itself, 1, is taken from the float32 sum of each point.
    assert normaliser == pytest.approx(affinities.sum() - n, rel=1e-6, abs=2e-7 * n)


def test_the_first_step_goes_down_the_gradient_about_the_mean():
    generator = np.random.default_rng(0)
    coordinates, attraction, repulsion = generator.normal(size=(3, 3, 20))
    before = coordinates.copy()
    velocity, gains = np.zeros((3, 20)), np.ones((3, 20))
    norm = _step(coordinates, velocity, gains, attraction, repulsion, 5.0, 12.0, 0.5, 0.1)
    gradient = 4 * (12 * attraction - repulsion / 5)
    moved = before - 0.1 * 0.8 * gradient
    np.testing.assert_allclose(coordinates, moved - moved.mean(axis=1, keepdims=True), atol=1e-12)
    assert norm == pytest.approx(np.linalg.norm(gradient))


def test_the_divergence_is_the_exact_kl(digits):
    embedding = np.random.default_rng(0).normal(size=(300, 2))
    assert divergence(joint_of(digits), embedding) == pytest.approx(exact_kl(digits, embedding, 30), rel=1e-6)


def test_the_number_of_threads_changes_no_byte(digits):
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        found = ExactTSNE(max_iter=300, n_jobs=threads, random_state=0).fit(digits)
        results.append((found.embedding_.tobytes(), found.kl_trace_.tobytes()))
    assert results[0] == results[1]


def test_a_descent_that_diverges_stops_and_shows_it(digits):
    joint = joint_of(digits)
    start = np.random.default_rng(0).normal(size=(300, 2))
    found = descend(AllPairs(joint), start, Schedule(12.0, 250, 1000, 1e30, 300, 0.0))
    assert not np.isfinite(found.divergence)
    assert found.iterations < 1000


# Estimator


# Those of scikit-learn's own TSNE that need fewer samples than a perplexity of 30 take one of 2 as well.
@parametrize_with_checks([ExactTSNE(perplexity=2, max_iter=260)])
def test_scikit_learns_checks_of_an_estimator(estimator, check):
    check(estimator)


def test_it_ends_as_low_as_scikit_learn_and_says_so(digits):
    """Local optima differ by some percent: the mean over starts is compared, with the same iterations."""
    ours = [ExactTSNE(init="random", random_state=seed).fit(digits) for seed in range(4)]
    theirs = [TSNE(method="exact", init="random", random_state=seed).fit(digits).kl_divergence_ for seed in range(2)]
    assert np.mean([model.kl_divergence_ for model in ours]) < 1.03 * np.mean(theirs)
    for model in ours:
        assert model.kl_divergence_ == pytest.approx(exact_kl(digits, model.embedding_, 30), rel=1e-5)


def test_neighborhoods_survive(digits):
    found = ExactTSNE(perplexity=15).fit_transform(digits)
    assert found.dtype == np.float32
    assert trustworthiness(digits, found, n_neighbors=5) > 0.97


def test_the_trace_ends_at_the_divergence_and_falls_after_the_exaggeration(digits):
    found = ExactTSNE(max_iter=420).fit(digits)
    iterations, divergences = found.kl_trace_.T
    np.testing.assert_array_equal(iterations, [50, 100, 150, 200, 250, 300, 350, 400, 420])
    assert divergences[-1] == found.kl_divergence_
    assert (np.diff(divergences[5:]) < 0).all()
    assert found.n_iter_ == 420


def test_it_stops_where_asked(digits):
    assert ExactTSNE(min_grad_norm=1e-2, early_exaggeration_iter=0).fit(digits).n_iter_ < 1000
    # So few points reach the optimum to the last digit.
    converged = ExactTSNE(perplexity=3, n_iter_without_progress=0, min_grad_norm=0, max_iter=20_000).fit(digits[:6])
    assert converged.n_iter_ < 20_000


def test_options_have_effects(digits):
    plain = ExactTSNE(max_iter=300, random_state=0).fit(digits)
    for option in ({"early_exaggeration": 4}, {"early_exaggeration_iter": 100}, {"learning_rate": 20.0}, {"perplexity": 5}):
        assert not np.array_equal(ExactTSNE(max_iter=300, random_state=0, **option).fit(digits).embedding_, plain.embedding_)
    assert plain.learning_rate_ == 50
    assert ExactTSNE(max_iter=1, early_exaggeration=1).fit(digits).learning_rate_ == 75


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_every_number_of_components(digits, dimensions):
    found = ExactTSNE(dimensions, max_iter=260).fit(digits)
    assert found.embedding_.shape == (300, dimensions)
    assert (found.embedding_.std(axis=0) > 0.1).all()


def test_metrics(digits):
    euclidean = ExactTSNE(init="random", random_state=0, max_iter=260)
    expected = euclidean.fit_transform(digits)
    distances = cdist(digits, digits)
    given = ExactTSNE(init="random", random_state=0, max_iter=260, metric="precomputed").fit_transform(distances)
    np.testing.assert_allclose(given, expected, atol=1e-2 * expected.std())
    cosine = ExactTSNE(init="random", random_state=0, metric="cosine").fit_transform(digits)
    assert trustworthiness(digits, cosine, metric="cosine") > 0.95


def test_sparse_input_and_frames(digits):
    dense = ExactTSNE(max_iter=260, random_state=0).fit_transform(digits)
    np.testing.assert_array_equal(ExactTSNE(max_iter=260, random_state=0).fit_transform(sparse.csr_matrix(digits)), dense)
    framed = ExactTSNE(max_iter=260).set_output(transform="pandas").fit_transform(pd.DataFrame(digits))
    assert list(framed.columns) == ["exacttsne0", "exacttsne1"]


# Odd input


@pytest.mark.parametrize("init", ["pca", "random"])
def test_points_that_coincide_end_side_by_side(digits, init):
    points = np.vstack([digits[:100], np.repeat(digits[:1], 50, axis=0)])
    found = ExactTSNE(perplexity=10, init=init, random_state=0).fit(points)
    assert found.kl_divergence_ == pytest.approx(exact_kl(points, found.embedding_, 10), rel=1e-4)
    crowd = found.embedding_[[0, *range(100, 150)]]
    assert 0 < crowd.std(axis=0).max() < 0.5 * found.embedding_.std(axis=0).max()


def test_constant_input_is_at_the_origin_with_no_divergence():
    found = ExactTSNE(perplexity=5).fit(np.full((20, 3), 7.0))
    assert (found.embedding_ == 0).all()
    assert found.kl_divergence_ == pytest.approx(0, abs=1e-6)
    assert found.n_iter_ == 0


def test_points_on_a_line_do_not_stay_on_one():
    points = np.random.default_rng(0).normal(size=(100, 1)) @ np.ones((1, 5))
    found = ExactTSNE(perplexity=10, random_state=0).fit(points).embedding_
    assert found.std(axis=0).min() > 0.1


def test_the_perplexity_may_come_close_to_the_number_of_neighbors(digits):
    found = ExactTSNE(perplexity=28.9, random_state=0).fit(digits[:30])
    assert found.kl_divergence_ == pytest.approx(exact_kl(digits[:30], found.embedding_, 28.9), rel=1e-4)
    # From as many as there are on, all neighbours are alike.
    one, other = (ExactTSNE(perplexity=29, init="random", random_state=0).fit(points) for points in (digits[:30], digits[30:60]))
    np.testing.assert_array_equal(one.embedding_, other.embedding_)
    with pytest.raises(ValueError, match=r"perplexity \(30\) must be less than n_samples \(30\)"):
        ExactTSNE(perplexity=30).fit(digits[:30])


@pytest.mark.parametrize(
    ("options", "points", "message"),
    [
        ({}, np.full((50, 3), np.nan), "NaN"),
        ({}, np.zeros((10_001, 1)), r"at most 10,000 points, not 10,001; take a sample, or .*engine: layerscope"),
        ({"metric": "precomputed", "init": "random"}, np.zeros((50, 3)), "square distance matrix"),
        ({"metric": "precomputed", "init": "random"}, -np.ones((50, 50)), "positive distances"),
        ({"metric": lambda a, b: -1.0, "perplexity": 49}, np.zeros((50, 3)), "All distances should be positive"),
        ({"metric": "precomputed"}, np.zeros((50, 50)), 'init="pca" cannot be used with metric="precomputed"'),
        ({"init": np.zeros((3, 2))}, np.zeros((50, 3)), r"shape \(50, 2\), not \(3, 2\)"),
        ({"init": np.full((50, 2), np.nan)}, np.zeros((50, 3)), "init holds NaN"),
        ({"early_exaggeration": 0.9}, np.zeros((50, 3)), "early_exaggeration"),
        ({"n_components": 4}, np.zeros((50, 3)), "n_components == 4, must be <= 3"),
        ({"learning_rate": 0}, np.zeros((50, 3)), "learning_rate == 0, must be > 0"),
        ({"init": "spectral"}, np.zeros((50, 3)), 'init must be "pca", "random" or an array, not \'spectral\''),
        ({"metric": "no such metric"}, np.zeros((50, 3)), "no such metric"),
    ],
)
def test_refusals_name_what_is_wrong(options, points, message):
    with pytest.raises(ValueError, match=message):
        ExactTSNE(**options).fit(points)


@pytest.mark.parametrize(
    "options",
    [{"max_iter": 100.0}, {"perplexity": "30"}, {"learning_rate": "fast"}, {"metric": 3}, {"metric_params": 3}, {"n_jobs": 0.5}],
)
def test_a_parameter_of_another_type_is_named(options):
    [(name, _)] = options.items()
    with pytest.raises(TypeError, match=name):
        ExactTSNE(**options).fit(np.zeros((50, 3)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_torch_tensor_has_the_embedding_of_the_array_with_its_numbers(digits, dtype):
    points = digits[:60].astype(dtype) + np.linspace(0, 1e-9, 60)[:, None].astype(dtype)
    options = {"perplexity": 5, "max_iter": 60, "early_exaggeration_iter": 30, "random_state": 0}
    expected = ExactTSNE(**options).fit_transform(points)
    np.testing.assert_array_equal(ExactTSNE(**options).fit_transform(torch.from_numpy(points)), expected)
