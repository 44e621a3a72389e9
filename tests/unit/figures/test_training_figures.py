"""Figures of layers and epochs: profiles, courses against steps, and how profiles evolve."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from score_rows import OF_LAYER, told_of, written

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures import layer_profiles, score_course, score_evolution, score_scatter, training_curves
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads

SATURATION = {**OF_LAYER, "metric": "saturation", "space": "run", "sample": "test", "chance": np.nan}
WHOLE = {"metric": "accuracy", "layer": "", "depth": np.nan}
SIZES = {"small": {"width": 8, "depth": 3}, "large": {"width": 64, "depth": 3}}
STEPS = 10


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def network(architecture, seed, dataset="digits", epochs=2):
    """Three layers at every epoch, and its accuracy; saturation is depth / 10 + epoch / 100 + seed / 1000."""
    rows = []
    for epoch in range(epochs + 1):
        state = "untrained" if epoch == 0 else "trained" if epoch == epochs else "intermediate"
        about = {**SATURATION, "architecture": architecture, "seed": float(seed), "dataset": dataset}
        about |= {"epoch": epoch, "state": state}
        rows.append({**about, **WHOLE, "value": 0.5 + seed / 100})
        for depth, layer in enumerate(("hidden1", "hidden2", "output"), start=1):
            rows.append({**about, "layer": layer, "depth": float(depth), "value": depth / 10 + epoch / 100 + seed / 1000})
    return rows


def two_architectures():
    return [row for architecture in SIZES for seed in range(3) for row in network(architecture, seed)]


def history(folder, architecture, seed, dataset="digits", epochs=2):
    file = folder / store.path("s", "history", run=store.run_folder(dataset, architecture, "relu", seed))
    file.parent.mkdir(parents=True)
    rows = [
        {"epoch": epoch, "step": STEPS * epoch, "split": split, "loss": 2.0 - epoch / 2, "accuracy": 0.5}
        for epoch in range(epochs + 1)
        for split in ("batches", "test")
        if epoch or split == "test"
    ]
    pd.DataFrame(rows).to_csv(file, index=False)
    return str(file)


OF_STUDY = {"network_accuracies": ["accuracy"], "loss_unit": "nats"}


def drawn(kind, folder, rows, histories=(), **options):
    inputs = Reads(**written(folder, rows), history=list(histories))
    told = {"score": "saturation", "title": "", "columns": 4, "sizes": SIZES, "metrics": told_of("saturation", "accuracy")}
    told |= {"losses": "below", "epochs": "trained", "split": "test", "activations": ["relu"]}
    figure, table = kind.draw(inputs, {**told, **OF_STUDY, **options})
    figure.canvas.draw()
    return figure, table


def curves(panel):
    """The thick lines of a panel as lists of points."""
    thick = [line for line in panel.lines if line.get_linewidth() >= 1]
    return [list(zip(line.get_xdata(), np.round(line.get_ydata(), 4), strict=True)) for line in thick]


# Profiles


def test_a_profile_goes_through_the_means_of_all_layers(tmp_path):
    figure, table = drawn(layer_profiles, tmp_path, two_architectures())
    narrow, wide = figure.axes
    assert [panel.get_title().split("\n")[0] for panel in figure.axes] == ["small", "large"]
    assert curves(narrow) == curves(wide) == [[(1, 0.121), (2, 0.221), (3, 0.321)]]
    assert [label.get_text() for label in narrow.get_xticklabels()] == ["hidden1", "hidden2", "output"]
    assert len([line for line in narrow.lines if line.get_linewidth() < 1]) == 3
    assert set(table["n_runs"]) == {3}


def test_a_profile_says_how_accurate_its_networks_are(tmp_path):
    figure, _ = drawn(layer_profiles, tmp_path, [row for seed in range(3) for row in network("small", seed)])
    assert " ".join(figure.axes[0].get_title().split()) == "small digits: accuracy 0.51, 3 runs"


def test_datasets_share_a_panel_in_different_colours(tmp_path):
    rows = [row for dataset in ("digits", "letters") for seed in range(3) for row in network("small", seed, dataset=dataset)]
    figure, table = drawn(layer_profiles, tmp_path, rows)
    [panel] = figure.axes
    assert len(curves(panel)) == 2
    assert len({line.get_color() for line in panel.lines}) == 2
    assert set(table["dataset"]) == {"digits", "letters"}


# Courses


def test_a_course_has_the_score_above_and_the_losses_below_against_steps(tmp_path):
    histories = [history(tmp_path, "small", seed) for seed in range(3)]
    rows = [row for seed in range(3) for row in network("small", seed)]
    figure, table = drawn(
        score_course, tmp_path, rows, histories, splits=["batches", "test"], on={"layer": "hidden2", "architecture": "small"}
    )
    above, below = figure.axes
    assert curves(above) == [[(0, 0.201), (10, 0.211), (20, 0.221)]]
    assert sorted(curves(below)) == [[(10, 1.5), (20, 1.0)], [(10, 1.5), (20, 1.0)]]
    assert above.get_title() == "digits\n3 runs"
    assert " ".join(below.get_ylabel().split()) == "loss (nats), ← better"
    assert set(table["measure"]) == {"saturation", "loss"}


def test_a_course_averages_over_the_layers_that_are_chosen(tmp_path):
    rows = [row for seed in range(3) for row in network("small", seed)]
    histories = [history(tmp_path, "small", seed) for seed in range(3)]
    figure, _ = drawn(score_course, tmp_path, rows, histories, splits=["test"], on={"layer": "hidden"})
    assert curves(figure.axes[0]) == [[(0, 0.151), (10, 0.161), (20, 0.171)]]


def test_architectures_have_colours_from_narrow_to_wide(tmp_path):
    histories = [history(tmp_path, architecture, seed) for architecture in SIZES for seed in range(3)]
    figure, _ = drawn(score_course, tmp_path, two_architectures(), histories, splits=["test"], on={"layer": "hidden1"})
    assert [[text.get_text() for text in key.get_texts()] for key in figure.legends] == [["small", "large"], ["loss, test"]]


def test_losses_can_stand_beside_the_score_or_be_left_out(tmp_path):
    histories = [history(tmp_path, "small", seed) for seed in range(3)]
    rows = [row for seed in range(3) for row in network("small", seed)]
    common = {"splits": ["test"], "on": {"layer": "hidden2"}}
    beside, _ = drawn(score_course, tmp_path, rows, histories, losses="beside", **common)
    left, right = (panel.get_position() for panel in beside.axes)
    assert left.x1 < right.x0
    assert (left.y0, left.y1) == pytest.approx((right.y0, right.y1), abs=0.01)
    assert [panel.get_xlabel() for panel in beside.axes] == ["step", "step"]
    alone, table = drawn(score_course, tmp_path, rows, histories, losses="none", **common)
    assert [panel.get_xlabel() for panel in alone.axes] == ["step"]
    assert set(table["measure"]) == {"saturation"}


def test_losses_beside_the_score_are_of_one_dataset(tmp_path):
    names = ("digits", "letters")
    histories = [history(tmp_path, "small", 0, dataset=dataset) for dataset in names]
    rows = [row for dataset in names for row in network("small", 0, dataset=dataset)]
    with pytest.raises(StudyError, match="losses: beside is of one dataset, and `on` chooses digits, letters"):
        drawn(score_course, tmp_path, rows, histories, losses="beside", splits=["test"], on={"layer": "hidden2"})


# Evolution


def test_an_evolution_has_a_line_an_epoch(tmp_path):
    figure, table = drawn(score_evolution, tmp_path, two_architectures(), on={"architecture": "large"})
    panel = figure.axes[0]
    assert curves(panel) == [[(depth, round(0.001 + depth / 10 + epoch / 100, 4)) for depth in (1, 2, 3)] for epoch in (0, 1, 2)]
    assert len({line.get_color() for line in panel.lines}) == 3
    assert panel.get_title() == "large on digits\n3 runs"
    assert set(table["epoch"]) == {0, 1, 2}


# Scatter


def test_width_and_depth_are_told_by_colour_and_shape(tmp_path):
    told = {"against": "accuracy", "colour": "width", "marker": "depth", "bend": None}
    figure, table = drawn(score_scatter, tmp_path, two_architectures(), on={"layer": "hidden"}, **told)
    # What does not differ needs no shape.
    [key] = figure.legends
    assert (key.get_title().get_text(), [text.get_text() for text in key.get_texts()]) == ("width", ["8", "64"])
    assert set(zip(table["width"], table["depth"], strict=True)) == {(8, 3), (64, 3)}


def test_a_run_can_be_shown_through_all_its_epochs(tmp_path):
    """Saturation rises by 0.01 an epoch, and the accuracy of one network of two falls."""
    rows = [row for seed in range(2) for row in network("small", seed)]
    rows = [{**row, "value": row["epoch"] / 10 * (1 - 2 * row["seed"])} if row["metric"] == "accuracy" else row for row in rows]
    told = {"score": "accuracy", "against": "saturation", "colour": "width", "marker": "depth", "epochs": "all", "bend": None}
    figure, table = drawn(score_scatter, tmp_path, rows, on={"layer": "hidden1"}, **told)
    [panel] = figure.axes
    lines = [list(line.get_xdata()) for line in panel.lines if line.get_linestyle() == "-"]
    assert np.round(lines, 3).tolist() == [[0.1, 0.11, 0.12], [0.101, 0.111, 0.121]]
    assert "2 runs: rank correlation within runs, 0.00 in the mean" in " ".join(panel.get_title().split())
    assert table.groupby("seed")["epoch"].apply(list).tolist() == [[0, 1, 2]] * 2


def test_a_score_of_networks_can_be_that_of_another_split(tmp_path):
    rows = [row for seed in range(3) for row in network("small", seed)]
    rows += [{**row, "sample": "batches", "value": 0.25} for row in rows if row["metric"] == "accuracy"]
    told = {"score": "accuracy", "against": "saturation", "colour": "width", "marker": "depth", "bend": None}
    _, table = drawn(score_scatter, tmp_path, rows, on={"layer": "hidden1"}, split="batches", **told)
    assert set(table["value"]) == {0.25}


def test_a_bent_line_is_drawn_where_it_can_be(tmp_path, capfd):
    rows = []
    for seed in range(12):
        rows += [{**row, "value": seed / 12} if row["metric"] == "accuracy" else row for row in network("small", seed)]
    told = {"score": "accuracy", "against": "saturation", "colour": "width", "marker": "depth"}
    on = {"layer": "hidden1", "sample": "test"}
    figure, _ = drawn(score_scatter, tmp_path, rows, on=on, bend=0.125, **told)
    assert "slope" in figure.axes[0].get_title()
    assert any(line.get_linestyle() == "--" for line in figure.axes[0].lines)
    figure, _ = drawn(score_scatter, tmp_path, rows, on=on, bend=0.9, **told)
    assert not any(line.get_linestyle() == "--" for line in figure.axes[0].lines)
    assert "digits has too few runs beside 0.9 for a line that bends there" in capfd.readouterr().err


# Flagged runs, and few runs


def with_one_near_chance(count=3):
    rows = [row for seed in range(count) for row in network("small", seed)]
    return [{**row, "degenerate": "near_chance"} if row["seed"] == 1 and row["epoch"] else row for row in rows]


@pytest.mark.parametrize("kind", [layer_profiles, score_course, training_curves])
def test_a_flagged_run_is_hollow_and_counted_and_keeps_its_line(kind, tmp_path):
    histories = [history(tmp_path, "small", seed) for seed in range(3)]
    figure, _ = drawn(kind, tmp_path, with_one_near_chance(), histories, splits=["test"], on={"layer": "hidden"})
    for panel in figure.axes:
        hollow = [line for line in panel.lines if line.get_markerfacecolor() == "white"]
        assert hollow
        assert {line.get_linestyle() for line in panel.lines if line.get_linewidth() < 1} <= {"-", ":", "None"}
    assert "3 runs, 1 flagged" in figure.axes[0].get_title()
    assert "flagged run" in [text.get_text() for key in figure.legends for text in key.get_texts()]


@pytest.mark.parametrize("kind", [layer_profiles, score_course, training_curves])
def test_two_runs_are_drawn_alone(kind, tmp_path):
    rows = [row for seed in range(2) for row in network("small", seed)]
    histories = [history(tmp_path, "small", seed) for seed in range(2)]
    figure, _ = drawn(kind, tmp_path, rows, histories, splits=["test"], on={"layer": "hidden"})
    lines = [line for panel in figure.axes for line in panel.lines if line.get_linestyle() != "None"]
    assert lines
    assert all(line.get_linewidth() < 1 for line in lines)
    assert not any(panel.collections for panel in figure.axes)
    assert "every line is a run" in " ".join(figure.get_suptitle().split())


@pytest.mark.parametrize("kind", [layer_profiles, score_course, score_evolution])
def test_what_reaches_nothing_is_said(kind, tmp_path):
    with pytest.raises(StudyError, match="widen it"):
        drawn(kind, tmp_path, two_architectures(), [history(tmp_path, "small", 0)], splits=["test"], on={"layer": "conv9"})
