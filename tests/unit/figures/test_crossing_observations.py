"""Which observations gain and lose most of a score from layer to layer, and what is told of each."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_files import made
from observation_files import written
from score_rows import told_of

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures import crossing_observations
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads

LABELS = np.arange(12) % 3
OPTIONS = {"score": "neighborhood_hit", "count": 2, "title": "", "on": {}}


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def drawn(folder, of_networks, of_input=None, shape=(4, 4), predicted=True, **options):
    """The figure and table of networks. of_networks: for each (score, epoch, layer, depth) -> values."""
    files = made(folder, LABELS, shape)
    activations = files.activations({"hidden1": np.ones((len(LABELS), 2), np.float32)})
    import h5py

    from layerscope.files.seals import seal_of

    if predicted:
        with h5py.File(activations[1], "a") as file:
            store.write_predictions(file, 5, (LABELS + 1) % 3, np.zeros(len(LABELS), np.float32))
        seal_of(activations[1]).unlink()
    observations = [written(folder, LABELS, values, seed=seed, index=files.index) for seed, values in enumerate(of_networks)]
    if of_input is not None:
        values = {("neighborhood_hit", 0, "input", 0): of_input}
        observations.insert(0, written(folder, LABELS, values, of_input=True, index=files.index))
    told = {**OPTIONS, "metrics": told_of("neighborhood_hit"), **options}
    reads = Reads(observations=observations, activations=activations, data=files.data)
    figure, table = crossing_observations.draw(reads, told)
    return figure, table, files


def layers(first, second, epoch=5):
    return {("neighborhood_hit", epoch, "hidden1", 1): first, ("neighborhood_hit", epoch, "hidden2", 2): second}


def at(**gains):
    """(n,) zeros but at these places, named p3 for 3."""
    values = np.zeros(len(LABELS))
    for place, gain in gains.items():
        values[int(place[1:])] = gain
    return values


def test_the_largest_mean_gains_and_losses_are_shown_with_the_networks_that_agree(tmp_path):
    start = np.full(len(LABELS), 0.5)
    gains = [at(p3=0.5, p7=0.3, p5=-0.5), at(p3=0.2, p7=-0.1, p5=-0.3), at(p3=0.2, p7=0.3, p5=0.2)]
    _, table, files = drawn(tmp_path, [layers(start, start + gain) for gain in gains])
    gained, lost = (table[table["change"] == change] for change in ("gained", "lost"))
    assert list(gained["row"]) == list(files.index[[3, 7]])
    np.testing.assert_allclose(gained["mean_gain"], [0.3, 0.5 / 3])
    assert gained[["agreeing", "networks"]].values.tolist() == [[3, 3], [2, 3]]
    assert list(lost["row"]) == [files.index[5]]
    np.testing.assert_allclose(lost["mean_gain"], [-0.2])
    assert lost[["agreeing", "networks"]].values.tolist() == [[2, 3]]


def test_class_and_prediction_stand_beside(tmp_path):
    _, table, _ = drawn(tmp_path, [layers(np.zeros(12), at(p1=1.0))])
    assert table[["class", "predicted"]].values.tolist() == [["bee", "cat"]]
    _, table, _ = drawn(tmp_path, [layers(np.zeros(12), at(p1=1.0))], predicted=False)
    assert table[["class", "predicted"]].values.tolist() == [["bee", ""]]


def test_the_input_is_the_layer_before_the_first_of_every_network(tmp_path):
    _, table, files = drawn(tmp_path, [layers(at(p2=1.0), at(p2=1.0))] * 2, of_input=np.zeros(12))
    assert table[["from", "to", "row", "agreeing"]].values.tolist() == [["input", "layer 1 (hidden1)", files.index[2], 2]]
    _, table, _ = drawn(tmp_path, [layers(at(p2=1.0), at(p2=1.0))], of_input=np.zeros(12), on={"layer": "hidden"})
    assert table.empty


def test_the_last_snapshot_that_on_chooses_is_shown(tmp_path):
    both = [{**layers(np.zeros(12), at(p1=1.0), epoch=0), **layers(np.zeros(12), at(p4=1.0), epoch=5)}]
    assert drawn(tmp_path, both)[1]["row"].tolist() == [9]
    assert drawn(tmp_path, both, on={"state": "untrained"})[1]["row"].tolist() == [3]


def test_a_network_without_values_is_not_counted(tmp_path):
    lost = np.full(12, np.nan)
    _, table, _ = drawn(tmp_path, [layers(np.zeros(12), at(p1=1.0)), layers(lost, lost)])
    assert table[["agreeing", "networks", "mean_gain"]].values.tolist() == [[1, 1, 1.0]]
    figure, table, _ = drawn(tmp_path, [layers(lost, lost)])
    assert table.empty
    assert [text.get_text() for text in figure.axes[0].texts] == ["none gained", "none lost"]


def test_observations_that_are_no_pictures_are_told_by_their_row(tmp_path):
    figure, _, files = drawn(tmp_path, [layers(np.zeros(12), at(p1=1.0))], shape=(5,))
    assert f"row\n{files.index[1]}" in [text.get_text() for text in figure.axes[0].texts]
    assert not figure.axes[0].images
    assert drawn(tmp_path, [layers(np.zeros(12), at(p1=1.0))])[0].axes[0].images


def test_a_single_layer_is_no_way_from_layer_to_layer(tmp_path):
    with pytest.raises(StudyError, match="leaves a single layer"):
        drawn(tmp_path, [{("neighborhood_hit", 5, "hidden1", 1): np.zeros(12)}])
