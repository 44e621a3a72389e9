"""The matrix of layers by layers: what is compared, averaged over networks, and written into cells."""

import numpy as np
import pytest
from figure_files import INPUT, NETWORK, SAMPLE
from scipy import stats

import layerscope
from layerscope import store
from layerscope.figures import layer_similarity
from layerscope.figures.shared.style import apply_style
from layerscope.files.provenance import provenance
from layerscope.similarity.shared.measures import similarity_measures
from layerscope.store.reads import Reads

N = 40
LAYERS = {"hidden1": 6, "hidden2": 4, "output": 3}


@pytest.fixture(autouse=True)
def style():
    apply_style()


@pytest.fixture
def networks(tmp_path):
    """The activations files of an input and of three networks, and all that is in them: (seed, epoch, layer) → outputs."""
    outputs = {}

    def write(keys, by_epoch, first):
        file = str(tmp_path / f"{keys['architecture']}{keys['seed']}.h5")
        with store.create_hdf5(file, "activations", {"keys": keys, "sample": SAMPLE}, provenance()) as opened:
            store.write_observations(opened, np.arange(N) % 3, np.arange(N))
            for epoch, layers in by_epoch.items():
                for depth, (name, values) in enumerate(layers.items(), start=first):
                    store.create_layer(opened, epoch, name, N, values.shape[1:], depth, "linear")[:] = values
                    outputs[keys["seed"], epoch, name] = values
        return file

    generator = np.random.default_rng(0)
    images = generator.normal(size=(N, 9)).astype(np.float32)
    files = [write(INPUT, {0: {"input": images}}, 0)]
    for seed in range(3):
        by_epoch = {}
        for epoch in (0, 5):
            below, by_epoch[epoch] = images, {}
            for name, width in LAYERS.items():
                below = np.tanh(below @ generator.normal(size=(below.shape[1], width)) / 2).astype(np.float32)
                by_epoch[epoch][name] = below
        files.append(write({**NETWORK, "architecture": "mlp", "seed": seed}, by_epoch, 1))
    return files, outputs


def drawn(files, measure="cka", on=None):
    return layer_similarity.draw(Reads(activations=files), {"measure": measure, "panel_inches": 2.2, "title": "", "on": on or {}})


def test_every_pair_of_layers_has_the_mean_over_networks(networks):
    files, outputs = networks
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


def test_the_input_is_compared_with_every_layer(networks):
    files, outputs = networks
    _, table = drawn(files, on={"state": "trained"})
    of_input = table[table["layer"] == "input"]
    assert list(of_input["other_layer"]) == ["hidden1", "hidden2", "output"]
    assert set(table["epoch"]) == {5}
    first = layerscope.compare(outputs[None, 0, "input"], outputs[0, 5, "hidden1"], "cka", permutations=0)["cka"].value
    [alone] = drawn(files[:2], on={"state": "trained"})[1].query("layer == 'input' and other_layer == 'hidden1'")["mean"]
    assert alone == pytest.approx(first, abs=1e-5)


def test_by_chance_layers_share_nothing(networks):
    """Of CKA without bias; canonical correlations are never far from 1 with so few observations."""
    files, _ = networks
    assert drawn(files)[1]["chance"].mean() == pytest.approx(0, abs=0.1)
    assert drawn(files, "svcca")[1]["chance"].mean() > 0.2


def test_a_panel_is_symmetric_and_says_its_values(networks):
    files, _ = networks
    figure, table = drawn(files)
    untrained, trained, *_ = figure.axes
    matrix = np.asarray(trained.images[0].get_array())
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.diag(matrix).tolist() == [1] * 4
    assert [label.get_text() for label in trained.get_yticklabels()] == ["input", "hidden1", "hidden2", "output"]
    mean = table.query("epoch == 5 and layer == 'hidden1' and other_layer == 'hidden2'")["mean"].iloc[0]
    assert [text.get_text() for text in trained.texts][1 * 4 + 2] == f"{mean:.2f}"
    assert "untrained" in untrained.get_title()
    assert trained.get_title().endswith("3 runs")


def test_a_layer_is_at_no_distance_from_itself(networks):
    figure, _ = drawn(networks[0], "procrustes")
    assert np.diag(np.asarray(figure.axes[0].images[0].get_array())).tolist() == [0] * 4


def test_a_dead_layer_has_no_value(networks, tmp_path):
    files, _ = networks
    import h5py

    from layerscope.files.seals import seal_of

    with h5py.File(files[1], "a") as file:
        file["epoch0005/hidden2"][:] = 0
    seal_of(files[1]).unlink()
    _, table = drawn(files[:2], on={"state": "trained"})
    lost = (table["layer"] == "hidden2") | (table["other_layer"] == "hidden2")
    assert table.loc[lost, "mean"].isna().all()
    assert table.loc[~lost, "mean"].notna().all()


def test_all_measures_can_be_asked_for():
    assert {*layer_similarity.FIGURE["options"]["measure"]["enum"]} == {*similarity_measures()}
