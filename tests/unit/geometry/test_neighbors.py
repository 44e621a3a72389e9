"""Nearest neighbours are exact, in one order, whatever the data and the number of threads."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layerscope.geometry import neighbors
from layerscope.geometry.neighbors import nearest_neighbors


def by_sorting(points, k):
    """All distances, sorted by (distance, index)."""
    points = points.astype(np.float64)
    squared = np.stack([((points - point) ** 2).sum(axis=1) for point in points])
    np.fill_diagonal(squared, np.inf)
    indices = np.argsort(squared, axis=1, kind="stable")[:, :k]
    return indices, np.sqrt(np.take_along_axis(squared, indices, axis=1))


def few_directions(generator):
    """(600, 40) points whose first five principal components hold nearly all of their variance."""
    turned, _ = np.linalg.qr(generator.normal(size=(40, 40)))
    return generator.normal(size=(600, 40)) * np.r_[10 * np.ones(5), np.ones(35)] @ turned


def clouds():
    generator = np.random.default_rng(1)
    normal = generator.normal(size=(400, 40))
    return {
        "normal": normal,
        "rectified": np.maximum(normal - 1, 0),
        "far from the origin": normal + 1e4,
        "one outlier": np.vstack([normal * 1e-3, np.full((1, 40), 1e6)]),
        "tiny": normal * 1e-30,
        "huge": normal * 1e25,
        "plane": normal[:, :2],
        "line": normal[:, :1],
        "few directions": few_directions(generator),
        "few directions, far from the origin": few_directions(generator) + 1e3,
        "few directions, thrice": np.tile(few_directions(generator)[:200], (3, 1)),
    }


@pytest.mark.parametrize("name", clouds())
def test_neighbors_are_those_of_a_sort_of_all_distances(name):
    points = clouds()[name].astype(np.float32)
    indices, distances = nearest_neighbors(points, 15)
    expected_indices, expected_distances = by_sorting(points, 15)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-6)
    assert indices.dtype == np.int32
    assert distances.dtype == np.float32


def test_neighbors_equal_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    points = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)
    distances, indices = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(points.astype(np.float64)).kneighbors()
    np.testing.assert_array_equal(nearest_neighbors(points, 10)[0], indices)
    np.testing.assert_allclose(nearest_neighbors(points, 10)[1], distances, rtol=1e-6)


@pytest.mark.parametrize("width", [2, 30])
@pytest.mark.parametrize("values", [2, 1])
def test_ties_go_to_the_lower_index_and_duplicates_are_at_zero(width, values):
    points = np.random.default_rng(0).integers(0, values, size=(300, width)).astype(np.float32)
    points[200:] = points[100:200]
    indices, distances = nearest_neighbors(points, 20)
    np.testing.assert_array_equal(indices, by_sorting(points, 20)[0])
    assert (distances[100:, 0] == 0).all()
    assert (indices != np.arange(300)[:, None]).all()


def test_points_that_all_coincide_have_the_first_points_as_neighbors():
    points = np.full((200, 50), 0.1, dtype=np.float32)
    indices, distances = nearest_neighbors(points, 3)
    assert (distances == 0).all()
    np.testing.assert_array_equal(indices[0], [1, 2, 3])
    np.testing.assert_array_equal(indices[2], [0, 1, 3])
    np.testing.assert_array_equal(indices[150], [0, 1, 2])


@pytest.mark.parametrize("width", [2, 20])
def test_chosen_rows_have_the_neighbors_they_have_among_all(width):
    points = np.random.default_rng(0).normal(size=(300, width)).astype(np.float32)
    rows = np.array([7, 3, 299])
    every, chosen = nearest_neighbors(points, 5), nearest_neighbors(points, 5, rows)
    np.testing.assert_array_equal(chosen[0], every[0][rows])
    np.testing.assert_array_equal(chosen[1], every[1][rows])


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(6, 12), st.integers(1, 6)), elements=st.integers(-2, 2).map(float)),
    st.integers(1, 5),
)
def test_small_grids_full_of_ties(points, k):
    np.testing.assert_array_equal(nearest_neighbors(points, k)[0], by_sorting(points, k)[0])


@pytest.mark.parametrize("width", [2, 40])
def test_the_number_of_threads_changes_no_byte(width, monkeypatch):
    points = np.random.default_rng(0).normal(size=(300, width)).astype(np.float32)
    results = []
    monkeypatch.setattr(neighbors, "PRODUCT_BYTES", 2**16)
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        results.append([part.tobytes() for part in nearest_neighbors(points, 10)])
    assert results[0] == results[1]


@pytest.mark.parametrize("k", [0, 5, 6])
def test_an_impossible_number_of_neighbors_is_refused(k):
    with pytest.raises(ValueError, match=r"neighbours|at least 1"):
        nearest_neighbors(np.zeros((5, 2), dtype=np.float32), k)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value):
    points = np.zeros((5, 2), dtype=np.float32)
    points[3, 1] = value
    with pytest.raises(ValueError, match="NaN or infinite"):
        nearest_neighbors(points, 2)


@pytest.mark.parametrize("width", [2, 5])
def test_values_whose_squares_leave_the_range_of_numbers_are_refused(width):
    points = np.random.default_rng(0).normal(size=(10, width))
    for scale in (1e200, 1e-170):
        with pytest.raises(ValueError, match=r"the largest value is .*; scale the points"):
            nearest_neighbors(points * scale, 2)


@pytest.mark.parametrize("width", [2, 5])
def test_no_rows_have_no_neighbors(width):
    indices, distances = nearest_neighbors(np.zeros((10, width)), 3, np.array([], dtype=int))
    assert indices.shape == distances.shape == (0, 3)
