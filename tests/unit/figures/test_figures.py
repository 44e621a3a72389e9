"""Figures of single networks and of scores by depth: what is drawn, and the table behind it."""

import json
from pathlib import Path

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_files import CLASSES, NETWORK, SNAPSHOTS, made
from printed import key_entries
from score_rows import OF_CONVOLUTION, OF_INPUT, OF_LAYER, only, told_of, written

from layerscope.errors import StudyError
from layerscope.figures import confused_pairs, embedding_grid, embedding_panels, filter_maps, score_by_depth
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


@pytest.fixture
def blobs(tmp_path):
    """A study of 60 observations in three classes that overlap, and their points."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, 60)
    points = generator.normal(size=(60, 2)) + np.array([[0, 0], [1.5, 0], [0, 1.5]])[labels]
    return made(tmp_path, labels), points.astype(np.float32)


def title(figure):
    """The heading in one line."""
    return " ".join(figure.get_suptitle().split())


def texts(axis):
    return [text.get_text() for text in axis.texts]


def cells(axis, below=0.0):
    """(row, column) → image of a panel of tiles. below: the room under each row, in sides of an image."""
    places = ((image, image.get_extent()) for image in axis.images)
    return {(int(top / (1 + below)), int(left)): image for image, (left, _, _, top) in places}


def names_of(axis, which):
    return [label.get_text() for label in getattr(axis, f"get_{which}ticklabels")()]


# confused_pairs


def confused(files, points, k=10, on=None, title="", **options):
    """The figure of the trained network's conv1, embedded at some points."""
    parts = points if isinstance(points, dict) else {(5, "conv1", 1, None): points}
    inputs = Reads(
        embedding=[files.of_input(np.zeros((len(files.labels), 2))), files.embedding(parts)],
        activations=files.activations({"conv1": np.zeros((len(files.labels), 1, 2, 2))}),
        data=files.data,
    )
    on = {"layer": "conv1", "state": "trained", "embedding": "tsne", **(on or {})}
    return confused_pairs.draw(inputs, {"k": k, "on": on, "snapshots": SNAPSHOTS, "title": title, **options})


def voted(points, labels, k):
    from sklearn.neighbors import KNeighborsClassifier

    points = points.astype(np.float64)
    return KNeighborsClassifier(k).fit(points, labels).predict(points)


@pytest.mark.parametrize("k", [1, 2, 3, 10, 59])
def test_counts_are_those_of_scikit_learn(blobs, k):
    files, points = blobs
    _, table = confused(files, points, k)
    expected = voted(points, files.labels, k)
    assert list(zip(table["class"], table["taken_for"], strict=True)) == [(a, b) for a in CLASSES for b in CLASSES]
    for row in table.itertuples():
        a, b = CLASSES.index(row[1]), CLASSES.index(row.taken_for)
        assert row.count == ((files.labels == a) & (expected == b)).sum()
    assert table["count"].sum() == 60


def test_one_neighbour_is_the_observation_itself(blobs):
    files, points = blobs
    _, table = confused(files, points, k=1)
    assert table[table["class"] != table["taken_for"]]["count"].sum() == 0


def test_the_first_observation_of_a_pair_is_named_by_its_place_in_the_sample_and_in_the_split(blobs):
    files, points = blobs
    _, table = confused(files, points)
    expected = voted(points, files.labels, 10)
    confusions = 0
    for row in table.itertuples():
        a, b = CLASSES.index(row[1]), CLASSES.index(row.taken_for)
        found = [place for place in range(60) if files.labels[place] == a and expected[place] == b]
        assert (row.position, row.row) == ((found[0], 2 * found[0] + 1) if found else ("", ""))
        confusions += bool(found) and a != b
    assert confusions > 2


def numbers_below(axis):
    """(row, column) → the number below an image, or the dash in its place, and whether it is bold."""
    room = 1 + confused_pairs.ROOM
    found = {}
    for text in axis.texts:
        x, y = text.get_position()
        # A number stands below its image, a dash in the middle of its place.
        top = y - (1 if text.get_text() != "–" else 0.5)
        found[round(top / room), int(x)] = (text.get_text(), text.get_weight() == "bold")
    return found


def test_classes_are_rows_and_what_they_are_taken_for_columns(blobs):
    files, points = blobs
    figure, table = confused(files, points)
    [axis] = figure.axes
    assert names_of(axis, "x") == names_of(axis, "y") == CLASSES
    assert axis.get_ylabel() == "true class"
    shown, numbers = cells(axis, confused_pairs.ROOM), numbers_below(axis)
    for row in table.itertuples():
        place = CLASSES.index(row[1]), CLASSES.index(row.taken_for)
        assert numbers[place] == ((str(row.count), row[1] != row.taken_for) if row.count else ("–", False))
        assert (place in shown) == bool(row.count)
        if row.count:
            np.testing.assert_allclose(shown[place].get_array(), files.images[row.row] / 255)


