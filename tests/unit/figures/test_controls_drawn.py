"""Controls in figures of scores by depth: beside the networks, never among them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from score_rows import OF_INPUT, OF_LAYER, UNTRAINED, told_of, written

from layerscope.figures import score_by_depth
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads

TOLD = {
    "mlp_untrained": {"control": "untrained", "of": "mlp"},
    "mlp_noise": {"control": "noise", "of": "mlp"},
}
LEVELS = {"mlp": 0.8, "mlp_untrained": 0.4, "mlp_noise": 0.3}


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def draw(folder, seeds, names=tuple(LEVELS), controls=("untrained", "noise"), of_input=()):
    rows = [
        {**OF_LAYER, "architecture": name, "seed": float(seed), "layer": layer, "depth": depth, "value": level + seed / 100}
        | (UNTRAINED if name == "mlp_untrained" else {})
        for name, level in ((name, LEVELS[name]) for name in names)
        for seed in range(seeds)
        for layer, depth in (("hidden1", 1.0), ("hidden2", 2.0))
    ]
    options = {"score": "hit", "on": {}, "title": "", "filters": False, "metrics": told_of(hit="neighborhood_hit")}
    return score_by_depth.draw(
        Reads(**written(folder, [*of_input, *rows])), {**options, "controls": [*controls], "control_networks": TOLD}
    )


@pytest.mark.parametrize(("seeds", "lines"), [(3, 1), (2, 2)])
def test_controls_are_lines_of_their_own_in_the_panel_of_their_network(tmp_path, seeds, lines):
    figure, table = draw(tmp_path, seeds)
    [panel] = figure.axes
    assert "MLP on digits" in panel.get_title()
    greys = [line for line in panel.lines if line.get_color() == score_by_depth.CONTROL_LOOKS["noise"]["color"]]
    assert len(greys) == lines
    drawn = np.mean([line.get_ydata() for line in greys], axis=0)
    assert drawn == pytest.approx([0.3 + (seeds - 1) / 200] * 2)
    keys = [text.get_text() for key in figure.legends for text in key.get_texts()]
    assert [key for key in keys if key.startswith("control")] == ["control: untrained", "control: noise"]
    # The mean of the networks is over them alone, and the table names all.
    means = table.set_index(["architecture", "layer"])["mean"]
    assert means["mlp", "hidden1"] == pytest.approx(0.8 + (seeds - 1) / 200)
    assert {*table["architecture"]} == {*LEVELS}


def test_lines_of_controls_begin_at_the_input_as_those_of_networks_do(tmp_path):
    figure, _ = draw(tmp_path, 3, of_input=[{**OF_LAYER, **OF_INPUT, "value": 0.7}])
    [panel] = figure.axes
    [grey] = [line for line in panel.lines if line.get_color() == score_by_depth.CONTROL_LOOKS["noise"]["color"]]
    assert list(grey.get_xdata()) == [0, 1, 2]
    assert list(grey.get_ydata()) == pytest.approx([0.7, 0.31, 0.31])


def test_controls_that_are_chosen_alone_are_drawn_as_the_networks(tmp_path):
    figure, table = draw(tmp_path, 3, names=("mlp_noise",), controls=())
    assert "MLP noise on digits" in figure.axes[0].get_title()
    assert draw(tmp_path, 3, names=("mlp_noise",))[1].equals(table)
