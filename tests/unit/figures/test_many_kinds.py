"""Figures of more kinds of networks than there are names for colours, and on scales that leave nothing out."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from score_rows import OF_LAYER, told_of, written

from layerscope import store
from layerscope.figures import layer_profiles, score_bars, score_by_depth, score_scatter, training_curves
from layerscope.figures.shared.style import apply_style, colours, shapes
from layerscope.store.reads import Reads
from layerscope.tables.shared.summary import p_value

ACTIVATIONS = [f"activation{number:02d}" for number in range(12)]
ARCHITECTURES = [f"network{number:02d}" for number in range(14)]


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def scores(architectures, activations, datasets=("digits",)):
    """Two layers and the accuracy of trained networks of every kind, two runs each."""
    rows = []
    for place, (dataset, architecture, activation) in enumerate(
        (d, a, f) for d in datasets for a in architectures for f in activations
    ):
        for seed in (0.0, 1.0):
            about = {**OF_LAYER, "dataset": dataset, "architecture": architecture, "activation": activation, "seed": seed}
            for depth in (1.0, 2.0):
                rows.append({**about, "layer": f"hidden{depth:.0f}", "depth": depth, "value": place / 100 + depth / 4 + seed / 9})
            as_such = {"space": "run", "sample": "test", "metric": "accuracy", "layer": "", "depth": np.nan}
            rows.append({**about, **as_such, "value": 0.5 + place / 100 + seed / 50})
    return pd.DataFrame(rows, columns=list(store.SCORE_TABLE_COLUMNS))


def drawn(kind, folder, rows, **options):
    sizes = {name: {"depth": 2, "width": number} for number, name in enumerate(ARCHITECTURES)}
    told = {"score": "hit", "against": "accuracy", "title": "", "columns": 4, "filters": False, "bend": None, "sizes": sizes}
    told |= {"network_accuracies": ["accuracy"], "metrics": told_of("accuracy", hit="neighborhood_hit")}
    told |= {"epochs": "trained", "split": "test", "activations": list(ACTIVATIONS)}
    figure, _ = kind.draw(Reads(**written(folder, rows)), {**told, **options})
    figure.canvas.draw()
    return figure


def legend_colours(figure):
    [legend] = figure.legends
    return [to_hex(handle.get_color()) for handle in legend.legend_handles if hasattr(handle, "get_color")]


@pytest.mark.parametrize("kind", [score_by_depth, score_bars, layer_profiles], ids=lambda kind: kind.__name__.split(".")[-1])
def test_twelve_activations_have_twelve_colours(tmp_path, kind):
    figure = drawn(kind, tmp_path, scores(ARCHITECTURES[:1], ACTIVATIONS))
    assert len(set(map(to_hex, colours(12)))) == 12
    lines = {to_hex(line.get_color()) for axis in figure.axes for line in axis.lines}
    patches = {to_hex(patch.get_facecolor()) for axis in figure.axes for patch in axis.patches}
    assert set(map(to_hex, colours(12))) <= lines | patches


def test_two_datasets_by_six_activations_have_twelve_colours(tmp_path):
    figure = drawn(layer_profiles, tmp_path, scores(ARCHITECTURES[:1], ACTIVATIONS[:6], ("digits", "letters")))
    assert len(set(legend_colours(figure))) == 12


def test_fourteen_architectures_have_colours_and_shapes_of_their_own(tmp_path):
    rows = scores(ARCHITECTURES, ACTIVATIONS[:1])
    figure = drawn(score_scatter, tmp_path, rows, colour="architecture", marker="architecture")
    points = [line for axis in figure.axes for line in axis.lines]
    assert len({to_hex(point.get_markeredgecolor()) for point in points}) == 14
    assert len({str(point.get_marker()) for point in points}) == 14


def test_the_first_ten_colours_and_the_plain_shapes_are_those_of_few_kinds():
    assert colours(3) == colours(10)[:3]
    assert shapes(4) == list("os^v")
    assert len(set(map(str, shapes(40)))) == 40


def history(folder, losses, activation="relu", accuracy=0.5):
    file = folder / store.path("s", "history", run=store.run_folder("digits", "mlp", activation, 0))
    file.parent.mkdir(parents=True)
    rows = [{"epoch": e, "step": e, "split": "test", "loss": loss, "accuracy": accuracy} for e, loss in enumerate(losses)]
    pd.DataFrame(rows).to_csv(file, index=False)
    return Reads(history=[str(file)], **written(folder, scores(["mlp"], [activation])))


CURVES = {"title": "", "network_accuracies": ["accuracy"], "loss_unit": "squared error"}


@pytest.mark.parametrize(
    ("losses", "scale"), [([2.0, 0.5, 0.1], "log"), ([2.0, 0.5, 0.0], "linear"), ([np.nan, 1.0, 0.1], "log")]
)
def test_no_loss_is_left_out_by_the_scale(tmp_path, losses, scale):
    """A loss of 0 has no place on a logarithmic scale; a diverged epoch has none anywhere."""
    figure, _ = training_curves.draw(history(tmp_path, losses), CURVES)
    assert figure.axes[0].get_yscale() == scale


def test_a_network_without_accuracy_has_no_scale_of_it(tmp_path):
    """An autoencoder reconstructs its input."""
    figure, _ = training_curves.draw(history(tmp_path, [2.0, 1.0], accuracy=np.nan), CURVES)
    [losses] = figure.axes
    assert " ".join(losses.get_ylabel().split()) == "loss (squared error), ← better"


@pytest.mark.parametrize(
    ("p", "text"), [(0.5, "0.5"), (0.0371, "0.037"), (0.00012, "0.00012"), (3e-9, "< 0.0001"), (0.0, "< 0.0001"), (np.nan, "-")]
)
def test_a_p_value_is_never_written_as_none(p, text):
    assert p_value(p) == text


@pytest.mark.parametrize("kind", [layer_profiles, score_scatter, training_curves], ids=lambda kind: kind.__name__.split(".")[-1])
def test_a_legend_of_many_kinds_lies_below_the_panels(tmp_path, kind):
    """And leaves them most of the height that they have beside a legend of two."""
    heights = []
    for count in (2, 12):
        folder = tmp_path / str(count)
        folder.mkdir()
        if kind is training_curves:
            files = [file for name in ACTIVATIONS[:count] for file in history(folder, [2.0, 0.5], name).history]
            reads = Reads(history=files, **written(folder, scores(["mlp"], ACTIVATIONS[:count])))
            figure, _ = training_curves.draw(reads, CURVES)
            figure.canvas.draw()
        else:
            rows = scores(ARCHITECTURES[:1], ACTIVATIONS[:count])
            figure = drawn(kind, folder, rows, colour="activation", marker="activation")
        lowest = min(axis.get_tightbbox().y0 for axis in figure.axes)
        assert figure.legends[0].get_window_extent().y1 <= lowest
        heights.append(figure.axes[0].get_window_extent().height)
    assert heights[1] > 0.6 * heights[0]
