"""Axes of scores end at the bounds of the score, and chance does not squeeze the values."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from layerscope.figures.shared import score_axes
from layerscope.figures.shared.names import Measure, words
from layerscope.figures.shared.style import apply_style

SHARE = Measure("hit", "share", 0, 1, True)
DIVERGENCE = Measure("KL divergence", "nats", 0, None, False)
FREE = Measure("free", "", None, None, None)


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("values", "score", "whole", "ends"),
    [
        ([0.1, 0.9], SHARE, False, (0, 1)),
        ([0.93, 0.98], SHARE, False, (0.85, 1)),
        ([0.93, 0.98], SHARE, True, (0, 1)),
        ([0.499, 0.501], SHARE, False, (0.4, 0.6)),
        ([0.02, 0.05], SHARE, False, (0, 0.15)),
        ([0.6, 1.4], DIVERGENCE, False, (0, 1.5)),
        ([0.9, 1.4], DIVERGENCE, False, (0.8, 1.6)),
        ([0.6, 1.4], DIVERGENCE, True, (0, 1.5)),
        ([0.1, 1.4], DIVERGENCE, False, (0, 1.5)),
        ([np.nan], DIVERGENCE, False, (0, 1)),
        ([], SHARE, False, (0, 1)),
        ([-3.0, 5.0], FREE, False, (-4, 6)),
    ],
)
def test_an_axis_ends_at_round_numbers_within_the_bounds_of_the_score(values, score, whole, ends):
    low, high = score_axes.limits(values, score, whole)
    assert low <= min([value for value in values if np.isfinite(value)], default=low)
    assert high >= max([value for value in values if np.isfinite(value)], default=high)
    assert (low, high) == pytest.approx(ends)


def panel_of(values, ends):
    _, axis = plt.subplots()
    axis.plot([0, 1], values)
    axis.set_ylim(ends)
    return axis


def test_chance_in_the_panel_is_a_line():
    axis = panel_of([0.3, 0.9], (0, 1))
    assert score_axes.draw_chance(axis, [0, 1], [0.1, 0.1])
    assert list(axis.lines[-1].get_ydata()) == [0.1, 0.1]
    assert not axis.texts


@pytest.mark.parametrize(("level", "text", "place"), [(0.1, "↓ chance 0.1", 0.02), (1.0, "↑ chance 1", 0.98)])
def test_chance_beyond_the_panel_is_written_at_its_edge(level, text, place):
    axis = panel_of([0.8, 0.9], (0.75, 0.95))
    assert not score_axes.draw_chance(axis, [0, 1], [level, level])
    assert [(shown.get_text(), shown.get_position()[1]) for shown in axis.texts] == [(text, place)]


def test_chance_widens_an_axis_only_where_it_is_near():
    assert score_axes.with_chance([0.2, 0.9], [0.1]) == [0.2, 0.9, 0.1]
    assert score_axes.with_chance([0.93, 0.98], [0.1]) == [0.93, 0.98]


def test_intervals_widen_an_axis_as_far_as_they_squeeze_nothing():
    """By a third of what the values take, on either side; an interval that goes on is cut by the axis."""
    held = score_axes.with_intervals([0.4, 0.8], [0.35, -2.0, np.nan], [0.85, 0.9, np.nan])
    assert (min(held), max(held)) == (pytest.approx(0.4 - 0.35 * 0.4), 0.9)
    assert score_axes.with_intervals([np.nan], [0.0], [1.0]) == []


@pytest.mark.parametrize(
    ("score", "label"),
    [(SHARE, "hit (share), better →"), (DIVERGENCE, "KL divergence (nats), ← better"), (FREE, "free")],
)
def test_a_label_has_the_unit_and_an_arrow_towards_the_better(score, label):
    """The arrow turns with the label: to the right along x, upwards along y."""
    assert score.axis == label


def test_a_score_of_two_layers_is_in_none_of_them():
    assert SHARE.where("raw") == "in the layer itself"
    assert replace(SHARE, compares=True).where("raw") == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("svhn_edges", "SVHN edges"),
        ("mnist5k", "MNIST5k"),
        ("vgg13_8th", "VGG13 8th"),
        ("tsne", "t-SNE"),
        ("relu", "ReLU"),
        ("my_own", "my own"),
        ("mlp_lr0p01", "MLP lr 0.01"),
        ("mlp_lr1e-05", "MLP lr 1e-05"),
        ("tsne_perplexity2p5e-3", "t-SNE perplexity 2.5e-3"),
        ("mlp_hidden48-24", "MLP hidden 48-24"),
        ("hidden1", "hidden1"),
    ],
)
def test_names_are_words(name, text):
    assert words(name) == text


@pytest.mark.parametrize("count", [3, 18, 60])
def test_layers_are_named_as_far_as_they_have_room(count):
    figure, axis = plt.subplots(figsize=(1.6, 1.6))
    score_axes.name_layers(axis, np.arange(count), [f"layer{place}" for place in range(count)], 1.2)
    figure.canvas.draw()
    shown = [label for label in axis.get_xticklabels() if label.get_text()]
    assert shown[-1].get_text() == f"layer{count - 1}"
    assert len(shown) == (3 if count == 3 else min(count, len(shown)))
    places = [label.get_window_extent().x0 for label in shown]
    assert np.diff(places).min() * 72 / figure.dpi >= 6
