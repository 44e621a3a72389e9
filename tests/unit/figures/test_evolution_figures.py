"""Pictures of networks that change: trails, films, neurons, and what lies in clusters."""

from dataclasses import dataclass

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_files import CLASSES, NETWORK, SNAPSHOTS, made
from PIL import Image

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures import (
    embedding_by_neuron,
    embedding_film,
    embedding_insets,
    embedding_panels,
    embedding_trails,
    neuron_map,
)
from layerscope.figures.shared.films import save_film
from layerscope.figures.shared.style import apply_style
from layerscope.files.provenance import provenance
from layerscope.files.seals import seal_of
from layerscope.store.reads import Reads

N = 60
WIDTH = 5


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


@dataclass
class Network:
    """A made-up network: its files, and what is in them."""

    reads: Reads
    labels: np.ndarray
    index: np.ndarray
    points: dict
    outputs: np.ndarray


@pytest.fixture
def network(tmp_path):
    """conv1 and conv2 embedded at both snapshots, five neurons of conv1 of which number 3 tells class bee and 4 is dead."""
    generator = np.random.default_rng(0)
    labels = np.arange(N) % 3
    files = made(tmp_path, labels)
    keys = [(epoch, f"conv{depth}", depth, None) for epoch in SNAPSHOTS for depth in (1, 2)]
    points = {key: (generator.normal(size=(N, 2)) + 4 * labels[:, None]).astype(np.float32) for key in keys}
    outputs = generator.random((N, WIDTH)).astype(np.float32)
    outputs[:, 3] = labels == 1
    outputs[:, 4] = 0
    [of_input, of_network] = files.activations({"conv1": outputs, "conv2": outputs})
    importances = np.full((3, WIDTH), 0.1)
    importances[1, 3] = 0.8
    living = np.arange(WIDTH) < 4
    target = neurons(tmp_path, importances, living)
    embedding = files.embedding(points)
    given = Reads(data=files.data, activations=[of_input, of_network], embedding=[embedding], neurons=[target])
    return Network(given, labels, files.index, points, outputs)


def neurons(folder, importances, living):
    """The file of the neurons of conv1, in places drawn at random."""
    target = str(folder / "neurons.h5")
    with store.create_hdf5(target, "neurons", {"keys": NETWORK}, provenance()) as file:
        for epoch in SNAPSHOTS:
            places = np.random.default_rng(epoch).normal(size=(WIDTH, 2))
            places = np.where(living[:, None], places, np.nan).astype(np.float32)
            store.write_neurons(
                file, store.StoredRepresentation(epoch, "conv1", None, 1, None, {}), store.Neurons(places, importances, living)
            )
    return target


def options(on=None, **more):
    return {"on": on or {}, "snapshots": SNAPSHOTS, "title": "", "point_size": 4, **more}


# Trails and films


def test_trails_lead_from_the_first_step_to_the_last(network):
    figure, table = embedding_trails.draw(network.reads, options({"layer": "conv1"}))
    [legs] = figure.axes[0].collections[:1]
    ways = np.array(legs.get_segments())
    np.testing.assert_array_equal(ways[:, 0], network.points[0, "conv1", 1, None])
    np.testing.assert_array_equal(ways[:, 1], network.points[5, "conv1", 1, None])
    assert list(table["epoch"].unique()) == SNAPSHOTS
    np.testing.assert_array_equal(table["index"][:N], network.index)


def test_later_steps_are_bolder_in_the_same_colours(network):
    figure, _ = embedding_trails.draw(network.reads, options({"state": "trained"}))
    assert figure.axes[0].get_facecolor()[:3] == (1, 1, 1)
    [width, opacity] = (np.linspace(*ends, 5) for ends in (embedding_trails.WIDTHS, embedding_trails.OPACITIES))
    assert (np.diff(width) > 0).all()
    assert (np.diff(opacity) > 0).all()


