"""Dimensions of clouds of points: closed forms, a reference library, and what coincides or does not vary."""

import numpy as np
import pytest
import skdim
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.geometry.dimension import effective_rank, maximum_likelihood, two_nearest_neighbors, variances
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.dimension import METRICS, score
from layerscope.scoring.shared.score_input import Representation, ScoreInput


def scores(points, space="raw", neighbors=None, metrics=METRICS, **options):
    scored = ScoreInput(Representation(points, None), points, space, neighbors)
    return score(scored, {metric: (metric, options if metric == "levina_bickel" else {}) for metric in metrics})


def swiss_roll(n=600, seed=0):
    """A plane, rolled up in five dimensions."""
    generator = np.random.default_rng(seed)
    angle, height = generator.uniform(3, 9, n), generator.uniform(0, 10, n)
    rolled = np.stack([angle * np.cos(angle), angle * np.sin(angle), height], axis=1)
    return (rolled @ generator.normal(size=(3, 5))).astype(np.float32)


@pytest.mark.parametrize("points", [swiss_roll(), np.random.default_rng(1).normal(size=(500, 8)).astype(np.float32)])
def test_values_are_those_of_scikit_dimension(points):
    found = scores(points)
    assert found["two_nn"].value == pytest.approx(skdim.id.TwoNN().fit(points).dimension_, rel=1e-4)
    reference = skdim.id.MLE(K=20).fit(points.astype(np.float64), n_neighbors=20)
    assert found["levina_bickel"].value == pytest.approx(reference.dimension_, rel=1e-4)


def test_the_dimension_of_the_surface_is_found_whatever_space_it_lies_in():
    found = scores(swiss_roll(2000))
    assert found["two_nn"].value == pytest.approx(2, abs=0.15)
    assert found["levina_bickel"].value == pytest.approx(2, abs=0.15)
    # The flat space around it has three directions.
    assert found["linear_dimension"].value < 3.0001
    assert (variances(swiss_roll()) > 0).sum() == 3


def test_stored_neighbors_are_taken():
    points = swiss_roll()
    neighbors, _ = nearest_neighbors(points, 25)
    assert scores(points, neighbors=neighbors) == scores(points)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.integers(1, 6))
def test_turns_shifts_and_scales_change_no_dimension(seed, scale, width):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(60, width))
    turned = points @ np.linalg.qr(generator.normal(size=(width, width)))[0] * scale + generator.normal(size=width)
    for metric, found in scores(points).items():
        assert scores(turned)[metric].value == pytest.approx(found.value, rel=1e-6), metric


def test_equal_variances_count_all_directions():
    """Corners of a cube: each direction has the same variance."""
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 4)).reshape(4, -1).T
    assert scores(corners, metrics=["linear_dimension"])["linear_dimension"].value == pytest.approx(4)
    assert scores(corners, metrics=["effective_rank"])["effective_rank"].value == pytest.approx(4)


def test_variances_are_those_of_numpy_on_either_side():
    for shape in ((50, 7), (7, 50)):
        points = np.random.default_rng(0).normal(size=shape)
        expected = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1][: min(shape)]
        np.testing.assert_allclose(variances(points), np.where(expected > 1e-12, expected, 0), atol=1e-10)


def test_one_direction_has_one_dimension():
    assert effective_rank(np.array([3.0, 0.0, 0.0])) == pytest.approx(1)
    assert effective_rank(np.zeros(3)) == 0


def test_points_that_coincide_are_left_out():
    points = swiss_roll()
    distances = nearest_neighbors(points, 5)[1].astype(np.float64)
    doubled = np.concatenate([distances, np.zeros((100, 5))])
    assert two_nearest_neighbors(doubled) == two_nearest_neighbors(distances)
    assert maximum_likelihood(doubled) == maximum_likelihood(distances)


def test_what_has_no_dimension_says_why():
    same = scores(np.full((30, 3), 0.1, np.float32))
    assert all(np.isnan(found.value) for found in same.values())
    assert {found.reason for found in same.values()} == {"no variance", "too few points that coincide with no neighbour"}
    lost = scores(np.full((30, 3), np.nan))
    assert {found.reason for found in lost.values()} == {"not finite"}
    few = scores(np.random.default_rng(0).normal(size=(12, 3)))
    assert few["levina_bickel"].reason == "20 neighbours asked for among 12 points"
