"""The matrix of layers by layers: what is compared, averaged over networks, and written into cells."""

import numpy as np
import pytest
from compared_files import N, layers_compared, networks
from scipy import stats

import layerscope
from layerscope.figures import layer_similarity
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads
from layerscope.study.kinds import Kinds


@pytest.fixture(autouse=True)
def style():
    apply_style()


@pytest.fixture
def alike(tmp_path):
    """The comparisons of the layers of three networks, and their outputs: (seed, epoch, layer) → array."""
    files, outputs = networks(tmp_path)
    return layers_compared(files, measures=["cka", "svcca", "procrustes"]), outputs


def drawn(files, measure="cka", on=None, order="depth"):
    kinds = Kinds().of("comparisons")
    measures = {
        name: {"label": kind.says("label"), "range": kind.says("range"), "itself": kind.says("itself", 1)}
        for name, kind in kinds.items()
    }
    options = {"measure": measure, "measures": measures, "order": order, "panel_inches": 2.2, "title": "", "on": on or {}}
    return layer_similarity.draw(Reads(comparison=files), options)


def test_every_pair_of_layers_has_the_mean_over_networks(alike):
    files, outputs = alike
    _, table = drawn(files)
    assert len(table) == 2 * 6
    row = table[(table["epoch"] == 5) & (table["layer"] == "hidden1") & (table["other_layer"] == "output")].iloc[0]
    values = [
        layerscope.compare(outputs[seed, 5, "hidden1"], outputs[seed, 5, "output"], "cka", permutations=0)["cka"].value
        for seed in range(3)
    ]
    assert (row["n"], row["mean"], row["sd"]) == (3, pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1)))
    assert row["interval_low"] == pytest.approx(stats.ttest_1samp(values, 0).confidence_interval().low)
    assert (row["depth"], row["other_depth"], row["observations"]) == (1, 3, N)


def test_the_input_is_compared_with_every_layer(alike):
    files, outputs = alike
    _, table = drawn(files, on={"state": "trained"})
    of_input = table[table["layer"] == "input"]
    assert list(of_input["other_layer"]) == ["hidden1", "hidden2", "output"]
    assert set(table["epoch"]) == {5}
    first = layerscope.compare(outputs[0, 5, "input"], outputs[0, 5, "hidden1"], "cka", permutations=0)["cka"].value
    [alone] = drawn(files[:1], on={"state": "trained"})[1].query("layer == 'input' and other_layer == 'hidden1'")["mean"]
    assert alone == pytest.approx(first, abs=1e-5)


def test_by_chance_layers_share_nothing(alike):
    """Of CKA without bias; canonical correlations are never far from 1 with so few observations."""
    files, _ = alike
    assert drawn(files)[1]["chance"].mean() == pytest.approx(0, abs=0.1)
    assert drawn(files, "svcca")[1]["chance"].mean() > 0.2


def test_a_panel_is_symmetric_and_says_its_values(alike):
    files, _ = alike
    figure, table = drawn(files)
    untrained, trained, *_ = figure.axes
    matrix = np.asarray(trained.images[0].get_array())
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.diag(matrix).tolist() == [1] * 4
    assert [label.get_text() for label in trained.get_yticklabels()] == ["input", "hidden1", "hidden2", "output"]
    mean = table.query("epoch == 5 and layer == 'hidden1' and other_layer == 'hidden2'")["mean"].iloc[0]
    assert [text.get_text().split("\n")[0] for text in trained.texts][1 * 4 + 2] == f"{mean:.2f}"
    assert "untrained" in untrained.get_title()
    assert trained.get_title().endswith("3 runs")


def test_the_spread_over_networks_stands_below_their_mean(alike):
    figure, table = drawn(alike[0], on={"state": "trained"})
    [trained, *_] = figure.axes
    row = table.query("layer == 'hidden1' and other_layer == 'hidden2'").iloc[0]
    assert [text.get_text() for text in trained.texts][1 * 4 + 2] == f"{row['mean']:.2f}\n±{row['sd']:.2f}"
    assert f"(standard deviations up to {table['sd'].max():.2f})" in " ".join(figure.get_suptitle().split())


def test_intervals_end_at_the_bounds_of_the_measure(alike):
    """CKA of three networks that vary: Student's interval would go beyond 1."""
    _, table = drawn(alike[0])
    assert (table["mean"] + 2.4 * table["sd"] > 1).any()
    assert table["interval_high"].max() == 1


def test_a_layer_is_at_no_distance_from_itself(alike):
    figure, _ = drawn(alike[0], "procrustes")
    assert np.diag(np.asarray(figure.axes[0].images[0].get_array())).tolist() == [0] * 4


def test_a_dead_layer_has_no_value(tmp_path):
    def dead(by_epoch):
        by_epoch[5]["hidden2"][:] = 0

    files = layers_compared(networks(tmp_path, seeds=1, change=dead)[0])
    figure, table = drawn(files, on={"state": "trained"})
    matrix = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    place = [label.get_text() for label in figure.axes[0].get_yticklabels()].index("hidden2")
    assert np.isnan(matrix[place]).all()
    assert np.isfinite(np.delete(np.delete(matrix, place, 0), place, 1)).all()
    assert figure.get_suptitle().replace("\n", " ").endswith("; blank: no value")
    lost = (table["layer"] == "hidden2") | (table["other_layer"] == "hidden2")
    assert table.loc[lost, "mean"].isna().all()
    assert {*table.loc[lost, "degenerate"]} == {"hidden2: no variance"}
    assert table.loc[~lost, "mean"].notna().all()


def test_layers_that_were_not_compared_have_no_value(tmp_path):
    files = layers_compared(networks(tmp_path, seeds=1)[0], **{"with": "previous"}, epochs=[5])
    matrix = np.ma.asarray(drawn(files)[0].axes[0].images[0].get_array()).filled(np.nan)
    assert np.isfinite(matrix).astype(int).tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]


def test_layers_can_stand_in_the_order_of_a_dendrogram(alike):
    """The same values in another order, in which the two layers that are most alike are neighbours."""
    by_depth, clustered = (drawn(alike[0], "procrustes", order=order)[0].axes[1] for order in ("depth", "clustered"))
    matrices, names = [], []
    for axis in (by_depth, clustered):
        names.append([label.get_text() for label in axis.get_yticklabels()])
        matrices.append(np.asarray(axis.images[0].get_array()))
    places = [names[0].index(name) for name in names[1]]
    np.testing.assert_array_equal(matrices[1], matrices[0][np.ix_(places, places)])
    apart = matrices[1] + np.eye(4)
    nearest = np.unravel_index(apart.argmin(), apart.shape)
    assert abs(nearest[0] - nearest[1]) == 1
    assert places[0] < places[-1]


def test_a_layer_without_a_value_stands_last():
    matrix = np.array([[1, np.nan, 0.2, 0.9], [np.nan, 1, np.nan, np.nan], [0.2, np.nan, 1, 0.3], [0.9, np.nan, 0.3, 1]])
    order = layer_similarity.clustered(matrix, 1.0)
    assert order[-1] == 1
    assert abs(order.index(0) - order.index(3)) == 1
