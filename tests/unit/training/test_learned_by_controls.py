"""What controls learn from: permuted labels, and noise with the moments of the observations."""

import numpy as np
import pytest

from layerscope.training.controls import PART, noise_like, shuffled_labels


def test_shuffled_labels_are_the_same_labels_in_another_order():
    labels = np.repeat(np.arange(10), 20)
    shuffled = shuffled_labels(labels, 0)
    assert np.array_equal(np.sort(shuffled), labels)
    # Of 200 labels of 10 classes about 20 stay the same; more than 40 would be a chance of 1 in 100,000.
    assert (shuffled == labels).sum() < 40
    assert np.array_equal(shuffled, shuffled_labels(labels, 0))
    assert not np.array_equal(shuffled, shuffled_labels(labels, 1))


def test_targets_of_one_observation_stay_together():
    targets = np.arange(20.0).reshape(10, 2)
    shuffled = shuffled_labels(targets, 3)
    assert np.array_equal(shuffled[:, 1] - shuffled[:, 0], np.ones(10))


def test_noise_has_the_mean_and_the_deviation_of_each_value():
    generator = np.random.default_rng(0)
    inputs = (generator.exponential(size=(20_000, 2, 3)) * np.arange(1, 7).reshape(2, 3)).astype(np.float32)
    assert len(inputs) > PART
    noise = noise_like(inputs, 0)
    assert (noise.shape, noise.dtype) == (inputs.shape, np.float32)
    # Within five standard errors.
    assert noise.mean(axis=0) == pytest.approx(inputs.mean(axis=0), abs=5 * 6 / np.sqrt(len(inputs)))
    assert noise.std(axis=0) == pytest.approx(inputs.std(axis=0), rel=5 / np.sqrt(2 * len(inputs)))
    assert np.array_equal(noise, noise_like(inputs, 0))


def test_noise_has_no_other_structure():
    generator = np.random.default_rng(0)
    same = np.repeat(generator.normal(size=(5000, 1)), 2, axis=1).astype(np.float32)
    noise = noise_like(same, 0)
    assert np.corrcoef(same.T)[0, 1] == pytest.approx(1)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 5 / np.sqrt(len(same))


def test_a_value_that_is_always_the_same_stays():
    inputs = np.stack([np.full(50, 0.25), np.arange(50.0)], axis=1).astype(np.float32)
    assert np.array_equal(noise_like(inputs, 0)[:, 0], inputs[:, 0])
