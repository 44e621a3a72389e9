"""Embeddings of observations with targets have the colours of their values, on one scale that says whose they are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_files import SNAPSHOTS, made
from printed import problems
from score_rows import OF_LAYER, written

from layerscope import store
from layerscope.figures import embedding_film, embedding_grid, embedding_panels, embedding_trails, training_curves
from layerscope.figures.shared.style import RAMP, apply_style
from layerscope.store.reads import Reads

N = 30
VALUES = np.c_[np.linspace(100, 200, N), np.linspace(3, -3, N)]
POINTS = np.random.default_rng(0).random((N, 2))
LAYERS = {"hidden1": POINTS, "output": 2 * POINTS}


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


@pytest.fixture
def reads(tmp_path):
    """The files of one network of two layers at two snapshots, on observations with the targets price and r$."""
    files = made(tmp_path, np.zeros(N, int))
    files.labels = store.Targets(["price", "r$"], VALUES, VALUES.mean(axis=0), VALUES.std(axis=0))
    outputs = {name: points.astype(np.float32) for name, points in LAYERS.items()}
    parts = {
        (epoch, name, depth, None): points for epoch in SNAPSHOTS for depth, (name, points) in enumerate(LAYERS.items(), start=1)
    }
    return Reads(embedding=[files.embedding(parts)], activations=files.activations(outputs), data=files.data)


GRID = {
    "panels": "layers",
    "mark_misclassified": False,
    "point_size": 2,
    "panel_inches": 1.7,
    "title": "",
    "snapshots": SNAPSHOTS,
}
PANELS = {"columns": 4, "mark_misclassified": False, "class": None, "shared_axes": False, "point_size": 3, "panel_inches": 1.7}
STEPS = {"point_size": 3, "title": "", "snapshots": SNAPSHOTS, "on": {"state": "trained"}}
DRAWN = {
    "grid": (embedding_grid, {**GRID, "title": "", "snapshots": SNAPSHOTS}),
    "panels": (embedding_panels, {**PANELS, "title": ""}),
    "trails": (embedding_trails, STEPS),
    "film": (embedding_film, STEPS),
}


CURVES = {"title": "", "network_accuracies": ["accuracy"], "loss_unit": ""}


def scored(folder):
    return written(folder, [OF_LAYER])


def shades(values):
    return RAMP((values - values.min()) / np.ptp(values))[:, :3]


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(("target", "place", "label"), [(None, 0, "price"), ("r$", 1, "r$")], ids=["the first", "the named"])
def test_points_have_the_colours_of_a_target(reads, name, target, place, label):
    kind, options = DRAWN[name]
    drawn, table = kind.draw(reads, {**options, **({"target": target} if target else {})})
    figure = getattr(drawn, "figure", drawn)
    dots = [found for axis in figure.axes for found in axis.collections if len(found.get_offsets()) == N]
    assert dots
    for found in dots:
        np.testing.assert_allclose(found.get_facecolors()[:, :3], shades(VALUES[:, place]), atol=1e-6)
    [scale] = [axis for axis in figure.axes if axis.get_ylabel() == label]
    assert scale.get_ylim() == (VALUES[:, place].min(), VALUES[:, place].max())
    # A key may tell of steps, but not of classes.
    assert all(text.get_text().split()[0] in ("to", "at") for key in figure.legends for text in key.get_texts())
    np.testing.assert_allclose(table["target"].to_numpy()[:N], VALUES[:, place])
    assert "label" not in table


@pytest.mark.parametrize("count", [2, 3, 4])
def test_rows_of_a_grid_have_their_names_beside_the_scale(tmp_path, count):
    """The scale takes its width from the panels after room was made for the names at their left."""
    files = made(tmp_path, np.zeros(N, int))
    files.labels = store.Targets(["price"], VALUES[:, :1], VALUES[:, :1].mean(axis=0), VALUES[:, :1].std(axis=0))
    layers = {f"hidden{number}": POINTS for number in range(count)}
    outputs = {name: points.astype(np.float32) for name, points in layers.items()}
    parts = {(epoch, name, depth, None): points for epoch in SNAPSHOTS for depth, (name, points) in enumerate(layers.items())}
    reads = Reads(embedding=[files.embedding(parts)], activations=files.activations(outputs), data=files.data)
    figure, _ = embedding_grid.draw(reads, {**GRID, "panel_inches": 1.15})
    assert problems(figure) == []


def test_what_has_no_accuracy_has_curves_of_its_loss_alone(tmp_path):
    folder = tmp_path / "runs/houses/mlp/relu/seed0"
    folder.mkdir(parents=True)
    rows = [{"epoch": epoch, "step": epoch, "split": "test", "loss": 1 / (1 + epoch), "accuracy": np.nan} for epoch in range(4)]
    pd.DataFrame(rows).to_csv(folder / "history.csv", index=False)
    figure, _ = training_curves.draw(Reads(history=[str(folder / "history.csv")], **scored(tmp_path)), CURVES)
    assert [axis.get_ylabel() for axis in figure.axes] == ["loss, ← better"]


def test_beside_classifiers_it_has_one_panel_with_its_own_axis(tmp_path):
    files = []
    for dataset, accuracy in (("digits", 0.5), ("houses", np.nan)):
        files.append(tmp_path / f"runs/{dataset}/mlp/relu/seed0/history.csv")
        files[-1].parent.mkdir(parents=True)
        rows = [{"epoch": epoch, "step": epoch, "split": "test", "loss": 1, "accuracy": accuracy} for epoch in range(4)]
        pd.DataFrame(rows).to_csv(files[-1], index=False)
    figure, _ = training_curves.draw(Reads(history=[str(file) for file in files], **scored(tmp_path)), CURVES)
    assert [(axis.axison, axis.get_xlabel()) for axis in figure.axes] == [
        *[(True, ""), (True, "epoch")],
        *[(True, "epoch"), (False, "")],
    ]