def test_steps_may_be_layers_too(network):
    _, table = embedding_trails.draw(network.reads, options({"state": "trained"}))
    assert list(table["layer"].unique()) == ["conv1", "conv2"]


@pytest.mark.parametrize("on", [{}, {"layer": "conv1", "state": "trained"}])
def test_what_is_no_row_of_steps_is_refused(network, on):
    with pytest.raises(StudyError, match="an evolution is over the snapshots of one layer or the layers of one snapshot"):
        embedding_trails.draw(network.reads, options(on))


def test_a_film_begins_at_the_first_step_and_ends_at_the_last(network):
    film, table = embedding_film.draw(network.reads, options({"layer": "conv1"}))
    [dots] = film.figure.axes[0].collections
    for number, epoch in ((0, 0), (film.frames - 1, 5)):
        film.show(number)
        np.testing.assert_array_equal(dots.get_offsets(), network.points[epoch, "conv1", 1, None])
        assert film.figure.axes[0].get_title() == f"epoch {epoch}"
    assert len(table) == 2 * N


def test_a_film_is_the_same_bytes_each_time(network, tmp_path):
    for name in ("one.gif", "two.gif"):
        film, _ = embedding_film.draw(network.reads, options({"layer": "conv1"}))
        save_film(film, tmp_path / name)
    assert (tmp_path / "one.gif").read_bytes() == (tmp_path / "two.gif").read_bytes()
    with Image.open(tmp_path / "one.gif") as shown:
        assert shown.n_frames >= embedding_film.MOVING


# Neurons


def test_the_neuron_that_tells_a_class_best_is_shown_by_default(network):
    figure, table = embedding_by_neuron.draw(network.reads, by_neuron())
    assert (table["neuron"] == 3).all()
    np.testing.assert_array_equal(table["activation"], network.outputs[:, 3])
    assert "Neuron 3 of 5" in " ".join(figure.get_suptitle().split())


def by_neuron(**named):
    return options({"layer": "conv1", "state": "trained"}, **{"class": None, "neuron": None, **named})


def test_a_neuron_can_be_named(network):
    _, table = embedding_by_neuron.draw(network.reads, by_neuron(neuron=1))
    np.testing.assert_array_equal(table["activation"], network.outputs[:, 1])


@pytest.mark.parametrize(("named", "message"), [({"neuron": 5}, "none of the 5 neurons"), ({"class": "dog"}, "no class")])
def test_a_neuron_or_class_that_is_not_there_is_named(network, named, message):
    with pytest.raises(StudyError, match=message):
        embedding_by_neuron.draw(network.reads, by_neuron(**named))


def test_dead_neurons_are_told_in_the_map(network):
    figure, table = neuron_map.draw(network.reads, options({"layer": "conv1"}, **{"class": None}))
    assert [axis.get_title() for axis in figure.axes] == ["untrained, 1 dead", "trained (epoch 5), 1 dead"]
    assert table.groupby("epoch")["living"].sum().tolist() == [4, 4]
    assert table.set_index(["epoch", "neuron"]).loc[(5, 3), "class"] == "bee"


def test_one_class_is_told_from_the_rest_in_the_map(network):
    _, table = neuron_map.draw(network.reads, options({"layer": "conv1", "state": "trained"}, **{"class": "bee"}))
    assert table["importance"].tolist() == [0.1, 0.1, 0.1, 0.8, 0.1]


def test_a_layer_whose_neurons_are_all_dead_is_drawn(network, tmp_path):
    neurons(tmp_path, np.zeros((3, WIDTH)), np.zeros(WIDTH, bool))
    for name in (None, "bee"):
        figure, table = neuron_map.draw(network.reads, options({"layer": "conv1"}, **{"class": name}))
        assert figure.axes[0].get_title() == "untrained, 5 dead"
        assert not table["living"].any()


