"""Dynamic t-SNE: independent without a weight, one picture with a large one, and at rest in between."""

from itertools import pairwise

import numpy as np
import pytest

from layerscope.pairwise import squared_distance_blocks
from layerscope.tsne.affinities import joint_probabilities
from layerscope.tsne.descent import Schedule, descend, divergence
from layerscope.tsne.dynamic import descend_dynamically, mean_squared_displacement, objective

N, STEPS, PERPLEXITY = 90, 4, 10


def schedule(**options):
    settings = {"exaggeration": 12.0, "exaggerated": 100, "iterations": 500, "learning_rate": 50.0}
    return Schedule(**{**settings, "patience": 500, "lowest_gradient": 0.0, **options})


@pytest.fixture(scope="module")
def joints():
    """Three classes that drift apart from step to step."""
    generator = np.random.default_rng(0)
    noise, centres = generator.normal(size=(N, 8)), generator.normal(size=(3, 8))
    steps = [noise + step * 2 * centres[np.arange(N) % 3] for step in range(STEPS)]
    return [joint_probabilities(squared_distance_blocks(points), N, PERPLEXITY) for points in steps]


@pytest.fixture(scope="module")
def start():
    return 1e-4 * np.random.default_rng(1).normal(size=(N, 2))


def test_without_a_weight_every_step_is_embedded_by_itself(joints, start):
    together = descend_dynamically(joints, start, schedule(), 0.0)
    for joint, points in zip(joints, together.points, strict=True):
        np.testing.assert_array_equal(points, descend(joint, start, schedule()).points)


def test_a_weight_trades_divergence_for_stillness(joints, start):
    found = [descend_dynamically(joints, start, schedule(), weight) for weight in (0.0, 0.01, 0.1, 1.0, 10.0)]
    displacements = [one.displacement for one in found]
    assert displacements == sorted(displacements, reverse=True)
    assert found[0].divergences.sum() < found[-1].divergences.sum()


def test_a_weight_of_a_million_gives_one_picture_for_all_steps(joints, start):
    found = descend_dynamically(joints, start, schedule(), 1e6)
    assert found.retries == 0
    assert np.isfinite(found.points).all()
    assert np.abs(np.diff(found.points, axis=0)).max() < 1e-3 * np.abs(found.points).max()
    common = sum(joints) / STEPS
    best = descend(common.astype(np.float32), start, schedule(learning_rate=50.0 / STEPS))
    attained = sum(divergence(joint, best.points) for joint in joints)
    assert found.divergences.sum() < 1.05 * attained


def test_what_is_returned_is_the_objective_of_the_points(joints, start):
    found = descend_dynamically(joints, start, schedule(), 0.1)
    by_hand = 0.0
    for joint, points in zip(joints, found.points, strict=True):
        squared = np.square(points[:, None] - points[None]).sum(axis=2)
        affinities = 1 / (1 + squared)
        np.fill_diagonal(affinities, 0)
        shares, known = affinities / affinities.sum(), joint > 0
        by_hand += float((joint[known] * np.log(joint[known] / shares[known])).sum())
    moved = np.mean([np.square(after - before).sum(axis=1).mean() for before, after in pairwise(found.points)])
    assert found.displacement == pytest.approx(moved)
    assert objective(found.divergences, found.displacement, 0.1) == pytest.approx(by_hand + 0.1 * moved, rel=1e-5)


def test_it_ends_where_the_whole_gradient_is_small(joints, start):
    """Numerically, in random directions, beside the gradients of the divergences alone."""
    weight = 0.2
    found = descend_dynamically(joints, start, schedule(iterations=5000, patience=5000), weight)
    generator = np.random.default_rng(2)

    def value(points, displaced=weight):
        divergences = [divergence(joint, own) for joint, own in zip(joints, points, strict=True)]
        return objective(np.array(divergences), mean_squared_displacement(points), displaced)

    slopes, partial = [], []
    for _ in range(20):
        direction = generator.normal(size=found.points.shape)
        direction /= np.linalg.norm(direction)
        ahead, behind = found.points + 1e-3 * direction, found.points - 1e-3 * direction
        slopes.append(abs(value(ahead) - value(behind)) / 2e-3)
        partial.append(abs(value(ahead, 0.0) - value(behind, 0.0)) / 2e-3)
    assert np.mean(slopes) < 0.1 * np.mean(partial)


def test_a_rate_that_is_far_too_high_is_lowered_and_said(joints, start):
    found = descend_dynamically(joints, start, schedule(learning_rate=1e8), 0.1)
    assert found.retries > 0
    assert found.learning_rate == 1e8 / 2**found.retries


def test_one_step_has_no_displacement(joints, start):
    found = descend_dynamically(joints[:1], start, schedule(), 5.0)
    assert found.displacement == 0
    np.testing.assert_array_equal(found.points[0], descend(joints[0], start, schedule()).points)
