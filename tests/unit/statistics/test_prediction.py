"""Prediction intervals of one further network or embedding, and the exact test of counts."""

import math

import numpy as np
import pytest
from scipy import stats

from layerscope.statistics.prediction import Noise, allowed_of_one_embedding, allowed_of_one_run, pooled_noise, same_share_p

T2, T4, T14 = (stats.t.ppf(0.975, degrees) for degrees in (2, 4, 14))


def test_one_run_beside_three():
    """t 0.1 √(1 + 1/3), with two degrees of freedom: 4.303 and not 3 standard deviations."""
    assert allowed_of_one_run(np.array([0.4, 0.5, 0.6])) == pytest.approx(T2 * 0.1 * math.sqrt(4 / 3))


def test_a_further_run_is_inside_in_95_of_100_cases():
    generator = np.random.default_rng(0)
    for n in (3, 5, 10):
        runs = generator.normal(size=(4000, n + 1))
        inside = [abs(of[:n].mean() - of[n]) <= allowed_of_one_run(of[:n]) for of in runs]
        assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_a_run_by_one_embedding_is_inside_of_runs_by_several_in_95_of_100_cases():
    """Means over four embeddings spread less than the published one, which is of one embedding."""
    generator = np.random.default_rng(1)
    n, embeddings, cases = 5, 4, 3000
    networks = generator.normal(size=(cases, n + 1, 1))
    found = networks + 2 * generator.normal(size=(cases, n + 1, embeddings))
    inside = []
    for of in found:
        noise = pooled_noise(of[:n].std(axis=1, ddof=1), np.full(n, embeddings - 1))
        inside.append(abs(of[:n].mean() - of[n, 0]) <= allowed_of_one_run(of[:n].mean(axis=1), noise, embeddings))
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_runs_that_are_close_by_chance_are_as_wide_as_their_embeddings():
    noise = Noise(0.02, 4)
    close = np.array([0.5, 0.5001, 0.5002])
    assert allowed_of_one_run(close, noise) == pytest.approx(T4 * 0.02 * math.sqrt(4 / 3))
    assert allowed_of_one_run(np.array([0.5, 0.5, 0.5])) == 0


def test_one_embedding_beside_one_and_beside_five():
    noise = Noise(0.0049, 4)
    assert allowed_of_one_embedding(noise) == pytest.approx(T4 * 0.0049 * math.sqrt(2))
    assert allowed_of_one_embedding(noise, 5) == pytest.approx(T4 * 0.0049 * math.sqrt(1.2))


def test_nothing_is_known_of_one_run_without_noise():
    assert math.isnan(allowed_of_one_run(np.array([0.5])))
    assert math.isnan(allowed_of_one_run(np.array([]), Noise(0.1, 4)))


def test_noise_is_pooled_over_networks():
    """Embeddings of .50, .52 and .54, of .70 and .74, and one alone."""
    noise = pooled_noise(np.array([0.02, math.sqrt(0.0008), np.nan]), np.array([2, 1, 0]))
    assert noise.degrees == 3
    assert noise.sd == pytest.approx(math.sqrt((0.0008 + 0.0008) / 3))
    assert pooled_noise(np.array([np.nan]), np.array([0])) is None


def test_means_and_differences_of_embeddings():
    assert Noise(0.04, 4).of_means(16) == Noise(0.01, 4)
    assert Noise(0.04, 4).of_differences().sd == pytest.approx(0.04 * math.sqrt(2))


def test_six_dead_filters_of_16_beside_nine_of_48():
    assert same_share_p(6, 16, 9, 48) == pytest.approx(0.17, abs=0.005)
    assert same_share_p(0, 4, 0, 12) == 1