def test_neurons_that_tell_no_class_have_none(network, tmp_path):
    """As where the sample has one class only."""
    neurons(tmp_path, np.zeros((2, WIDTH)), np.ones(WIDTH, bool))
    _, table = neuron_map.draw(network.reads, options({"layer": "conv1"}, **{"class": None}))
    assert set(table["class"]) == {""}
    with pytest.raises(StudyError, match="no neuron of the layer tells a class"):
        embedding_by_neuron.draw(network.reads, by_neuron())
    with pytest.raises(StudyError, match="no neuron tells bee from the rest"):
        embedding_by_neuron.draw(network.reads, by_neuron(**{"class": "bee"}))
    assert len(embedding_by_neuron.draw(network.reads, by_neuron(neuron=2))[1]) == N


@pytest.mark.parametrize("draw", [embedding_trails.draw, embedding_film.draw])
def test_steps_that_diverged_are_named(network, tmp_path, draw):
    network.points[5, "conv1", 1, None][3] = np.nan
    network.reads.embedding[0] = made(tmp_path, network.labels).embedding(network.points, status="diverged: not finite")
    with pytest.raises(StudyError, match="the embedding of conv1 at epoch 5 is diverged"):
        draw(network.reads, options({"layer": "conv1"}))


# Clusters


def clusters(network, **more):
    about = {"observations": [], "insets": 10, "images": 4, "gap": 2.0, "smallest": 0.2, "mark_misclassified": False}
    return embedding_insets.draw(network.reads, options({"layer": "conv1", "state": "trained"}, **{**about, **more}))


def test_both_halves_of_a_split_class_have_an_inset(network, tmp_path):
    points = network.points[5, "conv1", 1, None]
    points[(network.labels == 2) & (np.arange(N) < 30)] += 50
    network.reads.embedding[0] = made(tmp_path, network.labels).embedding(network.points)
    _, table = clusters(network)
    assert set(table["cluster"]) == {"cat a", "cat b"}
    assert sorted(table["observations"]) == [10, 10]
    own = {int(row) for rows in table["rows"] for row in rows.split()}
    assert own <= set(network.index[network.labels == 2])


def test_without_a_split_class_every_class_has_one(network):
    figure, table = clusters(network, gap=50.0)
    assert set(table["cluster"]) == set(CLASSES)
    assert len(figure.axes) == 4


def test_observations_can_be_named(network):
    row = int(network.index[7])
    _, table = clusters(network, observations=[row])
    assert table["rows"][0].split()[0] == str(row)
    with pytest.raises(StudyError, match="row 0 of the split is not in the sample"):
        clusters(network, observations=[0])


# Misclassified observations, one class, one scale


def panels(network, **more):
    about = {"columns": 4, "panel_inches": 1.7, "mark_misclassified": False, "class": None, "shared_axes": False}
    return embedding_panels.draw(network.reads, options({"layer": "conv1"}, **{**about, **more}))


def test_misclassified_observations_are_marked(network):
    taken_for = network.labels.copy()
    taken_for[:7] = (taken_for[:7] + 1) % 3
    with h5py.File(network.reads.activations[1], "a") as file:
        for epoch in SNAPSHOTS:
            store.write_predictions(file, epoch, taken_for, np.zeros(N, np.float32))
    seal_of(network.reads.activations[1]).unlink()
    figure, _ = panels(network, mark_misclassified=True)
    right, wrong = figure.axes[0].collections
    assert (len(right.get_offsets()), len(wrong.get_offsets())) == (N - 7, 7)
    assert "misclassified (colour: the true class)" in [text.get_text() for key in figure.legends for text in key.get_texts()]


def test_one_class_is_told_from_the_rest(network):
    figure, _ = panels(network, **{"class": "bee"})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["bee", "rest"]
    with pytest.raises(StudyError, match="'dog' is no class"):
        panels(network, **{"class": "dog"})


def test_panels_can_share_their_scale(network):
    figure, _ = panels(network, shared_axes=True)
    first, second = figure.axes[:2]
    assert first.get_xlim() == second.get_xlim()
    assert first.get_ylim() == second.get_ylim()
