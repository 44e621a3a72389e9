"""Dynamic t-SNE: independent without a weight, one picture with a large one, and at rest in between."""

from itertools import pairwise

import numpy as np
import pytest

from layerscope.embedding import dynamic_tsne
from layerscope.geometry.pairwise import squared_distance_blocks
from layerscope.tsne.affinities import joint_probabilities
from layerscope.tsne.descent import descend
from layerscope.tsne.dynamic import descend_dynamically, fit_dynamically, mean_squared_displacement, objective
from layerscope.tsne.estimator import ExactTSNE
from layerscope.tsne.exact import AllPairs, divergence
from layerscope.tsne.schedule import Schedule

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
        np.testing.assert_array_equal(points, descend(AllPairs(joint), start, schedule()).points)


def test_a_weight_trades_divergence_for_stillness(joints, start):
    found = [descend_dynamically(joints, start, schedule(), weight) for weight in (0.0, 0.01, 0.1, 1.0, 10.0)]
    displacements = [one.displacement for one in found]
    assert displacements == sorted(displacements, reverse=True)
    assert found[0].divergences.sum() < found[-1].divergences.sum()


def test_a_weight_of_a_million_gives_one_picture_for_all_steps(joints):
    """About as good, over five starts, as one picture that is made for the mean of all steps: each descent ends in an optimum."""
    common = sum(joints) / STEPS
    reached = []
    for seed in range(5):
        start = 1e-4 * np.random.default_rng(seed).normal(size=(N, 2))
        found = descend_dynamically(joints, start, schedule(), 1e6)
        assert found.retries == 0
        assert np.isfinite(found.points).all()
        assert np.abs(np.diff(found.points, axis=0)).max() < 1e-3 * np.abs(found.points).max()
        best = descend(AllPairs(common.astype(np.float32)), start, schedule(learning_rate=50.0 / STEPS))
        reached.append((found.divergences.sum(), sum(divergence(joint, best.points) for joint in joints)))
    together, alone = np.mean(reached, axis=0)
    assert together < 1.05 * alone


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


@pytest.mark.parametrize("rate", [1e4, 1e6, 1e8])
@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_rate_that_is_far_too_high_is_lowered_and_said(joints, start, rate, weight):
    """Whether points end nowhere, or merely above where they began."""
    found = descend_dynamically(joints, start, schedule(learning_rate=rate), weight)
    assert found.retries > 0
    assert found.learning_rate == rate / 2**found.retries
    began = sum(divergence(joint, start) for joint in joints)
    assert objective(found.divergences, found.displacement, weight) < began


def test_one_step_has_no_displacement(joints, start):
    found = descend_dynamically(joints[:1], start, schedule(), 5.0)
    assert found.displacement == 0
    np.testing.assert_array_equal(found.points[0], descend(AllPairs(joints[0]), start, schedule()).points)


# Arrays instead of similarities: layers of different widths, as a study has them

OPTIONS = {
    "perplexity": 10.0,
    "early_exaggeration": 12.0,
    "early_exaggeration_iterations": 100,
    "iterations": 150,
    "learning_rate": "auto",
    "initialisation": "pca",
    "over": "layers",
}


@pytest.fixture(scope="module")
def layers():
    """Three layers of 8, 5 and 3 units that tell three classes better and better."""
    generator = np.random.default_rng(3)
    told = np.eye(3)[np.arange(N) % 3]
    return [
        (generator.normal(size=(N, width)) + step * told @ generator.normal(size=(3, width)) * 2).astype(np.float32)
        for step, width in enumerate((8, 5, 3))
    ]


@pytest.mark.parametrize("initialisation", ["pca", "random"])
def test_lambda_0_is_t_sne_of_each_step_to_the_last_bit(layers, initialisation):
    found = dynamic_tsne.embed_steps(layers, {**OPTIONS, "initialisation": initialisation, "lambda": 0.0}, 7, 1)
    alone = ExactTSNE(perplexity=10, early_exaggeration_iter=100, max_iter=250, init=initialisation, random_state=7)
    for step, points in zip(found, layers, strict=True):
        np.testing.assert_array_equal(step.points, alone.fit_transform(points))
        assert step.kl_engine == alone.kl_divergence_


def test_what_is_stored_adds_up_to_the_objective_that_a_reader_recomputes(layers):
    """By scikit-learn's similarities, at the perplexity of the study."""
    from scipy.spatial.distance import pdist, squareform
    from sklearn.manifold._t_sne import _joint_probabilities

    found = dynamic_tsne.embed_steps(layers, {**OPTIONS, "lambda": 0.05}, 0, 1)
    for step, points in zip(found, layers, strict=True):
        p = squareform(_joint_probabilities(squareform(pdist(points, "sqeuclidean")).astype(np.float32), 10.0, 0))
        q = 1 / (1 + squareform(pdist(step.points.astype(np.float64), "sqeuclidean")))
        np.fill_diagonal(q, 0)
        q /= q.sum()
        known = p > 1e-12
        assert step.kl_engine == pytest.approx(np.sum(p[known] * np.log(p[known] / q[known])), rel=1e-3)
    moved = [np.square(b.points.astype(np.float64) - a.points).sum(axis=1).mean() for a, b in pairwise(found)]
    assert all(step.about["displacement"] == pytest.approx(np.mean(moved), rel=1e-5) for step in found)


def test_threads_change_no_byte(layers):
    one, two = (dynamic_tsne.embed_steps(layers, {**OPTIONS, "lambda": 0.05}, 0, threads) for threads in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.points, second.points)


def test_a_dead_step_leans_towards_its_neighbours(layers):
    """All neurons of one layer are dead: by itself it would be at the origin, and nothing fails."""
    dead = [layers[0], np.zeros((N, 4), np.float32), layers[2]]
    found = dynamic_tsne.embed_steps(dead, {**OPTIONS, "lambda": 0.05}, 0, 1)
    assert all(np.isfinite(step.points).all() and step.status == "ok" for step in found)
    between = (found[0].points + found[2].points) / 2
    assert np.corrcoef(found[1].points.ravel(), between.ravel())[0, 1] > 0.5
    assert np.linalg.norm(found[1].points) < np.linalg.norm(between)


def test_a_dead_step_by_itself_is_told(layers):
    found = dynamic_tsne.embed_steps([layers[0], np.zeros((N, 4), np.float32)], {**OPTIONS, "lambda": 0.0}, 0, 1)
    assert found[0].status == "ok"
    assert found[1].status.startswith("no variance")
    assert not found[1].points.any()


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_where_all_steps_are_dead_all_points_stay_at_the_origin(weight):
    dead = [np.ones((40, 3), np.float32), np.zeros((40, 2), np.float32)]
    for step in dynamic_tsne.embed_steps(dead, {**OPTIONS, "lambda": weight}, 0, 1):
        assert not step.points.any()
        assert step.status.startswith("no variance")


def test_steps_of_different_points_are_refused(layers):
    with pytest.raises(ValueError, match="the steps must have the same points"):
        fit_dynamically(ExactTSNE(), [layers[0], layers[1][:-1]], 0.1)
