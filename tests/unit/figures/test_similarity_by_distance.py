"""Likeness by distance: each network counts once at each distance, by the mean over its pairs of layers."""

import numpy as np
import pytest
from compared_files import WIDTHS, layers_compared, networks
from matplotlib.colors import to_rgb
from scipy import stats

import layerscope
from layerscope.figures import similarity_by_distance
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads

CKA = {"cka": {"label": "CKA", "range": [None, 1], "itself": 1}}
STEPS = ["input", *WIDTHS]


def drawn(files, on=None):
    apply_style()
    options = {"measure": "cka", "measures": CKA, "title": "", "on": on or {}}
    return similarity_by_distance.draw(Reads(comparison=files), options)


def test_networks_are_the_units_and_not_their_pairs_of_layers(tmp_path):
    files, outputs = networks(tmp_path)
    _, table = drawn(layers_compared(files))
    row = table[(table["epoch"] == 5) & (table["distance"] == 2)].iloc[0]
    by_network = []
    for seed in range(3):
        pairs = [("input", "hidden2"), ("hidden1", "output")]
        found = [layerscope.compare(*(outputs[seed, 5, name] for name in pair), "cka", permutations=0) for pair in pairs]
        by_network.append(np.mean([one["cka"].value for one in found]))
    assert (row["n"], row["mean"]) == (3, pytest.approx(np.mean(by_network)))
    interval = stats.ttest_1samp(by_network, 0).confidence_interval()
    assert (row["interval_low"], row["interval_high"]) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert sorted(table["distance"].unique()) == [1, 2, 3]


def test_chance_is_drawn_and_two_networks_have_no_interval(tmp_path):
    files, _ = networks(tmp_path, seeds=2)
    figure, table = drawn(layers_compared(files), on={"state": "trained"})
    assert set(table["epoch"]) == {5}
    [axis] = [axis for axis in figure.axes if axis.axison]
    assert not axis.collections
    assert len([line for line in axis.lines if to_rgb(line.get_color()) != to_rgb("0.35") and len(line.get_xdata()) == 3]) >= 2
    told = [text.get_text() for text in axis.texts] + [str(line.get_label()) for line in axis.lines]
    assert any("chance" in text for text in told)


def test_a_layer_without_a_value_is_left_out_of_its_network(tmp_path):
    def dead(by_epoch):
        by_epoch[5]["output"][:] = 0

    files, _ = networks(tmp_path, seeds=1, change=dead)
    figure, table = drawn(layers_compared(files), on={"state": "trained"})
    assert figure.axes[0].get_title().endswith("\n1 run")
    assert table.loc[table["distance"] == 3, "mean"].isna().all()
    assert table.loc[table["distance"] < 3, "mean"].notna().all()
    assert set(table["degenerate"]) == {"output: no variance"}
