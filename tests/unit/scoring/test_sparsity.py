"""Shares of silent activations and of dead units."""

import numpy as np
import pytest

from layerscope.scoring.shared.score_input import Representation, ScoreInput
from layerscope.scoring.sparsity import METRICS, score


def scores(points):
    points = np.asarray(points, dtype=np.float32)
    return score(ScoreInput(Representation(points, None), points, "raw"), {metric: (metric, {}) for metric in METRICS})


def test_zeros_and_constant_units_are_counted():
    """Of twelve activations seven are 0; of three units one is always silent, and one always 2."""
    found = scores([[0, 2, 0], [0, 2, 5], [0, 2, 0], [0, 2, 0]])
    assert (found["sparsity"].value, found["dead_share"].value) == (pytest.approx(7 / 12), pytest.approx(2 / 3))


def test_a_relu_silences_half_of_what_is_symmetric():
    found = scores(np.maximum(np.random.default_rng(0).normal(size=(2000, 50)), 0))
    assert found["sparsity"].value == pytest.approx(0.5, abs=0.01)
    assert found["dead_share"].value == 0


def test_what_is_not_finite_says_so():
    assert {one.reason for one in scores(np.full((5, 2), np.inf)).values()} == {"not finite"}
