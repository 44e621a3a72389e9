"""One published number beside measured ones: when it is inside, outside, and when that says nothing."""

import math

import numpy as np
import pytest
from scipy import stats

from layerscope.statistics.prediction import Noise
from layerscope.tables.shared.comparison import Scale, judged, judged_count, judged_input

T2, T4 = (stats.t.ppf(0.975, degrees) for degrees in (2, 4))
ALLOWED = T2 * 0.1 * math.sqrt(4 / 3)
ACCURACY = Scale(chance=0.1, best=1.0)


def comparison(published, values):
    return {"comparison": "value", "published": published, "values": values}


@pytest.mark.parametrize(
    ("published", "inside"),
    [(0.5, "yes"), (0.5 + ALLOWED - 1e-9, "yes"), (0.5 - ALLOWED + 1e-9, "yes"), (0.5 + ALLOWED + 1e-9, "no"), (-1, "no")],
)
def test_a_number_is_inside_of_the_prediction_interval(published, inside):
    found = judged(comparison(published, [0.4, 0.5, 0.6]))
    assert (found["measured"], found["sd"], found["n_runs"]) == (pytest.approx(0.5), pytest.approx(0.1), 3)
    assert found["allowed"] == pytest.approx(ALLOWED)
    assert found["difference"] == pytest.approx(0.5 - published)
    assert found["inside"] == inside


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 0.6], [0.5, 0.6, np.nan]])
def test_fewer_than_three_runs_have_no_verdict(values):
    assert judged(comparison(0.5, values), Noise(0.1, 4))["inside"] == ""


@pytest.mark.parametrize(
    ("published", "spread", "inside"),
    [
        (0.9, 0.10, "yes"),
        (0.9, 0.20, "says nothing"),
        # Near chance a tenth of the way to 1 is asked for: an interval of .08 still tells that a filter is dead.
        (0.11, 0.015, "no"),
        (0.11, 0.020, "says nothing"),
    ],
)
def test_where_a_network_at_chance_would_be_inside_too_nothing_is_said(published, spread, inside):
    """Three runs at 0.85, with an interval of 4.97 spreads."""
    found = judged(comparison(published, [0.85 - spread, 0.85, 0.85 + spread]), scale=ACCURACY)
    assert found["inside"] == inside


def test_without_a_best_value_the_way_is_from_zero_to_chance():
    """Distances between classes: chance 1, no upper bound."""
    scale = Scale(chance=1.0, best=math.inf)
    assert scale.reach(1.08) == pytest.approx(0.1)
    assert scale.reach(1.3) == pytest.approx(0.3)
    assert math.isnan(Scale().reach(0.5))


def test_the_input_is_one_embedding_beside_one():
    found = judged_input(comparison(0.8028, [0.8078]), Noise(0.0019, 4))
    assert found["allowed"] == pytest.approx(T4 * 0.0019 * math.sqrt(2))
    assert (found["inside"], found["n_runs"]) == ("yes", 1)
    assert judged_input(comparison(0.8028, [0.8178]), Noise(0.0019, 4))["inside"] == "no"
    assert judged_input(comparison(0.8028, [0.8078]), Noise(0.0019, 1))["inside"] == ""
    assert judged_input(comparison(0.8028, [0.8078]), None)["inside"] == ""


@pytest.mark.parametrize(
    ("published", "of", "measured", "inside"),
    [
        # Fisher: p .17 and .0001.
        (6, 16, [3, 3, 3], "yes"),
        (12, 16, [3, 3, 3], "no"),
        (3, 16, [3, 3, 3], "yes"),
        # Of two filters, no count can differ from six of which half are dead.
        (0, 2, [1, 1, 1], "says nothing"),
        (6, 16, [3, 3], ""),
    ],
)
def test_counts_are_compared_by_the_exact_test(published, of, measured, inside):
    found = judged_count({"comparison": "dead filters", "published": float(published), "values": measured}, of)
    total = of * len(measured)
    expected = stats.fisher_exact([[published, of - published], [sum(measured), total - sum(measured)]]).pvalue
    assert (found["inside"], found["p"]) == (inside, pytest.approx(expected))
