"""Names of classes stand on their own points, in both clusters of a class, apart, and not where a class is mixed with others."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_names import Named, hits, is_mixed, name_classes, wanted, write_among
from layerscope.figures.shared.class_scatter import frame, show_all
from layerscope.figures.shared.style import COLUMN, apply_style

N = 60


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def clusters(*middles, spread=1.0):
    """N points around each of some places."""
    generator = np.random.default_rng(0)
    return np.concatenate([generator.normal(size=(N, 2)) * spread + middle for middle in middles])


def prepared(points):
    """A panel in which points are drawn."""
    figure, panels = sheet.panels(1, 1, COLUMN, COLUMN)
    axis = panels[0, 0]
    frame(axis)
    axis.scatter(*points.T, s=3)
    show_all(axis, points)
    sheet.fit(figure, axis)
    return axis


def named(points, labels, names):
    """(text, place in pixels, its box) of each name that is written."""
    axis = prepared(points)
    name_classes(axis, points, labels, names)
    pixels = axis.transData.transform(np.nan_to_num(points))
    return pixels, [(text.get_text(), text.get_window_extent()) for text in axis.texts]


def under(pixels, box):
    return ((pixels >= [box.x0, box.y0]) & (pixels <= [box.x1, box.y1])).all(axis=1)


def test_a_name_lies_on_its_own_class():
    labels = np.repeat([0, 1, 2], N)
    pixels, found = named(clusters((0, 0), (8, 0), (0, 8)), labels, ["a", "b", "c"])
    assert sorted(name for name, _ in found) == ["a", "b", "c"]
    for name, box in found:
        covered = labels[under(pixels, box)]
        assert len(covered)
        assert (covered == "abc".index(name)).all()


def test_a_class_in_two_clusters_is_named_in_both_and_not_between():
    """Its median lies among the points of the other class."""
    labels = np.repeat([0, 0, 1], N)
    pixels, found = named(clusters((-20, 0), (20, 0), (0, 0)), labels, ["a", "b"])
    assert sorted(name for name, _ in found) == ["a", "a", "b"]
    for name, box in found:
        assert (labels[under(pixels, box)] == "ab".index(name)).all()


@pytest.mark.parametrize("way", [(0.6, 0), (0, 0.6), (0, -2)], ids=["beside", "above", "far below, by its height"])
def test_a_second_cluster_close_to_the_first_has_no_name_of_its_own(way):
    """The gap is wide for so dense a class, and narrow beside its name."""
    generator = np.random.default_rng(2)
    pair = np.concatenate([generator.normal(size=(N, 2)) * 0.05, generator.normal(size=(N, 2)) * 0.05 + way])
    labels = np.repeat([0, 1], [2 * N, N])
    _, found = named(np.concatenate([pair, clusters((30, 0), spread=0.5)]), labels, ["ankle boot", "b"])
    assert sorted(name for name, _ in found) == ["ankle boot", "b"]


def test_of_two_names_close_to_each_other_that_of_the_larger_cluster_stays():
    generator = np.random.default_rng(2)
    large, small = generator.normal(size=(2 * N, 2)) * 0.05, generator.normal(size=(N, 2)) * 0.05 + (0, 3)
    labels = np.repeat([0, 1], [3 * N, N])
    pixels, found = named(np.concatenate([large, small, clusters((30, 0), spread=0.5)]), labels, ["ankle boot", "b"])
    [box] = [box for name, box in found if name == "ankle boot"]
    middle = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2
    of_large, of_small = pixels[: 2 * N].mean(axis=0), pixels[2 * N : 3 * N].mean(axis=0)
    assert np.linalg.norm(middle - of_large) < np.linalg.norm(middle - of_small)


def test_a_name_close_to_a_letter_that_must_stand_is_left_out():
    """The letters of insets are told of in their titles."""
    points, labels = clusters((0, 0), (30, 0), spread=0.5), np.repeat([0, 1], N)
    axis = prepared(points)
    cluster = np.flatnonzero(labels == 0)
    write_among(axis, points, labels, [Named("A", 0, cluster[:20], must=True), Named("ankle boot", 0, cluster)])
    assert [text.get_text() for text in axis.texts] == ["A"]


def test_what_lies_about_beside_a_cluster_is_no_second_one():
    """A third of a class are scattered far from its cluster: as far from one another as from that."""
    generator = np.random.default_rng(1)
    scattered = generator.uniform(-1, 1, size=(N // 2, 2)) * (14, 22) + (20, 0)
    points = np.concatenate([clusters((0, 0), (-30, 0)), scattered])
    labels = np.repeat([0, 1, 0], [N, N, N // 2])
    _, found = named(points, labels, ["a", "b"])
    assert sorted(name for name, _ in found) == ["a", "b"]


def test_classes_that_are_mixed_have_no_names():
    points = np.random.default_rng(0).normal(size=(6 * N, 2))
    _, found = named(points, np.arange(6 * N) % 6, list("abcdef"))
    assert found == []


@pytest.mark.parametrize(
    ("hit", "count", "total", "mixed"),
    [(0.19, 101, 1001, True), (0.21, 101, 1001, False), (0.7, 51, 101, False), (0.6, 51, 101, True)],
)
def test_mixed_is_below_twice_chance_or_a_quarter_of_the_way_from_chance_with_few_classes(hit, count, total, mixed):
    assert is_mixed(hit, count, total) == mixed


def test_names_that_would_overlap_are_apart():
    labels = np.repeat(np.arange(9), N)
    middles = [(4 * (place % 3), 4 * (place // 3)) for place in range(9)]
    _, found = named(clusters(*middles, spread=0.5), labels, [f"a long name {place}" for place in range(9)])
    assert len(found) >= 3
    for place, (_, box) in enumerate(found):
        assert not any(box.overlaps(other) for _, other in found[place + 1 :])


def test_where_most_points_lie_at_one_place_no_class_is_named_for_its_order():
    """As under a dead filter: which of them come first in the file is no matter of their class."""
    points = np.concatenate([np.zeros((5 * N, 2)), clusters((30, 0), spread=3.0)])
    labels = np.concatenate([np.repeat(np.arange(5), N), np.arange(N) % 5])
    assert wanted(points, labels, list("abcde")) == []


def test_a_class_that_alone_lies_at_one_place_is_named():
    points = np.concatenate([np.zeros((N, 2)), clusters((30, 0), spread=3.0)])
    found = wanted(points, np.repeat([0, 1], N), ["still", "moving"])
    assert [one.text for one in found] == ["still", "moving"]


def test_points_that_are_nowhere_and_classes_without_points_have_no_name():
    points = clusters((0, 0), (9, 9))
    points[:N] = np.nan
    assert [text for text, _ in named(points, np.repeat([0, 1], N), ["a", "b", "c"])[1]] == ["b"]
    assert named(np.full((4, 2), np.nan), np.arange(4), list("abcd"))[1] == []


def test_one_observation_is_named():
    assert [text for text, _ in named(np.zeros((1, 2)), np.zeros(1, int), ["a"])[1]] == ["a"]
    assert np.isnan(hits(np.zeros((1, 2)), np.zeros(1, int))).all()


def test_an_outlier_does_not_carry_the_name_of_a_class_that_lies_among_others():
    """Wherever the class is dense, its name would lie on more points of the other one than on its own."""
    grid = np.stack(np.meshgrid(*2 * [np.linspace(-3, 3, 60)]), axis=-1).reshape(-1, 2)
    own = np.repeat(np.random.default_rng(0).uniform(-2.5, 2.5, size=(40, 2)), 3, axis=0)
    points = np.concatenate([grid, own, [[9.0, 9.0]]])
    labels = np.repeat([0, 1], [len(grid), len(own) + 1])
    assert {one.text for one in wanted(points, labels, ["", "b"])} == {"b"}
    pixels, found = named(points, labels, ["", "b"])
    assert not any(under(pixels, box)[-1] for _, box in found)


def test_underscores_are_blanks_and_long_names_are_cut_in_their_middle():
    texts = [one.text for one in wanted(clusters((0, 0), (9, 9)), np.repeat([0, 1], N), ["ankle_boot", "x" * 20 + "y" * 20])]
    assert texts == ["ankle boot", f"{'x' * 7}…{'y' * 16}"]


def test_a_name_does_not_hide_a_small_cluster():
    points = np.concatenate([np.zeros((4, 2)), 10 + np.zeros((4, 2))]) + np.arange(8)[:, None] % 4 / 100
    labels = np.repeat([0, 1], 4)
    pixels, found = named(points, labels, ["a", "b"])
    assert sorted(name for name, _ in found) == ["a", "b"]
    for _, box in found:
        assert not under(pixels, box).any()
