"""The interpolated t-SNE: its gradient beside the exact one, its divergence, its bytes, and what it does with odd input."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness
from sklearn.utils.estimator_checks import parametrize_with_checks

from layerscope.embedding import TSNE, ExactTSNE
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.kl import exact_kl, neighbor_kl
from layerscope.tsne.affinities import neighbor_probabilities
from layerscope.tsne.descent import descend
from layerscope.tsne.estimator import fit_with_neighbors
from layerscope.tsne.exact import AllPairs
from layerscope.tsne.grid import FEWEST_NODES, MARGIN, MOST_NODES, ORDER, good_length
from layerscope.tsne.interpolated import Interpolation
from layerscope.tsne.schedule import Schedule

FEW = {"perplexity": 10, "early_exaggeration_iter": 60, "max_iter": 120, "random_state": 0, "method": "interpolated"}


@pytest.fixture(scope="module")
def digits():
    return load_digits().data.astype(np.float32)


def clusters(n, width=20, seed=0):
    """Ten classes of n points in all: float32."""
    generator = np.random.default_rng(seed)
    centres = 2 * generator.normal(size=(10, width))
    return (centres[np.arange(n) % 10] + generator.normal(size=(n, width))).astype(np.float32)


def graph_of(points, perplexity=30.0):
    return neighbor_probabilities(points, nearest_neighbors(points, int(3 * perplexity))[0], perplexity)


def exact_forces(points):
    """Sums over all others of w^2 (y_i - y_j), and of w over all pairs, in double precision, a block of rows at a time."""
    forces, total = np.empty_like(points), 0.0
    for start in range(0, len(points), 500):
        part = points[start : start + 500]
        affinities = 1 / (1 + cdist(part, points, "sqeuclidean"))
        total += affinities.sum()
        squared = affinities**2
        forces[start : start + 500] = squared.sum(axis=1)[:, None] * part - squared @ points
    return forces, total - len(points)


def exact_gradient(joint, points, exaggeration):
    """Of the divergence with P on a graph, in double precision: van der Maaten and Hinton 2008, equation 5."""
    pairs = joint.tocoo()
    differences = points[pairs.row] - points[pairs.col]
    pulls = (pairs.data / (1 + np.square(differences).sum(axis=1)))[:, None] * differences
    attraction = np.stack([np.bincount(pairs.row, pulls[:, axis], len(points)) for axis in (0, 1)], axis=1)
    repulsion, normaliser = exact_forces(points)
    return 4 * (exaggeration * attraction - repulsion / normaliser)


def gradient(objective, points, exaggeration=1.0):
    single, attraction, repulsion = np.zeros((3, len(points)), np.float32), *np.empty((2, 3, len(points)))
    single[: points.shape[1]] = points.T
    normaliser = objective.forces(single, attraction, repulsion)
    return 4 * (exaggeration * attraction - repulsion / normaliser)[: points.shape[1]].T


def relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


# The gradient


@pytest.fixture(scope="module")
def graph():
    return graph_of(clusters(10_000))


@pytest.mark.parametrize(("iterations", "exaggeration"), [(20, 12.0), (250, 12.0), (300, 1.0), (1000, 1.0)])
def test_the_gradient_is_exact_to_a_thousandth_at_every_stage_of_10000_points(graph, iterations, exaggeration):
    """Of the norm of the whole gradient, which is ten times smaller than that of the repulsion in the end."""
    start = 1e-4 * np.random.default_rng(1).normal(size=(10_000, 2))
    schedule = Schedule(12.0, 250, iterations, 10_000 / 48, 1000, 0.0)
    embedded = descend(Interpolation(graph), start, schedule).points.astype(np.float32)
    expected = exact_gradient(graph, embedded.astype(np.float64), exaggeration)
    assert relative(gradient(Interpolation(graph), embedded, exaggeration), expected) < 1e-3


@pytest.mark.parametrize("width", [1e-6, 1e-2, 1.0, 10.0, 60.0, 200.0, 1500.0])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_forces_and_normaliser_of_embeddings_of_every_width(width, dimensions):
    points = np.zeros((3000, 2))
    points[:, :dimensions] = width * np.random.default_rng(0).uniform(size=(3000, dimensions))
    points = points.astype(np.float32).astype(np.float64)
    single, attraction, repulsion = np.zeros((3, 3000), np.float32), *np.empty((2, 3, 3000))
    single[:2] = points.T
    joint = sparse.csr_array(([0.5, 0.5], ([0, 1], [1, 0])), shape=(3000, 3000))
    normaliser = Interpolation(joint).forces(single, attraction, repulsion)
    expected, total = exact_forces(points)
    assert normaliser == pytest.approx(total, rel=1e-4)
    assert relative(repulsion[:2].T, expected) < 1e-4


def test_it_takes_the_steps_of_the_exact_descent(digits):
    """With P over as many neighbours as there are: until rounding has grown, points are the same."""
    points = digits[:200]
    joint = neighbor_probabilities(points, nearest_neighbors(points, 199)[0], 30.0)
    start = 1e-4 * np.random.default_rng(0).normal(size=(200, 2))
    schedule = Schedule(12.0, 10, 20, 20.0, 100, 0.0)
    found = descend(Interpolation(joint), start, schedule)
    expected = descend(AllPairs(joint.toarray().astype(np.float32)), start, schedule)
    assert_allclose(found.points, expected.points, atol=1e-3 * expected.points.std())
    assert found.divergence == pytest.approx(expected.divergence, abs=1e-5)


def test_the_divergence_of_any_points_is_that_of_the_graph(digits):
    joint = graph_of(digits, 10.0)
    points = 30 * np.random.default_rng(0).normal(size=(len(digits), 2)).astype(np.float32)
    found = Interpolation(joint).divergence(np.vstack([points.T, np.zeros(len(points))]).astype(float))
    assert found == pytest.approx(neighbor_kl(joint, points), abs=1e-5)


# The grid


@pytest.mark.parametrize("least", [1, 100, 144, 145, 1000, 4111])
def test_lengths_of_transforms_are_large_enough_and_have_small_factors(least):
    length = good_length(least)
    assert least <= length < 1.15 * max(least, 16)
    for factor in (2, 3, 5):
        while length % factor == 0:
            length //= factor
    assert length == 1


@pytest.mark.parametrize("far", [1e3, 1e5, 1e8])
def test_a_grid_stays_bounded_with_a_far_outlier(far):
    """All others lie in one of its cells then, and are near each other."""
    points = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)
    points[0] = far
    objective = Interpolation(graph_of(points, 5.0))
    found = gradient(objective, points)
    assert max(objective._grid.nodes) <= 1.2 * MOST_NODES + MARGIN
    assert np.isfinite(found).all()
    repulsion = np.empty((3, 2000))
    single = np.zeros((3, 2000), np.float32)
    single[:2] = points.T
    objective.forces(single, np.empty((3, 2000)), repulsion)
    expected, _ = exact_forces(points.astype(np.float64))
    assert relative(repulsion[:2, 1:].T, expected[1:]) < 1e-3


def test_a_small_embedding_has_a_small_grid():
    objective = Interpolation(graph_of(clusters(500), 5.0))
    gradient(objective, 1e-3 * np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32))
    assert max(objective._grid.nodes) < 1.5 * (FEWEST_NODES + ORDER)


# The estimator


# Those of scikit-learn's own TSNE that need fewer samples than a perplexity of 30 take one of 2 as well.
@parametrize_with_checks([TSNE(perplexity=2, max_iter=260), TSNE(method="interpolated", perplexity=2, max_iter=260)])
def test_scikit_learns_checks_of_an_estimator(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def beyond_the_border():
    """Just more points than the exact one takes, and their embedding."""
    points = clusters(10_001, 8)
    return points, TSNE(perplexity=20, early_exaggeration_iter=100, max_iter=300, random_state=0).fit(points)


def test_the_method_changes_above_10000_points(beyond_the_border, digits):
    _, large = beyond_the_border
    assert large.method_ == "interpolated"
    small = TSNE(perplexity=10, max_iter=60, early_exaggeration_iter=30, random_state=0).fit(digits[:100])
    assert small.method_ == "exact"
    exact = ExactTSNE(perplexity=10, max_iter=60, early_exaggeration_iter=30, random_state=0).fit(digits[:100])
    assert_array_equal(small.embedding_, exact.embedding_)


def test_the_divergence_is_that_of_an_independent_evaluation(beyond_the_border, digits):
    """Above 10,000 points with P over the neighbours and Q over all pairs, below with P over all pairs too."""
    points, large = beyond_the_border
    assert large.kl_divergence_ == pytest.approx(neighbor_kl(graph_of(points, 20), large.embedding_), abs=1e-4)
    assert large.kl_trace_[-1, 1] == large.kl_divergence_
    small = TSNE(**FEW).fit(digits[:500])
    assert small.kl_divergence_ == pytest.approx(exact_kl(digits[:500], small.embedding_, 10), abs=1e-4)


def test_it_ends_as_low_as_the_exact_one(digits):
    """Local optima differ by some percent: the mean over starts is compared."""
    found = {
        method: [TSNE(method=method, init="random", random_state=seed).fit(digits[:1000]).kl_divergence_ for seed in range(3)]
        for method in ("exact", "interpolated")
    }
    assert np.mean(found["interpolated"]) < 1.005 * np.mean(found["exact"])


def test_neighborhoods_survive(beyond_the_border):
    points, found = beyond_the_border
    some = np.arange(0, 10_000, 10)
    assert trustworthiness(points[some], found.embedding_[some], n_neighbors=5) > 0.9


def test_threads_and_processes_change_no_byte():
    """At 12,000 points: 1, 2 and 4 threads, each in a process of its own."""
    program = (
        "import hashlib, numpy as np; from layerscope.embedding import TSNE;"
        "g = np.random.default_rng(0); x = g.normal(size=(12000, 5)).astype(np.float32) + 3 * g.integers(0, 4, (12000, 1));"
        "f = TSNE(perplexity=10, early_exaggeration_iter=100, max_iter=400, random_state=0, learning_rate=1000.0).fit(x);"
        "print(hashlib.sha256(f.embedding_.tobytes() + f.kl_trace_.tobytes()).hexdigest(), np.ptp(f.embedding_))"
    )
    found = set()
    for threads in ("1", "2", "4"):
        environment = {**os.environ, "NUMBA_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
        ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        found.add(ended.stdout)
    assert len(found) == 1
    assert float(found.pop().split()[1]) > 30


def test_fewer_threads_in_one_process_change_no_byte(digits):
    one, all_of_them = (TSNE(**FEW, n_jobs=jobs).fit(digits) for jobs in (1, numba.config.NUMBA_NUM_THREADS))
    assert one.embedding_.tobytes() == all_of_them.embedding_.tobytes()


def test_neighbors_that_are_known_need_not_be_searched(digits):
    known = fit_with_neighbors(TSNE(**FEW), digits, nearest_neighbors(digits, 50)[0])
    assert_array_equal(known.embedding_, TSNE(**FEW).fit_transform(digits))


def test_a_torch_tensor_of_doubles_has_the_embedding_of_the_array(digits):
    points = digits[:200].astype(np.float64) + np.linspace(0, 1e-9, 200)[:, None]
    assert_array_equal(TSNE(**FEW).fit_transform(torch.from_numpy(points)), TSNE(**FEW).fit_transform(points))


@pytest.mark.parametrize("metric", ["precomputed", "manhattan"])
def test_metrics(digits, metric):
    points = digits[:300]
    distances = cdist(points, points, "cityblock")
    options = {**FEW, "init": "random", "early_exaggeration_iter": 100, "max_iter": 400}
    found = TSNE(**options, metric=metric).fit_transform(distances if metric == "precomputed" else points)
    assert trustworthiness(points, found, metric="manhattan") > 0.95
    assert_array_equal(TSNE(**options, metric=metric).fit_transform(distances if metric == "precomputed" else points), found)


def test_one_dimension(digits):
    found = TSNE(1, **FEW).fit_transform(digits[:300])
    assert found.shape == (300, 1)
    assert found.std() > 0.1


# Odd input


def duplicates(n=400):
    return np.vstack([clusters(n - 150), np.repeat(clusters(1, seed=1), 150, axis=0)])


def one_far_away(n=400):
    points = clusters(n)
    points[7] = 1e8
    return points


def two_islands(n=400):
    points = clusters(n)
    points[n // 2 :] += 1e5
    return points


@pytest.mark.parametrize("points", [duplicates(), one_far_away(), two_islands()], ids=["duplicates", "outlier", "islands"])
@pytest.mark.parametrize("init", ["pca", "random"])
@pytest.mark.parametrize("method", ["exact", "interpolated"])
def test_odd_points_have_a_finite_embedding(points, init, method):
    found = TSNE(perplexity=10, init=init, method=method, random_state=0).fit(points)
    assert np.isfinite(found.embedding_).all()
    assert found.kl_divergence_ == pytest.approx(exact_kl(points, found.embedding_, 10), rel=1e-4, abs=1e-4)
    assert 1 < np.ptp(found.embedding_) < 1e5


def test_islands_lie_apart():
    found = TSNE(perplexity=10, method="interpolated", random_state=0).fit_transform(two_islands())
    labels = np.arange(400) >= 200
    nearest, _ = nearest_neighbors(found, 1)
    assert (labels[nearest[:, 0]] == labels).mean() > 0.99


@pytest.mark.parametrize("method", ["exact", "interpolated"])
def test_points_that_all_coincide_are_at_the_origin(method):
    found = TSNE(perplexity=5, method=method).fit(np.full((60, 3), 7.0))
    assert (found.embedding_ == 0).all()
    assert found.n_iter_ == 0
    assert found.kl_divergence_ == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("perplexity", [1, 27.9, 28.9, 29])
def test_the_perplexity_may_come_close_to_the_number_of_neighbors(digits, perplexity):
    found = TSNE(perplexity=perplexity, method="interpolated", random_state=0).fit(digits[:30])
    if perplexity > 1:
        expected = exact_kl(digits[:30], found.embedding_, perplexity) if perplexity < 29 else None
        assert expected is None or found.kl_divergence_ == pytest.approx(expected, abs=1e-4)
    assert np.isfinite(found.embedding_).all()


@pytest.mark.parametrize(
    ("options", "points", "message"),
    [
        ({}, np.full((50, 3), np.nan), "NaN"),
        ({"method": "exact"}, np.zeros((10_001, 1)), "at most 10,000 points, not 10,001"),
        ({"method": "fft"}, np.zeros((50, 3)), "method must be one of auto, exact, interpolated, not 'fft'"),
        ({"method": "interpolated", "n_components": 3}, np.zeros((50, 3)), "n_components must be 1 or 2"),
        ({"n_components": 3, "perplexity": 5}, np.zeros((10_001, 1)), "n_components must be 1 or 2"),
        ({"method": "interpolated"}, np.zeros((30, 3)), r"perplexity \(30.0\) must be less than n_samples \(30\)"),
        ({"method": "interpolated", "metric": lambda a, b: -1.0, "perplexity": 5}, np.eye(50), "distances should be positive"),
    ],
)
def test_refusals_name_what_is_wrong(options, points, message):
    with pytest.raises(ValueError, match=message):
        TSNE(**options).fit(points)


def test_a_descent_that_diverges_stops_and_shows_it(digits):
    found = TSNE(**{**FEW, "max_iter": 1000}, learning_rate=1e30).fit(digits[:300])
    assert not np.isfinite(found.embedding_).all()
    assert found.n_iter_ < 1000
