"""Representations that carry too little are named, with the reason."""

import numpy as np
import pytest

from layerscope.scoring.shared.degenerate import degenerate_reason


def test_ordinary_activations_are_not_degenerate():
    assert degenerate_reason(np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32), 10) == ""


def test_equal_rows_have_no_variance():
    assert degenerate_reason(np.full((100, 5), 0.3, dtype=np.float32), 10) == "no variance"
    signed_zeros = np.zeros((4, 2), dtype=np.float32)
    signed_zeros[1] = -0.0
    assert degenerate_reason(signed_zeros, 10) == "no variance"


def test_few_distinct_rows_are_counted():
    rows = np.eye(7, dtype=np.float32)[np.arange(100) % 7]
    assert degenerate_reason(rows, 8) == "7 distinct rows, fewer than the 8 neighbours asked for"
    assert degenerate_reason(rows, 7) == ""


def test_rows_that_vary_are_not_degenerate_where_no_neighbors_are_asked_for():
    assert degenerate_reason(np.array([[0.0], [1.0]], dtype=np.float32), 0) == ""


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(value):
    activations = np.zeros((10, 3), dtype=np.float32)
    activations[4, 2] = value
    assert degenerate_reason(activations, 3) == "not finite"