def test_a_cell_of_which_there_is_none_has_a_dash(tmp_path):
    labels = np.arange(30) % 3
    files = made(tmp_path, labels)
    figure, table = confused(files, separate(labels))
    assert list(table["count"]) == [10, 0, 0, 0, 10, 0, 0, 0, 10]
    numbers = numbers_below(figure.axes[0])
    assert {place for place, (text, _) in numbers.items() if text == "–"} == {
        (a, b) for a in range(3) for b in range(3) if a != b
    }


def test_of_many_classes_those_that_are_confused_most_are_shown(tmp_path):
    labels = np.arange(60) % 30
    files = made(tmp_path, labels, classes=[f"c{number}" for number in range(30)])
    points = np.c_[labels * 100.0 + np.arange(60) // 30, np.zeros(60)]
    # One c7 lies among the c20s, and one c20 among the c7s.
    points[[7, 20]] = points[[20, 7]]
    figure, table = confused(files, points.astype(np.float32), k=1)
    assert len(names_of(figure.axes[0], "x")) == confused_pairs.MOST_CLASSES
    assert len(table) == 900
    assert title(figure).endswith("the 14 of 30 classes that are confused most")


def separate(labels):
    """Points of classes that lie far apart."""
    return (np.random.default_rng(0).normal(size=(len(labels), 2)) + 100 * labels[:, None]).astype(np.float32)


def test_the_heading_says_what_was_counted(blobs):
    files, points = blobs
    figure, table = confused(files, points)
    confusions = table[table["class"] != table["taken_for"]]["count"].sum()
    assert title(figure) == (
        f"CNN (ReLU, seed 0) on digits, epoch 5: classes by the vote of 10 neighbours in t-SNE of layer 1 (conv1), "
        f"{confusions} of 60 observations taken for another class"
    )
    assert title(confused(files, points, title="Figure 7: outliers")[0]) == "Figure 7: outliers"


def test_a_pair_shows_both_classes_and_one_taken_for_the_other(blobs):
    files, points = blobs
    figure, table = confused(files, points, pair=["cat", "ant"])
    whole = confused(files, points)[1]
    pd.testing.assert_frame_equal(table, whole)
    assert [axis.get_title() for axis in figure.axes] == ["cat", "ant", "cat, taken for ant"]
    cells = [("cat", "cat"), ("ant", "ant"), ("cat", "ant")]
    for axis, (name, other) in zip(figure.axes, cells, strict=True):
        shown = only(table, **{"class": name, "taken_for": other})["row"]
        np.testing.assert_allclose(axis.images[0].get_array(), files.images[shown] / 255)


def test_a_pair_that_never_occurs_says_so(tmp_path):
    labels = np.arange(30) % 3
    figure, _ = confused(made(tmp_path, labels), separate(labels), pair=["ant", "cat"])
    assert [len(axis.images) for axis in figure.axes] == [1, 1, 0]
    assert texts(figure.axes[2]) == ["no ant is taken\nfor cat here"]


def test_a_pair_of_classes_that_the_sample_lacks_says_so(tmp_path):
    labels = np.ones(30, int)
    figure, table = confused(made(tmp_path, labels), separate(labels), pair=["ant", "cat"])
    assert [len(axis.images) for axis in figure.axes] == [0, 0, 0]
    assert only(table, **{"class": "bee", "taken_for": "bee"})["count"] == 30


def test_a_class_that_the_dataset_lacks_is_named_beside_those_that_it_has(blobs):
    files, points = blobs
    with pytest.raises(StudyError, match="pair: 'dog' is no class of the dataset; its classes are: ant, bee, cat"):
        confused(files, points, pair=["ant", "dog"])


def test_layer_and_snapshot_are_those_of_the_selector(blobs):
    """Whole layers alone: the filters of the same layer are passed over."""
    files, points = blobs
    other = separate(files.labels)
    parts = {(0, "conv1", 1, None): other, (5, "conv1", 1, 0): other, (5, "conv1", 1, None): points, (5, "conv2", 2, None): other}
    chosen = confused(files, points)[1]
    pd.testing.assert_frame_equal(confused(files, parts)[1], chosen)
    for on in ({"state": "untrained"}, {"layer": "conv2"}):
        table = confused(files, parts, on=on)[1]
        assert table[table["class"] != table["taken_for"]]["count"].sum() == 0


def test_a_snapshot_that_was_never_reached_is_named(blobs):
    files, points = blobs
    with pytest.raises(StudyError, match="has no embedding of the layer and snapshot that `on` names"):
        confused(files, {(0, "conv1", 1, None): points})


def test_more_neighbours_than_observations_are_refused_in_words(blobs):
    files, points = blobs
    with pytest.raises(StudyError, match="200"):
        confused(files, points, k=200)


def test_an_embedding_that_diverged_is_refused_in_words(blobs):
    files, points = blobs
    points[3] = np.nan
    with pytest.raises(StudyError, match="diverged"):
        confused(files, points)


def test_points_that_all_coincide_are_voted_on_by_the_first_of_them(tmp_path):
    """The embedding of a network whose layer says nothing: ten neighbours of every point are the first ten."""
    labels = np.array([0] * 2 + [1] * 8 + [2] * 20)
    _, table = confused(made(tmp_path, labels), np.zeros((30, 2), np.float32))
    assert list(table[table["taken_for"] == "bee"]["count"]) == [2, 8, 20]


@pytest.mark.parametrize(("shape", "shown"), [((4, 5), (4, 5)), ((3, 4, 5), (4, 5, 3)), ((7,), (1, 7))])
def test_images_of_every_kind_are_shown(tmp_path, shape, shown):
    labels = np.arange(30) % 3
    figure, _ = confused(made(tmp_path, labels, shape, white=16), separate(labels))
    image = cells(figure.axes[0], confused_pairs.ROOM)[0, 0].get_array()
    assert image.shape == shown
    assert 0.5 < image.max() <= 1


# filter_maps


FIRST = {"ant": 1, "bee": 2, "cat": 0}


@pytest.fixture
def maps(tmp_path):
    """A study of nine observations, of which position 1 is the first ant, 2 the first bee and 0 the first cat."""
    labels = np.array([2, 0, 1, 0, 1, 2, 0, 1, 2])
    generator = np.random.default_rng(2)
    layers = {"conv1": generator.random((9, 5, 3, 2)), "output": generator.random((9, 3))}
    return made(tmp_path, labels), {name: outputs.astype(np.float32) for name, outputs in layers.items()}


def mapped(files, layers, layer="conv1", name=None, on=None, title="", epochs=tuple(SNAPSHOTS)):
    inputs = Reads(activations=files.activations(layers, epochs), data=files.data)
    on = {"layer": layer, "state": "trained", **(on or {})}
    return filter_maps.draw(inputs, {"on": on, "snapshots": SNAPSHOTS, "title": title, "class": name})


def test_the_table_has_the_extremes_and_the_mean_of_every_map(maps):
    files, layers = maps
    _, table = mapped(files, layers)
    assert len(table) == 3 * 5
    assert set(table["layer"]) == {"conv1"}
    for name, position in FIRST.items():
        for number in range(5):
            row = only(table, **{"class": name, "filter": number})
            values = layers["conv1"][position, number]
            assert row["row"] == files.index[position]
            assert (row["minimum"], row["maximum"]) == (values.min(), values.max())
            assert row["mean"] == pytest.approx(values.mean())


def test_maps_are_those_of_the_snapshot_that_the_selector_names(maps):
    """The untrained network's are the negative of the trained one's here."""
    files, layers = maps
    _, trained = mapped(files, layers)
    _, untrained = mapped(files, {name: -outputs for name, outputs in layers.items()}, on={"state": "untrained"})
    pd.testing.assert_frame_equal(trained, untrained)


def test_classes_are_down_and_filters_across_in_one_scale(maps):
    files, layers = maps
    figure, _ = mapped(files, layers)
    axis, scale = figure.axes
    largest = layers["conv1"][list(FIRST.values())].max()
    shown = cells(axis)
    assert len(shown) == 15
    for row, position in enumerate(FIRST.values()):
        for number in range(5):
            np.testing.assert_array_equal(shown[row, number].get_array(), layers["conv1"][position, number])
            assert shown[row, number].get_clim() == (0, pytest.approx(largest))
    assert scale.get_ylim() == (0, pytest.approx(largest))
    assert (names_of(axis, "y"), names_of(axis, "x")) == (CLASSES, [str(number) for number in range(5)])
    assert title(figure) == "CNN (ReLU, seed 0) on digits, epoch 5: maps of the filters of conv1"


def test_a_filter_without_a_positive_value_is_called_dead(maps):
    files, layers = maps
    layers["conv1"][:, 2] = 0
    assert names_of(mapped(files, layers)[0].axes[0], "x") == ["0", "1", "2\ndead", "3", "4"]
    assert texts(mapped(files, layers, name="bee")[0].axes[0])[2].split() == ["filter", "2,", "dead"]


def test_more_filters_than_fit_go_on_in_a_further_band(maps):
    files, _ = maps
    figure, _ = mapped(files, {"conv1": np.random.default_rng(0).random((9, 40, 2, 2)).astype(np.float32)})
    first, second, _ = figure.axes
    assert names_of(first, "x") + names_of(second, "x") == [str(number) for number in range(40)]
    assert len(cells(first)) == len(cells(second)) == 3 * 20


@pytest.mark.parametrize("name", CLASSES)
def test_one_class_alone_has_an_image_a_filter(maps, name):
    files, layers = maps
    figure, table = mapped(files, layers, name=name)
    example = layers["conv1"][FIRST[name]]
    assert set(table["class"]) == {name}
    assert list(table["maximum"]) == [pytest.approx(values.max()) for values in example]
    axis = figure.axes[0]
    assert texts(axis) == [f"filter {number}" for number in range(5)]
    for image, values in zip(axis.images, example, strict=True):
        np.testing.assert_array_equal(image.get_array(), values)
        assert image.get_clim() == (0, pytest.approx(example.max()))
    assert title(figure).endswith(f"maps of the filters of conv1, class {name}")


def test_the_input_is_its_images(maps):
    files, layers = maps
    figure, table = mapped(files, layers, layer="input")
    assert list(table["class"]) == CLASSES
    assert set(table["filter"]) == {""}
    [axis] = figure.axes
    assert texts(axis) == CLASSES
    for shown, row, position in zip(axis.images, table.itertuples(), FIRST.values(), strict=True):
        image = files.images[files.index[position]] / 255
        np.testing.assert_allclose(shown.get_array(), image)
        assert shown.get_clim() == (0, 1)
        assert (row.minimum, row.maximum) == (image.min(), image.max())
        assert row.mean == pytest.approx(image.mean())
    assert title(figure) == "Digits, the first image of a class in the sample look"


def test_the_input_of_one_class_is_one_image(maps):
    files, layers = maps
    figure, table = mapped(files, layers, layer="input", name="bee")
    [axis] = figure.axes
    np.testing.assert_allclose(axis.images[0].get_array(), files.images[files.index[2]] / 255)
    assert only(table)["row"] == files.index[2]
    assert title(figure) == "Digits, the first image of a class in the sample look, class bee"


@pytest.mark.parametrize("name", [None, "bee"])
@pytest.mark.parametrize("values", [0.0, -0.5], ids=["a dead layer", "negative values"])
def test_layers_without_a_positive_value_can_be_drawn(maps, values, name):
    """A rectifier may give 0 everywhere, and tanh and others give values below it."""
    files, _ = maps
    figure, table = mapped(files, {"conv1": np.full((9, 2, 2, 2), values, np.float32)}, name=name)
    figure.canvas.draw()
    assert set(table["maximum"]) == {values}


def test_a_class_that_is_none_of_the_dataset_is_named(maps):
    files, layers = maps
    with pytest.raises(StudyError, match="class: 'dog' is no class of the dataset; its classes are: ant, bee, cat"):
        mapped(files, layers, name="dog")


@pytest.mark.parametrize("name", [None, "cat"])
def test_a_class_that_the_sample_lacks_is_named(tmp_path, name):
    files = made(tmp_path, [0, 1, 0, 1])
    with pytest.raises(StudyError, match="the sample has no observation of class cat; choose another class or sample"):
        mapped(files, {"conv1": np.zeros((4, 2, 2, 2), np.float32)}, name=name)


def test_a_class_that_is_there_is_shown_where_another_lacks(tmp_path):
    files = made(tmp_path, [0, 1, 0, 1])
    _, table = mapped(files, {"conv1": np.zeros((4, 2, 2, 2), np.float32)}, name="bee")
    assert set(table["row"]) == {files.index[1]}


@pytest.mark.parametrize("count", [1, 4, 5, 6, 16, 40])
def test_maps_fill_the_width_that_they_are_printed_at(maps, count):
    files, _ = maps
    figure, _ = mapped(files, {"conv1": np.random.default_rng(0).random((9, count, 6, 6)).astype(np.float32)})
    figure.canvas.draw()
    inked = (np.asarray(figure.canvas.buffer_rgba())[..., :3] < 255).any(axis=(0, 2))
    columns = np.flatnonzero(inked)
    assert (columns[-1] - columns[0]) / len(inked) > 0.8
    assert figure.get_figheight() <= 9


def test_a_layer_without_maps_is_refused(maps):
    files, layers = maps
    with pytest.raises(StudyError, match="layer output has no maps; filter_maps shows convolutions and the input"):
        mapped(files, layers, layer="output")


def test_a_snapshot_that_the_network_never_reached_has_no_maps(maps):
    files, layers = maps
    with pytest.raises(StudyError, match="has no layer conv1 at epoch 5"):
        mapped(files, layers, epochs=[0])


# score_by_depth


ROW = {**OF_LAYER, **OF_CONVOLUTION}


def scores_of_two_networks(seeds=2):
    """conv1 scored as a whole and by its three filters, of which the last is degenerate; conv2 as a whole; and the input."""
    rows = [{**ROW, **OF_INPUT, "value": 0.9}]
    for seed in map(float, range(seeds)):
        for state, epoch, shift in (("untrained", 0, 0.2), ("trained", 5, 0.0)):
            keys = {**ROW, "seed": seed, "state": state, "epoch": epoch}
            rows.append({**keys, "value": 77.0})
            for number, value in enumerate([0.1, 0.3, 0.8]):
                degenerate = "dead filter: answers to no observation" if number == 2 else ""
                rows.append({**keys, "filter": str(number), "value": value + shift + 0.1 * seed, "degenerate": degenerate})
            rows.append({**keys, "layer": "conv2", "depth": 2.0, "value": 0.05 + shift})
    return rows


def by_depth(folder, rows, filters=True, title="", **options):
    inputs = Reads(**written(folder, rows))
    told = {"score": "d_same", "metrics": told_of("d_same"), "filters": filters, "title": title}
    return score_by_depth.draw(inputs, {**told, **options})


def test_layers_of_which_filters_are_scored_stand_for_their_mean_and_others_are_whole(tmp_path):
    _, table = by_depth(tmp_path, scores_of_two_networks())
    trained = table[table["state"] == "trained"]
    assert only(trained, layer="conv1", filter="mean")["mean"] == pytest.approx(0.45)
    assert only(trained, layer="conv2")["mean"] == pytest.approx(0.05)
    assert only(trained, layer="conv2")["filter"] == ""
    assert only(table, layer="input")["mean"] == 0.9
    assert not (table["mean"] > 1).any()
    assert set(table["n_runs"]) == {1, 2}


def test_means_without_degenerate_filters_have_rows_of_their_own(tmp_path):
    _, table = by_depth(tmp_path, scores_of_two_networks())
    living = table[table["filter"] == "mean_without_degenerate"]
    assert list(zip(living["layer"], living["state"], strict=True)) == [("conv1", "untrained"), ("conv1", "trained")]
    assert only(living, state="trained")["mean"] == pytest.approx(0.25)
    assert only(living, state="untrained")["mean"] == pytest.approx(0.45)


def test_runs_of_a_network_are_counted_over_all_its_rows(tmp_path):
    """The first row is of ReLU alone, as one space can be asked for of fewer networks than another."""
    everywhere = [row for row in scores_of_two_networks(seeds=3) if row["state"] != "input"]
    tanh = [{**row, "activation": "tanh", "space": "tsne"} for row in everywhere]
    relu = [{**row, "space": space} for row in everywhere for space in ("pca", "tsne")]
    figure, _ = by_depth(tmp_path, tanh + relu)
    assert [panel.get_title().split("\n")[1] for panel in figure.axes if panel.get_title()] == ["2 × 3 runs"]


def test_means_without_degenerate_filters_are_hollow_markers_beside_the_line(tmp_path):
    figure, _ = by_depth(tmp_path, scores_of_two_networks(seeds=3))
    [panel] = figure.axes
    hollow = {line.get_label(): line for line in panel.lines if line.get_markerfacecolor() == "none"}
    assert sorted(hollow) == [f"ReLU, {state}, without degenerate filters" for state in ("trained", "untrained")]
    line = hollow["ReLU, trained, without degenerate filters"]
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([1], [pytest.approx(0.3)])
    [means] = [list(line.get_ydata()) for line in panel.lines if line.get_linewidth() > 1 and line.get_linestyle() == "-"]
    np.testing.assert_allclose(means, [0.9, 0.5, 0.05])
    # Chance, 1, lies near the values, and is a line.
    assert key_entries(figure) == ["untrained", "trained", "without degenerate filters", "chance"]


def runs_in(panel):
    """The lines of single runs of a panel."""
    return [list(line.get_ydata()) for line in panel.lines if line.get_linewidth() < 1 and len(line.get_xdata()) == 3]


@pytest.mark.parametrize(("seeds", "means"), [(2, 0), (3, 2)])
def test_fewer_than_three_runs_are_drawn_alone(tmp_path, seeds, means):
    """Without mean and interval, which two runs hardly tell anything of."""
    figure, _ = by_depth(tmp_path, scores_of_two_networks(seeds))
    [panel] = figure.axes
    of_runs = [line for line in runs_in(panel) if line != [1, 1, 1]]
    expected = [[0.9, 0.4 + shift + 0.1 * seed, 0.05 + shift] for seed in range(seeds) for shift in (0, 0.2)]
    assert sorted(of_runs) == [pytest.approx(line) for line in sorted(expected)]
    assert len([line for line in panel.lines if line.get_linewidth() > 1 and line.get_linestyle() != "None"]) == means
    assert len(panel.collections) == means


def test_flagged_runs_are_hollow(tmp_path):
    rows = [
        {**row, "degenerate": "near_chance"} if row["seed"] == 2 and row["epoch"] else row for row in scores_of_two_networks(3)
    ]
    figure, _ = by_depth(tmp_path, rows, filters=False)
    [panel] = figure.axes
    assert panel.get_title() == "CNN on digits\n3 runs, 1 flagged"
    [hollow] = [line for line in panel.lines if line.get_markerfacecolor() == "white"]
    assert list(hollow.get_ydata()) == [77, 0.05]
    assert "flagged run" in key_entries(figure)


def test_the_panel_names_its_network_and_its_layers(tmp_path):
    figure, _ = by_depth(tmp_path, scores_of_two_networks())
    [panel] = figure.axes
    assert panel.get_title() == "CNN on digits\n2 runs"
    assert [label.get_text() for label in panel.get_xticklabels()] == ["input", "conv1", "conv2"]
    label = "mean distance within classes (mean distance of all pairs), ← better in t-SNE"
    assert " ".join(panel.get_ylabel().split()) == label
    heading = "Mean distance within classes by depth, layers of filters by the mean over them: every line is a run"
    assert title(figure) == heading


def test_the_legend_does_not_take_the_height_of_the_panel(tmp_path):
    figure, _ = by_depth(tmp_path, scores_of_two_networks(), title="d_same")
    figure.canvas.draw()
    assert figure.axes[0].get_window_extent().height / figure.dpi > 1


def test_without_filters_every_layer_is_whole(tmp_path):
    figure, table = by_depth(tmp_path, scores_of_two_networks(), filters=False)
    assert set(table["filter"]) == {""}
    assert only(table, layer="conv1", state="trained")["mean"] == 77
    assert "filters" not in title(figure)


def test_layers_without_degenerate_filters_have_no_hollow_marker_of_another_value(tmp_path):
    rows = [{**row, "degenerate": ""} for row in scores_of_two_networks()]
    _, table = by_depth(tmp_path, rows)
    for state in ("trained", "untrained"):
        own = table[(table["state"] == state) & (table["layer"] == "conv1")]
        assert own["mean"].nunique() == 1


def test_a_layer_of_degenerate_filters_alone_has_a_mean_all_the_same(tmp_path):
    rows = [
        {**row, "degenerate": "dead filter: answers to no observation" if row["filter"] else ""}
        for row in scores_of_two_networks()
    ]
    _, table = by_depth(tmp_path, rows)
    assert "mean_without_degenerate" not in set(table["filter"])
    assert only(table, layer="conv1", state="trained")["mean"] == pytest.approx(0.45)


def test_a_network_that_diverged_is_counted_as_missing(tmp_path):
    rows = [{**row, "value": np.nan, "degenerate": "diverged"} if row["seed"] == 1 else row for row in scores_of_two_networks()]
    figure, table = by_depth(tmp_path, rows)
    figure.canvas.draw()
    row = only(table, layer="conv1", filter="mean", state="trained")
    assert (row["n_runs"], row["n_missing"], row["mean"]) == (1, 1, pytest.approx(0.4))


def test_spaces_are_down_and_networks_across(tmp_path):
    rows = scores_of_two_networks()
    rows += [{**row, "space": "raw", "embedding_seed": np.nan} for row in rows]
    rows += [{**row, "dataset": "other"} for row in rows]
    figure, _ = by_depth(tmp_path, rows)
    assert [axis.get_title() for axis in figure.axes] == ["CNN on digits\n2 runs", "CNN on other\n2 runs", "", ""]
    assert [axis.get_ylabel().split("\n")[-1] for axis in figure.axes][::2] == ["in the layer itself", "in t-SNE"]


def test_filters_that_nothing_chooses_make_no_figure(tmp_path):
    with pytest.raises(StudyError, match="no rows of d_same have a depth in what `on` chooses; widen it"):
        by_depth(tmp_path, scores_of_two_networks(), on={"layer": "conv9"})


# embedding_grid


def grid(files, sources, panels="layers", title="", **on):
    inputs = Reads(
        embedding=sources, activations=files.activations({"conv1": np.zeros((len(files.labels), 1, 2, 2))}), data=files.data
    )
    options = {"panels": panels, "point_size": 2, "panel_inches": 1.7, "snapshots": SNAPSHOTS, "title": title}
    options |= {"mark_misclassified": False}
    return embedding_grid.draw(inputs, {**options, "on": {"embedding": "tsne", **on}})


def everything(files, points):
    """Embeddings of the input, of conv1 as a whole and of two of its filters, at both snapshots."""
    parts = {(epoch, "conv1", 1, number): points + epoch + (number or 0) for epoch in SNAPSHOTS for number in (None, 0, 1)}
    return [files.of_input(points - 100), files.embedding(parts)]


def offsets(axis):
    return np.asarray(axis.collections[0].get_offsets())


def test_the_input_alone_is_one_panel_of_no_snapshot(blobs):
    files, points = blobs
    figure, table = grid(files, everything(files, points), layer="input")
    [axis] = figure.axes
    assert (axis.get_title(), axis.get_ylabel()) == ("layer 0 (input)", "")
    np.testing.assert_allclose(offsets(axis), points - 100, rtol=1e-5)
    assert sorted(texts(axis)) == CLASSES
    assert len(table) == 60
    assert set(table["layer"]) == {"input"}
    assert set(table["filter"]) == {""}
    np.testing.assert_array_equal(table["index"], files.index)
    np.testing.assert_array_equal(table["label"], files.labels)
    np.testing.assert_allclose(table[["x", "y"]], points - 100, rtol=1e-5)


def test_the_input_can_be_shown_where_no_network_is_embedded(blobs):
    files, points = blobs
    figure, table = grid(files, [files.of_input(points)], layer="input")
    assert len(figure.axes) == 1
    assert len(table) == 60
    assert title(figure) == "t-SNE of the input of digits, 60 observations (sample look)"


def test_one_filter_is_a_column_with_a_row_a_snapshot(blobs):
    files, points = blobs
    figure, table = grid(files, everything(files, points), panels="filters", layer="conv1", filter=1)
    untrained, trained = figure.axes
    assert [axis.get_title() for axis in figure.axes] == ["filter 1", ""]
    assert [axis.get_ylabel() for axis in figure.axes] == ["untrained", "trained (epoch 5)"]
    np.testing.assert_allclose(offsets(untrained), points + 1, rtol=1e-5)
    np.testing.assert_allclose(offsets(trained), points + 6, rtol=1e-5)
    assert len(table) == 120
    assert set(table["filter"]) == {1}
    assert set(table["epoch"]) == {0, 5}
    about = "t-SNE of the filters of layer 1 (conv1) of CNN (ReLU, seed 0) on digits, 60 observations (sample look)"
    assert title(figure) == about


def test_one_filter_of_one_snapshot_is_one_panel(blobs):
    files, points = blobs
    figure, table = grid(files, everything(files, points), panels="filters", layer="conv1", filter=0, state="trained")
    [axis] = figure.axes
    np.testing.assert_allclose(offsets(axis), points + 5, rtol=1e-5)
    assert set(zip(table["epoch"], table["filter"], strict=True)) == {(5, 0)}


def test_all_filters_of_a_layer_are_across(blobs):
    files, points = blobs
    figure, _ = grid(files, everything(files, points), panels="filters", layer="conv1")
    assert [axis.get_title() for axis in figure.axes] == ["filter 0", "filter 1", "", ""]


def test_more_filters_than_fit_the_width_go_on_in_a_further_band(blobs):
    files, points = blobs
    source = files.embedding({(epoch, "conv1", 1, number): points + number for epoch in SNAPSHOTS for number in range(9)})
    figure, _ = grid(files, [source], panels="filters", layer="conv1")
    bands = np.array(figure.axes).reshape(6, 3)
    shown = [[int(axis.get_title()[-1]) for axis in band if axis.get_title()] for band in bands]
    assert shown == [[0, 1, 2], [], [3, 4, 5], [], [6, 7, 8], []]
    assert [band[0].get_ylabel() for band in bands] == 3 * ["untrained", "trained (epoch 5)"]
    np.testing.assert_allclose(offsets(bands[5, 2]), points + 8, rtol=1e-5)


def test_beside_layers_the_input_stands_in_every_row_and_once_in_the_table(blobs):
    files, points = blobs
    figure, table = grid(files, everything(files, points))
    assert [axis.get_title() for axis in figure.axes] == ["layer 0 (input)", "layer 1 (conv1)", "", ""]
    for axis in figure.axes[::2]:
        np.testing.assert_allclose(offsets(axis), points - 100, rtol=1e-5)
    assert table["layer"].value_counts().to_dict() == {"conv1": 120, "input": 60}
    assert set(table["filter"]) == {""}


def test_an_embedding_that_went_wrong_says_so(blobs):
    files, _ = blobs
    status = "no variance: all points at the origin"
    source = files.embedding({(5, "conv1", 1, None): np.zeros((60, 2))}, status=status)
    figure, _ = grid(files, [source], layer="conv1")
    assert status in texts(figure.axes[0])


def test_a_grid_of_nothing_says_so(blobs):
    files, points = blobs
    with pytest.raises(StudyError, match="finds no embedding of what its `on` chooses; widen it"):
        grid(files, everything(files, points), panels="filters", layer="conv1", filter=7)


# embedding_panels


def panels(files, sources, columns=4, **on):
    inputs = Reads(
        embedding=sources, activations=files.activations({"conv1": np.zeros((len(files.labels), 1, 2, 2))}), data=files.data
    )
    options = {"columns": columns, "point_size": 2, "panel_inches": 1.7, "title": "", "on": on}
    options |= {"mark_misclassified": False, "class": None, "shared_axes": False}
    return embedding_panels.draw(inputs, options)


SHOWN = "t-SNE of layer 2 (conv2) of CNN (seed 0) on digits, epoch 5, sample look, 60 observations"


def of_network(files, points, name="tsne", layers=("conv1", "conv2"), **keys):
    """The embedding of some layers of one network, at both snapshots."""
    parts = {
        (epoch, layer, depth, None): points + 10 * epoch + depth for epoch in SNAPSHOTS for depth, layer in enumerate(layers, 1)
    }
    target = files.embedding(parts, {**NETWORK, **keys})
    moved = Path(target).with_name(f"{name}_{'_'.join(map(str, keys.values()))}.h5")
    Path(target).rename(moved)
    with h5py.File(moved, "r+") as file:
        params = json.loads(file.attrs["params"])
        params["keys"]["embedding"] = name
        file.attrs["params"] = json.dumps(params)
    return str(moved)


def test_panels_are_named_after_what_tells_them_apart(blobs):
    files, points = blobs
    sources = [of_network(files, points, activation=activation) for activation in ("relu", "tanh")]
    figure, table = panels(files, sources, activation=["tanh", "relu"], layer="last", state="trained")
    assert [axis.get_title() for axis in figure.axes] == ["tanh", "ReLU"]
    assert title(figure) == SHOWN
    np.testing.assert_allclose(offsets(figure.axes[0]), points + 52, rtol=1e-5)
    assert list(table["activation"].unique()) == ["tanh", "relu"]
    assert len(table) == 120


def test_methods_stand_side_by_side_in_the_order_of_the_selector(blobs):
    files, points = blobs
    sources = [of_network(files, points, name) for name in ("tsne", "pca")]
    figure, _ = panels(files, sources, embedding=["pca", "tsne"], layer="conv1", epoch=0)
    assert [axis.get_title() for axis in figure.axes] == ["PCA", "t-SNE"]


def test_the_input_is_no_last_layer(blobs):
    files, points = blobs
    sources = [of_network(files, points, activation="relu"), files.of_input(points)]
    figure, _ = panels(files, sources, layer="last", state="trained")
    assert len(figure.axes) == 1


def test_the_input_tells_no_networks_apart(blobs):
    files, points = blobs
    sources = [of_network(files, points, activation=activation) for activation in ("relu", "tanh")]
    figure, _ = panels(files, [*sources, files.of_input(points)], layer=["input", "conv2"], state="trained")
    assert [axis.get_title() for axis in figure.axes if axis.axison] == ["layer 0 (input)", "ReLU", "tanh"]
    assert title(figure) == SHOWN


def test_layers_go_on_in_further_rows_by_depth(blobs):
    files, points = blobs
    source = of_network(files, points, layers=("conv1", "conv2", "conv3"))
    figure, _ = panels(files, [source], columns=2, state="trained")
    assert [axis.get_title() for axis in figure.axes] == [f"layer {depth} (conv{depth})" for depth in (1, 2, 3)] + [""]
    assert [axis.axison for axis in figure.axes] == [True, True, True, False]


def test_panels_of_nothing_are_refused_in_words(blobs):
    files, points = blobs
    with pytest.raises(StudyError, match="the panels find no embedding"):
        panels(files, [of_network(files, points)], layer="conv9")
