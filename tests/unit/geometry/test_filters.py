"""Filters are dead by one rule on their maps: they answer to less than one observation in a hundred, or hardly vary."""

import numpy as np
import pytest

from layerscope.geometry.filters import dead_filters


def maps(n=500, filters=5, seed=0):
    """Maps of 3 × 3 of filters after a ReLU, each of which answers to about half of the observations at every place."""
    return np.maximum(np.random.default_rng(seed).normal(size=(n, filters, 3, 3)), 0).astype(np.float32)


def test_filters_that_answer_live():
    assert dead_filters(maps()) == [""] * 5


@pytest.mark.parametrize(
    ("answered", "reason"),
    [(0, "answers to no observation"), (4, "answers to 4 of 500 observations"), (5, "")],
)
def test_a_filter_answers_to_one_observation_in_a_hundred(answered, reason):
    found = maps()
    found[answered:, 2] = 0
    found[:answered, 2] = np.arange(1, answered + 1)[:, None, None]
    assert dead_filters(found) == ["", "", reason, "", ""]


def test_a_filter_that_is_saturated_is_dead_as_one_that_is_silent():
    """The map that most observations share need not be zero: tanh ends at 1."""
    found = maps()
    found[:, 0] = 1
    found[3, 0] = 0.5
    assert dead_filters(found)[0] == "answers to 1 of 500 observations"


def test_the_sign_of_zero_is_no_answer():
    found = maps()
    found[:, 1] = 0
    found[::2, 1] = -0.0
    assert dead_filters(found)[1] == "answers to no observation"


def test_a_filter_varies_a_thousandth_of_what_is_usual():
    """The variance goes with the square of the scale; the median is that of living filters, however many are dead."""
    found = np.repeat(maps(filters=1), 5, axis=1)
    found[:, 3:] = 0
    found[:, 0] *= np.sqrt(0.9e-3)
    dead = "answers to no observation"
    assert dead_filters(found) == ["varies 0.0009 times as much as usual", "", "", dead, dead]
    found[:, 0] *= np.sqrt(1.2 / 0.9)
    assert dead_filters(found) == ["", "", "", dead, dead]


def test_maps_that_are_not_finite_are_the_fault_of_the_network():
    found = maps()
    found[7, 4, 0, 0] = np.nan
    assert dead_filters(found) == [""] * 5
    assert dead_filters(np.full((9, 2, 3, 3), np.inf, np.float32)) == ["", ""]
