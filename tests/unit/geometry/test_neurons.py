"""Neurons: who is like whom, and who tells which class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.geometry.neurons import class_importances, living_neurons, neuron_distances, neuron_map


def layer(n=300, seed=0):
    """Ten classes; neuron c fires for class c, neuron 10 is neuron 0 upside down, 11 and 12 are noise, 13 is dead."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    told = np.eye(10)[labels] + generator.normal(0, 0.1, (n, 10))
    noise = generator.normal(size=(n, 2))
    return np.hstack([told, -2 * told[:, :1] + 5, noise, np.full((n, 1), 0.3)]).astype(np.float32), labels


def test_dead_neurons_are_told():
    activations, _ = layer()
    assert np.flatnonzero(~living_neurons(activations)).tolist() == [13]


def test_distances_are_one_minus_the_absolute_correlation():
    activations, _ = layer()
    living = activations[:, living_neurons(activations)]
    distances = neuron_distances(living)
    np.testing.assert_allclose(distances, 1 - np.abs(np.corrcoef(living.T.astype(np.float64))), atol=1e-12)
    assert distances[0, 10] == pytest.approx(0, abs=1e-6)
    assert (np.diag(distances) == 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.floats(-3, 3).filter(lambda factor: abs(factor) > 0.01), st.floats(-100, 100))
def test_neither_scale_sign_nor_shift_of_a_neuron_matters(width, factor, shift):
    activations = np.random.default_rng(width).normal(size=(50, width))
    changed = activations.copy()
    changed[:, 0] = factor * changed[:, 0] + shift
    np.testing.assert_allclose(neuron_distances(changed), neuron_distances(activations), atol=1e-9)


def test_neurons_that_are_alike_lie_together():
    activations, _ = layer()
    points = neuron_map(neuron_distances(activations[:, :13]))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert apart[0, 10] < 0.2 * np.median(apart[apart > 0])
    np.testing.assert_array_equal(points, neuron_map(neuron_distances(activations[:, :13])))


def test_maps_of_next_to_nothing():
    assert neuron_map(np.zeros((1, 1))).tolist() == [[0, 0]]
    assert neuron_map(np.zeros((0, 0))).shape == (0, 2)
    two = neuron_map(np.array([[0, 0.5], [0.5, 0]]))
    assert np.linalg.norm(two[0] - two[1]) == pytest.approx(0.5, abs=0.01)


def test_every_class_is_told_by_its_neuron():
    activations, labels = layer()
    importances = class_importances(activations, labels, trees=100, seed=0, threads=1)
    assert importances.shape == (10, 14)
    np.testing.assert_allclose(importances.sum(axis=1), 1)
    assert importances[1:].argmax(axis=1).tolist() == list(range(1, 10))
    assert importances[0].argmax() in (0, 10)
    assert (importances[:, 13] == 0).all()


def test_threads_change_no_importance():
    activations, labels = layer(100)
    one, two = (class_importances(activations, labels, trees=20, seed=3, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_sample_of_one_class_tells_nothing():
    activations, _ = layer(60)
    assert not class_importances(activations, np.full(60, 2), trees=10, seed=0, threads=1).any()
