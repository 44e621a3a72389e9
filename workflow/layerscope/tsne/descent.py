"""Gradient descent on the objective of t-SNE over all pairs of points, as in van der Maaten's reference implementation."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from layerscope.geometry.pairwise import three_coordinates
from layerscope.tsne.schedule import GAIN_DECAY, GAIN_STEP, LOWEST_GAIN, Schedule, Stopping


@dataclass(frozen=True)
class Descent:
    """points: (n, d) float64. divergence: the exact objective of these points, in nat. iterations: how many were run.

    trace: (m, 2) float64, iteration counts and the divergence (without exaggeration) after each of them.
    """

    points: np.ndarray
    divergence: float
    iterations: int
    trace: np.ndarray


def descend(joint: np.ndarray, start: np.ndarray, schedule: Schedule) -> Descent:
    """Minimise the Kullback-Leibler divergence of Q from P (van der Maaten and Hinton 2008, equations 4 and 5).

    After the exaggeration, momentum and gains are reset, as in scikit-learn: keeping them gave final divergences that were
    1 % higher on average.

    joint: (n, n) float32, P. start: (n, d <= 3). Sums over the pairs of a row are float32 and vectorised; sums over rows,
    and the points, are float64. Each row is summed by one thread, so the result is bitwise the same with any number of
    threads. Only P takes O(n^2) memory. A descent that diverges stops at the next value of the trace, with points that are
    not finite.
    """
    n, dimensions = start.shape
    coordinates = three_coordinates(np.asarray(start, dtype=np.float64))
    single = coordinates.astype(np.float32)
    velocity, gains = np.zeros((3, n)), np.ones((3, n))
    attraction, repulsion, affinities = np.empty((3, n)), np.empty((3, n)), np.empty(n)
    trace: list[tuple[int, float]] = []
    stopping = Stopping(schedule)
    done = 0
    while done < schedule.iterations:
        if done == schedule.exaggerated:
            # Momentum and gains were adapted to the exaggerated objective.
            velocity[:], gains[:] = 0.0, 1.0
        exaggeration, momentum = schedule.phase(done)
        forces(joint, single, attraction, repulsion, affinities)
        gradient = _step(
            coordinates,
            velocity,
            gains,
            attraction,
            repulsion,
            affinities.sum(),
            exaggeration,
            momentum,
            schedule.learning_rate,
        )
        single[:] = coordinates
        done += 1
        if schedule.traced(done):
            trace.append((done, divergence(joint, coordinates[:dimensions].T)))
            if stopping.after(done, trace[-1][1], gradient):
                break
    points = np.ascontiguousarray(coordinates[:dimensions].T)
    final = trace[-1][1] if trace else divergence(joint, points)
    return Descent(points, final, done, np.array(trace).reshape(-1, 2))


def divergence(joint: np.ndarray, points: np.ndarray) -> float:
    """The Kullback-Leibler divergence KL(P || Q) in nat, of P, joint (n, n) float32, and Q of the points (n, d <= 3)."""
    n = len(points)
    divergences, masses, affinities = np.empty(n), np.empty(n), np.empty(n)
    _divergences(joint, three_coordinates(np.asarray(points, dtype=np.float64)), divergences, masses, affinities)
    return float(divergences.sum() + np.log(affinities.sum()) * masses.sum())


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "arcp"})
def forces(joint, coordinates, attraction, repulsion, affinities):
    """For each point, sums over all others of p w (y_i - y_j), of w^2 (y_i - y_j) and of w = 1 / (1 + |y_i - y_j|^2).

    The gradient of the divergence is 4 (attraction - repulsion / affinities.sum()), van der Maaten and Hinton 2008, equation 5.

    joint: (n, n) float32, P. coordinates: (3, n) float32. Written to: attraction and repulsion, (3, n), and affinities, (n,),
    float64.
    """
    xs, ys, zs = coordinates[0], coordinates[1], coordinates[2]
    for own in prange(len(affinities)):
        x, y, z = xs[own], ys[own], zs[own]
        pulled_x, pulled_y, pulled_z = np.float32(0), np.float32(0), np.float32(0)
        pushed_x, pushed_y, pushed_z = np.float32(0), np.float32(0), np.float32(0)
        total = np.float32(0)
        for other in range(len(affinities)):
            dx, dy, dz = x - xs[other], y - ys[other], z - zs[other]
            affinity = np.float32(1) / (np.float32(1) + dx * dx + dy * dy + dz * dz)
            pull, push = joint[own, other] * affinity, affinity * affinity
            pulled_x += pull * dx
            pulled_y += pull * dy
            pulled_z += pull * dz
            pushed_x += push * dx
            pushed_y += push * dy
            pushed_z += push * dz
            total += affinity
        attraction[0, own], attraction[1, own], attraction[2, own] = pulled_x, pulled_y, pulled_z
        repulsion[0, own], repulsion[1, own], repulsion[2, own] = pushed_x, pushed_y, pushed_z
        # The loop has counted the point itself, with an affinity of 1.
        affinities[own] = total - np.float32(1)


@njit(cache=True, error_model="numpy")
def _step(coordinates, velocity, gains, attraction, repulsion, normaliser, exaggeration, momentum, learning_rate):
    """Take one gradient step, move the mean of the points back to the origin, and return the norm of the gradient."""
    squared_norm = 0.0
    n = coordinates.shape[1]
    for axis in range(3):
        mean = 0.0
        for point in range(n):
            gradient = 4.0 * (exaggeration * attraction[axis, point] - repulsion[axis, point] / normaliser)
            squared_norm += gradient * gradient
            if gradient * velocity[axis, point] < 0.0:
                gains[axis, point] += GAIN_STEP
            else:
                gains[axis, point] = max(gains[axis, point] * GAIN_DECAY, LOWEST_GAIN)
            velocity[axis, point] = momentum * velocity[axis, point] - learning_rate * gains[axis, point] * gradient
            coordinates[axis, point] += velocity[axis, point]
            mean += coordinates[axis, point]
        mean /= n
        for point in range(n):
            coordinates[axis, point] -= mean
    return np.sqrt(squared_norm)


@njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _divergences(joint, coordinates, divergences, masses, affinities):
    xs, ys, zs = coordinates[0], coordinates[1], coordinates[2]
    for own in prange(len(affinities)):
        divergence, mass, affinity = 0.0, 0.0, 0.0
        for other in range(len(affinities)):
            dx, dy, dz = xs[own] - xs[other], ys[own] - ys[other], zs[own] - zs[other]
            reciprocal = 1.0 + dx * dx + dy * dy + dz * dz
            affinity += 1.0 / reciprocal
            probability = np.float64(joint[own, other])
            if probability > 0.0:
                divergence += probability * np.log(probability * reciprocal)
                mass += probability
        divergences[own], masses[own], affinities[own] = divergence, mass, affinity - 1.0
