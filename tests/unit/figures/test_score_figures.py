"""Scores of many networks as bars and as a scatter: every run is there, and flagged ones are told apart."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from score_rows import OF_INPUT, OF_LAYER, told_of, written

from layerscope.errors import StudyError
from layerscope.figures import score_bars, score_scatter
from layerscope.figures.shared.style import apply_style, colours
from layerscope.store.reads import Reads

ROW = {**OF_LAYER, "architecture": "deep", "space": "tsne", "embedding_seed": 0.0, "metric": "kl", "chance": np.nan}
SIZES = {"deep": {"depth": 3, "width": 8}, "flat": {"depth": 1, "width": 8}, "wide": {"depth": 2, "width": 64}}
OF_NETWORK = {"space": "run", "sample": "test", "metric": "accuracy", "layer": "", "depth": np.nan, "embedding_seed": np.nan}


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def network(seed, accuracy, values, degenerate="", **keys):
    """Its accuracy, and the score of one layer after the other."""
    about = {**ROW, **keys, "seed": float(seed), "degenerate": degenerate}
    rows = [{**about, **OF_NETWORK, "value": accuracy}]
    return rows + [{**about, "layer": f"hidden{depth}", "depth": float(depth), "value": v} for depth, v in enumerate(values, 1)]


def three_networks():
    """Two that fall with depth, and one near chance; and the input."""
    rows = [{**ROW, **OF_INPUT, "value": 0.9}]
    rows += network(0, 0.98, [0.8, 0.6]) + network(1, 0.96, [0.7, 0.5])
    return rows + network(2, 0.11, [0.3, 0.1], "near_chance: test accuracy 0.110")


def drawn(kind, folder, rows, **options):
    inputs = Reads(**written(folder, rows))
    told = {"score": "kl", "title": "", "columns": 4, "network_accuracies": ["accuracy"], "sizes": SIZES}
    figure, table = kind.draw(inputs, {**told, "metrics": told_of("kl", "accuracy"), **options})
    figure.canvas.draw()
    return figure, table


def bars(folder, rows, **options):
    return drawn(score_bars, folder, rows, **options)


def scatter(folder, rows, **options):
    told = {"colour": "activation", "marker": "architecture", "bend": None, "sizes": SIZES}
    told |= {"epochs": "trained", "split": "test", "activations": ["tanh", "relu"]}
    return drawn(score_scatter, folder, rows, against="accuracy", **{**told, **options})


# Bars


def points(panel, hollow=None):
    """The scores of the runs that are points of a panel; those of hollow or of filled ones."""
    marks = [line for line in panel.lines if line.get_marker() == "o"]
    return sorted(
        round(float(mark.get_ydata()[0]), 3)
        for mark in marks
        if hollow is None or (mark.get_markerfacecolor() == "white") == hollow
    )


def test_every_run_is_a_point_at_every_layer(tmp_path):
    figure, table = bars(tmp_path, three_networks())
    [panel] = figure.axes
    assert points(panel) == [0.1, 0.3, 0.5, 0.6, 0.7, 0.8]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["input", "hidden1", "hidden2"]
    assert len(table) == 9
    assert set(table["accuracy"]) == {0.98, 0.96, 0.11}


def test_bars_begin_at_0_also_of_a_score_that_has_no_lower_bound(tmp_path):
    """Such as CKA without bias."""
    rows = [{**row, "value": 0.9 + row["value"] / 20} for row in three_networks() if row["metric"] == "kl"]
    rows += [row for row in three_networks() if row["metric"] != "kl"]
    told = told_of("kl", "accuracy")
    unbounded = {**told, "kl": {**told["kl"], "range": [None, 1]}}
    assert bars(tmp_path, rows, metrics=unbounded)[0].axes[0].get_ylim() == (0, 1)
    below = [{**row, "value": -row["value"]} if row["metric"] == "kl" else row for row in rows]
    assert bars(tmp_path, below, metrics=unbounded)[0].axes[0].get_ylim()[0] < -0.9


def test_bars_are_means_of_all_runs_and_dashes_those_without_flagged_ones(tmp_path):
    figure, _ = bars(tmp_path, three_networks())
    [panel] = figure.axes
    means = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in panel.patches}
    assert means == {0: pytest.approx(0.9), 1: pytest.approx(0.6), 2: pytest.approx(0.4)}
    dashes = [lines.get_segments()[0][0][1] for lines in panel.collections if lines.get_linestyles()[0][1]]
    assert sorted(dashes) == [pytest.approx(0.55), pytest.approx(0.75)]


def test_runs_that_are_means_over_draws_of_a_sample_are_said_to_be(tmp_path):
    """The point of a run is its mean over draws, which are no runs."""
    rows = [{**row, "draw": draw, "value": row["value"] + 0.1 * draw} for draw in (1, 2) for row in network(0, 0.98, [0.8, 0.6])]
    figure, table = bars(tmp_path, rows)
    assert "each run is the mean over 2 draws of the sample" in " ".join(figure.get_suptitle().split())
    assert list(table["value"]) == [pytest.approx(0.95), pytest.approx(0.75)]
    assert "draws" not in bars(tmp_path, network(0, 0.98, [0.8, 0.6]))[0].get_suptitle()


def test_flagged_runs_are_hollow_and_counted(tmp_path):
    figure, _ = bars(tmp_path, three_networks())
    [panel] = figure.axes
    assert points(panel, hollow=True) == [0.1, 0.3]
    assert lines_of(panel.get_title())[:2] == ["ReLU", "3 runs, 1 flagged"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["flagged run", "mean without flagged runs"]


def lines_of(text):
    return text.split("\n")


def test_the_range_of_the_accuracies_stands_above_their_panel(tmp_path):
    figure, table = bars(tmp_path, three_networks())
    [panel] = figure.axes
    assert lines_of(panel.get_title())[2] == "accuracy 0.11–0.98"
    assert set(table["accuracy"]) == {0.98, 0.96, 0.11}


@pytest.mark.parametrize(("count", "intervals"), [(2, 0), (3, 2)])
def test_a_mean_has_an_interval_from_three_runs_on(tmp_path, count, intervals):
    rows = [row for seed in range(count) for row in network(seed, 0.9, [0.8 + seed / 100, 0.6 - seed / 100])]
    figure, _ = bars(tmp_path, rows)
    assert len(figure.axes[0].containers) - len(figure.axes[0].patches) == intervals


def test_columns_are_architectures_by_size_and_rows_activations(tmp_path):
    rows = [
        row
        for architecture in ("wide", "deep", "flat")
        for activation in ("relu", "tanh")
        for row in network(0, 0.9, [0.5], architecture=architecture, activation=activation)
    ]
    figure, _ = bars(tmp_path, rows, columns=None)
    titles = [lines_of(panel.get_title())[0] for panel in figure.axes]
    assert titles == [f"{activation}, {name}" for activation in ("ReLU", "tanh") for name in ("flat", "wide", "deep")]
    assert len({panel.get_xlim() for panel in figure.axes}) == 1


def test_panels_are_in_the_order_of_the_selector(tmp_path):
    rows = three_networks() + network(0, 0.9, [0.4], architecture="flat", activation="tanh")
    figure, _ = bars(tmp_path, rows, on={"activation": ["tanh", "relu"]})
    shown = [panel for panel in figure.axes if panel.axison]
    assert [lines_of(panel.get_title())[0] for panel in shown] == ["tanh, flat", "ReLU, deep"]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_several_spaces_are_refused_in_words(tmp_path):
    rows = three_networks()
    with pytest.raises(StudyError, match="name one embedding and one sample"):
        bars(tmp_path, rows + [{**row, "space": "umap"} for row in rows])
    with pytest.raises(StudyError, match="no layer of a trained network has kl in what `on` chooses"):
        bars(tmp_path, rows, on={"activation": "tanh"})


# Scatter


def test_a_run_is_a_marker_and_a_flagged_one_is_hollow(tmp_path):
    figure, table = scatter(tmp_path, three_networks(), on={"layer": "last"})
    [panel] = figure.axes
    found = {(line.get_xdata()[0], line.get_ydata()[0]): line.get_markerfacecolor() for line in panel.lines}
    assert set(found) == {(0.98, 0.6), (0.96, 0.5), (0.11, 0.1)}
    assert found[0.11, 0.1] == "none"
    assert to_rgba(found[0.98, 0.6]) == to_rgba(colours(10)[0])
    assert len(table) == 3


def test_the_correlation_is_given_with_and_without_flagged_runs(tmp_path):
    rows = [row for seed in range(12) for row in network(seed, 0.9 + seed / 200, [0.6 - seed / 200])]
    rows += network(12, 0.1, [0.05], "near_chance: test accuracy 0.100")
    figure, _ = scatter(tmp_path, rows)
    heading = " ".join(figure.axes[0].get_title().split())
    assert heading.startswith("digits 13 runs: rank correlation -0.57 [")
    assert "12 without flagged: rank correlation -1.00 [" in heading


def test_runs_that_differ_in_their_seed_alone_are_one_kind(tmp_path):
    """Within each kind the scores rise together; of the kinds, the one with more of the one has less of the other."""
    rows = [
        {**row, "architecture": architecture}
        for step, architecture in enumerate(("wide", "deep", "small", "other"))
        for seed in range(3)
        for row in network(seed, 0.9 - step / 10 + seed / 100, [0.2 + step / 10 + seed / 100])
    ]
    sizes = {name: {"depth": 2, "width": 8} for name in ("wide", "deep", "small", "other")}
    figure, _ = scatter(tmp_path, rows, sizes=sizes)
    heading = " ".join(figure.axes[0].get_title().split())
    # Two of the 24 orders of four kinds are as far from 0.
    assert heading == "digits 12 runs, 4 kinds: rank correlation -1.00 (p 0.083)"


def test_two_runs_have_no_correlation(tmp_path):
    figure, _ = scatter(tmp_path, network(0, 0.9, [0.6]) + network(1, 0.8, [0.5]))
    assert figure.axes[0].get_title().split("\n") == ["digits", "2 runs"]


def test_activations_stand_in_the_order_of_the_study(tmp_path):
    rows = three_networks() + [{**row, "activation": "tanh"} for row in network(0, 0.9, [0.4])]
    figure, _ = scatter(tmp_path, rows, marker="activation")
    [key] = figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["tanh", "ReLU"]


def test_scores_that_no_run_has_both_of_are_refused_in_words(tmp_path):
    with pytest.raises(StudyError, match="no run has both kl and accuracy"):
        scatter(tmp_path, [row for row in three_networks() if row["metric"] == "kl"])
