"""How many networks, draws and embeddings an interval takes: closed forms, and simulated studies of that size."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from layerscope.statistics.components import components
from layerscope.statistics.estimates import estimate
from layerscope.statistics.planning import half_width, needed

NAN = float("nan")
KNOWN = components(
    pd.DataFrame(
        [
            {"seed": seed, "draw": draw, "embedding_seed": embedding, "value": seed + draw + embedding}
            for seed in range(2)
            for draw in range(2)
            for embedding in range(2)
        ]
    )
)


def parts(network, draw=NAN, both=NAN, embedding=NAN):
    return replace(KNOWN, network=network, draw=draw, both=both, embedding=embedding)


def test_of_networks_alone_it_is_the_interval_of_student():
    values = np.random.default_rng(0).normal(size=7)
    found = estimate(values)
    assert half_width(parts(values.var(ddof=1)), 7, 1, 1) == pytest.approx((found.high - found.low) / 2)


def test_draws_have_their_own_degrees_of_freedom():
    """Where samples have nearly all of the variance, five of them make the interval of five values."""
    width = half_width(parts(1e-12, draw=4.0), 50, 5, 1)
    assert width == pytest.approx(stats.t.ppf(0.975, 4) * 2 / math.sqrt(5), rel=1e-3)


def test_one_draw_makes_no_interval_where_samples_differ():
    assert math.isinf(half_width(parts(1.0, draw=1.0), 10, 1, 1))
    assert math.isinf(half_width(parts(1.0), 1, 1, 1))
    assert half_width(parts(0.0), 5, 1, 1) == 0


def test_the_fewest_networks_are_found():
    """Of a standard deviation of 1, 18 networks make ± 0.5: t(17) / √18 = 0.497, and t(16) / √17 = 0.514."""
    assert needed(parts(1.0), 0.5) == (18, 1, 1)
    assert stats.t.ppf(0.975, 17) / math.sqrt(18) <= 0.5 < stats.t.ppf(0.975, 16) / math.sqrt(17)


@settings(max_examples=30, deadline=None)
@given(*[st.floats(0.01, 1)] * 4, st.floats(0.4, 2))
def test_none_of_the_three_can_be_one_fewer(network, draw, both, embedding, within):
    found = parts(network, draw, both, embedding)
    counts = needed(found, within)
    assert counts is not None
    assert half_width(found, *counts) <= within
    networks, draws, embeddings = counts
    assert networks == 3 or half_width(found, networks - 1, 50, 20) > within
    assert draws == 1 or half_width(found, networks, draws - 1, 20) > within
    assert embeddings == 1 or half_width(found, networks, draws, embeddings - 1) > within


def test_what_no_number_reaches_is_told():
    assert needed(parts(1.0, draw=100.0), 0.5) is None
    assert needed(parts(NAN, draw=1.0), 0.5) is None


def test_more_of_what_the_study_has_one_of_is_not_promised():
    """With one draw and one embedding, what more of them would gain is not known."""
    assert needed(parts(1.0), 0.2)[1:] == (1, 1)


def test_studies_of_the_size_that_is_told_have_such_intervals():
    """Simulated studies of networks and draws: their intervals are as wide as wanted, in the mean, and cover the truth."""
    generator = np.random.default_rng(3)
    networks, draws, _ = needed(parts(1.0, draw=0.5), 0.8)
    means = [
        (generator.normal(size=(networks, 1)) + math.sqrt(0.5) * generator.normal(size=(1, draws))).mean() for _ in range(3000)
    ]
    assert np.mean(np.abs(means) <= half_width(parts(1.0, draw=0.5), networks, draws, 1)) >= 0.94
