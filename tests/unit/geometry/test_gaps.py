"""Classes in one piece, and classes in two."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.geometry.gaps import split_in_two
from layerscope.scoring.class_split import score
from layerscope.scoring.shared.score_input import Representation, ScoreInput

SPLIT = 2.0


def two_blobs(n=200, apart=9.0, share=0.4, seed=0):
    """Points of unit spread, the first `share` of them moved apart, and which those are."""
    points = np.random.default_rng(seed).normal(size=(n, 2))
    first = np.arange(n) < share * n
    points[first, 0] += apart
    return points, first


def test_two_clusters_are_found_and_told_apart():
    points, first = two_blobs()
    found = split_in_two(points, 0.2)
    assert found.gap > SPLIT
    np.testing.assert_array_equal(found.second, first)


@pytest.mark.parametrize("shape", ["normal", "disc", "bar"])
@pytest.mark.parametrize("n", [60, 200, 600])
def test_one_cluster_of_any_shape_has_no_such_gap(shape, n):
    generator = np.random.default_rng(n)
    points = generator.uniform(-1, 1, (4 * n, 2))
    made = {
        "normal": generator.normal(size=(n, 2)),
        "disc": points[np.square(points).sum(axis=1) < 1][:n],
        "bar": points[:n] * [4, 1],
    }
    assert split_in_two(made[shape], 0.2).gap < SPLIT


def row(n, step, start=0.0):
    """(n, 2) points in a row at equal steps."""
    return np.stack([start + step * np.arange(n), np.zeros(n)], axis=1)


def test_a_gap_is_in_units_of_the_spacing_on_its_sparser_side():
    """Two rows of 20 at steps of 1 and of 2, 30 apart: most fifth neighbours are 3 and 6 away, so the gap is 30 / 6."""
    points = np.concatenate([row(20, 1), row(20, 2, start=19 + 30)])
    found = split_in_two(points, 0.2)
    assert found.gap == pytest.approx(5)
    assert found.second.sum() == 20


def test_points_scattered_about_a_cluster_are_no_second_cluster():
    """They are as far from the cluster as from one another, many times its spacing."""
    generator = np.random.default_rng(0)
    cluster = generator.normal(size=(150, 2)) / 10
    scattered = generator.uniform(-10, 10, (200, 2))
    points = np.concatenate([cluster, scattered[np.abs(scattered).max(axis=1) > 3][:60]])
    assert split_in_two(points, 0.2).gap < SPLIT


@pytest.mark.parametrize("side", [0.0, 25.0])
def test_two_clusters_are_found_beside_scattered_points(side):
    """The longest edge leads to the scattered points, which lie beside or around; the widest gap is that of the clusters."""
    generator = np.random.default_rng(1)
    clusters = generator.normal(size=(160, 2)) * 0.3
    clusters[80:, 0] += 12
    scattered = generator.uniform(-14, 14, (50, 2)) + np.array([6, side])
    found = split_in_two(np.concatenate([clusters, scattered]), 0.2)
    assert found.gap > 10
    assert {found.second[:80].all(), found.second[80:160].all()} == {True, False}
    assert found.second[:80].any() != found.second[80:160].any()


def by_hand(points, smallest):
    """The gap by its definition: every edge of the tree in turn, and what is left of it."""
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
    from scipy.spatial.distance import cdist

    distances = cdist(points, points)
    core = np.sort(distances, axis=1)[:, 5]
    reach = np.maximum(distances, np.maximum(core[:, None], core))
    np.fill_diagonal(reach, 0)
    tree = minimum_spanning_tree(reach).tocoo()
    edges = list(zip(tree.row, tree.col, tree.data, strict=True))
    gaps = [np.nan]
    for removed in range(len(edges)):
        left = np.zeros(reach.shape)
        for number, (row, column, length) in enumerate(edges):
            if number != removed:
                left[row, column] = length
        _, group = connected_components(left, directed=False)
        if min(np.bincount(group)) >= smallest * len(points):
            medians = [np.median([e[2] for n, e in enumerate(edges) if n != removed and group[e[0]] == g]) for g in (0, 1)]
            gaps.append(edges[removed][2] / max(medians))
    return np.nanmax(gaps)


@pytest.mark.parametrize("seed", range(6))
def test_the_gap_is_that_of_its_definition(seed):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(40, 2)) * generator.choice([0.1, 1, 5], (40, 1)) + generator.choice([0, 6], (40, 1))
    assert split_in_two(points, 0.2).gap == pytest.approx(by_hand(points, 0.2))


def test_a_few_points_far_away_are_no_second_cluster():
    points, _ = two_blobs(share=0.1, apart=30.0)
    assert split_in_two(points, 0.2).gap < SPLIT
    assert split_in_two(points, 0.05).gap > SPLIT


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50), st.integers(0, 5))
def test_neither_scale_shift_nor_order_matters(scale, shift, seed):
    points, _ = two_blobs(n=80, seed=seed)
    order = np.random.default_rng(seed).permutation(80)
    found, changed = split_in_two(points, 0.2), split_in_two(scale * points[order] + shift, 0.2)
    assert changed.gap == pytest.approx(found.gap, rel=1e-6)
    np.testing.assert_array_equal(changed.second, found.second[order])


@pytest.mark.parametrize("points", [np.zeros((50, 2)), np.zeros((0, 2)), np.arange(10.0).reshape(5, 2)])
def test_too_few_or_coinciding_points_have_no_gap(points):
    found = split_in_two(points, 0.2)
    assert np.isnan(found.gap)
    assert not found.second.any()


def scored(points, labels):
    subject = ScoreInput(Representation(points, labels), points, "embedding")
    options = {"smallest": 0.2}
    asked = {"gap": ("class_gap", options), "split": ("split_classes", {**options, "gap": SPLIT})}
    return score(subject, asked)


def test_the_share_of_split_classes_is_counted():
    split, _ = two_blobs()
    whole = np.random.default_rng(1).normal(size=(200, 2)) + 40
    found = scored(np.vstack([split, whole]), np.repeat([0, 1], 200))
    assert found["split"].value == 0.5
    gaps = [split_in_two(points, 0.2).gap for points in (split, whole)]
    assert found["gap"].value == pytest.approx(np.mean(gaps))


def test_a_class_without_a_gap_counts_as_one_piece():
    split, _ = two_blobs()
    found = scored(np.vstack([split, np.zeros((200, 2))]), np.repeat([0, 1], 200))
    assert found["split"].value == 0.5


def test_one_class_alone_is_scored():
    points, _ = two_blobs()
    assert scored(points, np.zeros(200, int))["split"].value == 1.0


def test_classes_whose_points_coincide_have_a_reason():
    found = scored(np.zeros((60, 2)), np.arange(60) % 2)
    assert all(np.isnan(one.value) and one.reason for one in found.values())


def test_a_diverged_embedding_has_a_reason():
    found = scored(np.full((60, 2), np.nan), np.arange(60) % 2)
    assert all(np.isnan(one.value) and one.reason == "not finite" for one in found.values())
