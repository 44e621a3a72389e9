"""Dynamic t-SNE (Rauber, Falcão and Telea 2016): the same points at several steps, each step near the one before.

The steps are the layers or the epochs of a network. The objective is the sum over steps of the divergence of t-SNE, plus a
weight times the mean squared displacement of points between consecutive steps. The paper sums the displacement over the steps
instead of averaging it: its lambda, the factor of sum_t |Y_t - Y_t+1|^2 / 2n, is this weight times 2 / (T - 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from layerscope.geometry.pairwise import three_coordinates
from layerscope.tsne.descent import descend
from layerscope.tsne.estimator import ExactTSNE, prepared_for
from layerscope.tsne.exact import AllPairs, divergence
from layerscope.tsne.schedule import Schedule, Stopping, adapted_gains
from layerscope.tsne.threads import threads_limited

MOST_RETRIES = 20


@dataclass(frozen=True)
class DynamicDescent:
    """points: (T, n, d) float64. divergences: (T,), the exact objective of t-SNE at each step, in nat.

    displacement: the mean squared displacement between consecutive steps. iterations: how many were run.
    retries: how often the learning rate was halved because a descent diverged. learning_rate: the final one. Where steps are
    embedded separately, iterations and retries are the largest of all steps, learning_rate the lowest.
    """

    points: np.ndarray
    divergences: np.ndarray
    displacement: float
    iterations: int
    learning_rate: float
    retries: int


def mean_squared_displacement(points: np.ndarray) -> float:
    """The squared distance that a point moves between consecutive steps, averaged. points: (T, n, d). 0 for one step."""
    if len(points) < 2:
        return 0.0
    return float(np.square(np.diff(points, axis=0)).sum(axis=2).mean())


def objective(divergences: np.ndarray, displacement: float, weight: float) -> float:
    """The objective of dynamic t-SNE: the sum of the divergences plus weight times the mean squared displacement."""
    return float(np.sum(divergences) + weight * displacement)


def fit_dynamically(estimator: ExactTSNE, arrays: Sequence[np.ndarray], weight: float) -> DynamicDescent:
    """Dynamic t-SNE of the same n points at several steps, with the parameters of an estimator, which is not modified.

    min_grad_norm has an effect only with weight 0 or a single step.

    arrays: the steps in order, each (n, d_t); ValueError where they have different numbers of points. With weight 0 each step
    is bitwise what the estimator alone would find, unless the descent diverges (see descend_dynamically). Otherwise all
    steps share one start, the estimator's own for the first step that varies: noise, leading components or an array. In a step
    all of whose points coincide P is uniform: alone they would stay at the origin, here they follow the neighbouring steps. If
    that holds for all steps, all points stay at the origin.
    """
    counts = sorted({len(array) for array in arrays})
    if len(counts) > 1:
        raise ValueError(f"the steps must have the same points, not {counts} of them")
    with threads_limited(estimator.n_jobs):
        prepared = [prepared_for(estimator, array) for array in arrays]
        if weight == 0:
            return _side_by_side([descend_dynamically([joint], start, schedule, 0.0) for joint, start, schedule in prepared])
        moving = [(start, schedule) for _, start, schedule in prepared if schedule.iterations]
        start, schedule = (moving or [prepared[0][1:]])[0]
        return descend_dynamically([joint for joint, _, _ in prepared], start, schedule, weight)


def _side_by_side(alone: list[DynamicDescent]) -> DynamicDescent:
    points = np.concatenate([one.points for one in alone])
    return DynamicDescent(
        points,
        np.concatenate([one.divergences for one in alone]),
        mean_squared_displacement(points),
        max(one.iterations for one in alone),
        min(one.learning_rate for one in alone),
        max(one.retries for one in alone),
    )


def descend_dynamically(joints: Sequence[np.ndarray], start: np.ndarray, schedule: Schedule, weight: float) -> DynamicDescent:
    """Minimise the objective over all steps at once, from the same start for each.

    joints: P of each step, (n, n) float32. start: (n, d <= 3). weight: of the displacement, 0 or more; with 0 every step is
    bitwise the result of `descend`. The attraction between steps is integrated implicitly (a tridiagonal system per point), so
    that a large weight is stable: the steps then coincide. If a descent diverges all the same (its objective ends higher than
    it began, or not finite), it is repeated with half the learning rate, up to twenty times; after that the points are NaN.
    """
    began = objective(np.array([divergence(joint, start) for joint in joints]), 0.0, weight)
    for retries in range(MOST_RETRIES + 1):
        # No warnings of overflow: a descent that diverges is detected by its objective below.
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            found = _descend(joints, start, schedule, weight, retries)
        ended = objective(found.divergences, found.displacement, weight)
        # Where nothing moves, the objective before and after may still differ in the last digits.
        if np.isfinite(ended) and ended <= began + 1e-9 * abs(began):
            return found
        schedule = replace(schedule, learning_rate=schedule.learning_rate / 2)
    return replace(found, points=np.full_like(found.points, np.nan))


def _descend(joints: Sequence[np.ndarray], start: np.ndarray, schedule: Schedule, weight: float, retries: int) -> DynamicDescent:
    if weight == 0 or len(joints) == 1:
        alone = [descend(AllPairs(joint), start, schedule) for joint in joints]
        points, iterations = np.stack([found.points for found in alone]), max(found.iterations for found in alone)
        return _described(joints, points, iterations, schedule, retries)
    steps, (n, dimensions) = len(joints), start.shape
    coordinates = np.repeat(three_coordinates(np.asarray(start, dtype=np.float64))[None], steps, axis=0)
    single = coordinates.astype(np.float32)
    before = np.empty_like(coordinates)
    velocity, gains = np.zeros_like(coordinates), np.ones_like(coordinates)
    attraction, repulsion = np.empty((3, n)), np.empty((3, n))
    objectives = [AllPairs(joint) for joint in joints]
    pull = schedule.learning_rate * 2 * weight / ((steps - 1) * n)
    stopping = Stopping(schedule)
    done = 0
    for done, exaggeration, momentum, anew in schedule.steps():
        if anew:
            velocity[:], gains[:] = 0.0, 1.0
        before[:] = coordinates
        for step, of_step in enumerate(objectives):
            normaliser = of_step.forces(single[step], attraction, repulsion)
            gradient = 4 * (exaggeration * attraction - repulsion / normaliser)
            coordinates[step] += momentum * velocity[step] - schedule.learning_rate * gains[step] * gradient
        _pull_together(coordinates, gains, pull)
        moved = coordinates - before
        # Gains adapt as in `descend`, but by the whole move of a point, which includes the attraction between steps.
        gains = adapted_gains(np, gains, (moved - momentum * velocity) * velocity > 0)
        velocity = moved
        single[:] = coordinates
        if schedule.traced(done):
            points = coordinates[:, :dimensions].transpose(0, 2, 1)
            divergences = [divergence(joint, own) for joint, own in zip(joints, points, strict=True)]
            now = objective(np.array(divergences), mean_squared_displacement(points), weight)
            if not np.isfinite(now):
                coordinates[:] = np.nan
            if stopping.after(done, now):
                break
    points = np.ascontiguousarray(coordinates[:, :dimensions].transpose(0, 2, 1))
    return _described(joints, points, done, schedule, retries)


def _described(
    joints: Sequence[np.ndarray], points: np.ndarray, iterations: int, schedule: Schedule, retries: int
) -> DynamicDescent:
    divergences = np.array([divergence(joint, own) for joint, own in zip(joints, points, strict=True)])
    displacement = mean_squared_displacement(points)
    return DynamicDescent(points, divergences, displacement, iterations, schedule.learning_rate, retries)


@njit(cache=True)
def _pull_together(coordinates, gains, pull):
    """Solve (I + pull G L) y = coordinates for each point and axis, L the Laplacian of the chain of steps, G their gains.

    At a fixed point the gradients of the divergences and of the displacement cancel, whatever the gains. Afterwards each step
    is centred on the origin.
    """
    steps, axes, n = coordinates.shape
    above, right = np.empty(steps), np.empty(steps)
    for axis in range(axes):
        for point in range(n):
            for step in range(steps):
                own = pull * gains[step, axis, point]
                beside = 1.0 if step in (0, steps - 1) else 2.0
                diagonal = 1.0 + own * beside
                value = coordinates[step, axis, point]
                if step > 0:
                    diagonal += own * above[step - 1]
                    value += own * right[step - 1]
                above[step] = -own / diagonal
                right[step] = value / diagonal
            coordinates[steps - 1, axis, point] = right[steps - 1]
            for step in range(steps - 2, -1, -1):
                coordinates[step, axis, point] = right[step] - above[step] * coordinates[step + 1, axis, point]
        for step in range(steps):
            mean = 0.0
            for point in range(n):
                mean += coordinates[step, axis, point]
            mean /= n
            for point in range(n):
                coordinates[step, axis, point] -= mean
