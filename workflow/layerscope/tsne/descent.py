"""The gradient descent of t-SNE, as in van der Maaten's reference implementation, whatever evaluates the objective."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numba import njit

from layerscope.geometry.pairwise import three_coordinates
from layerscope.tsne.schedule import GAIN_DECAY, GAIN_STEP, LOWEST_GAIN, Schedule, Stopping


class Objective(Protocol):
    """What is minimised. Coordinates are (3, n), unused rows 0, so that one kernel serves up to three dimensions."""

    def forces(self, points: np.ndarray, attraction: np.ndarray, repulsion: np.ndarray) -> float:
        """Write the sums over others of p w (y_i - y_j) and of w^2 (y_i - y_j); return that of w over all pairs.

        w = 1 / (1 + |y_i - y_j|^2). The gradient is 4 (attraction - repulsion / the returned sum), van der Maaten and Hinton
        2008, equation 5. points: (3, n) float32. attraction, repulsion: (3, n) float64.
        """

    def divergence(self, coordinates: np.ndarray) -> float:
        """The Kullback-Leibler divergence of Q from P in nat, for points (3, n) float64."""


@dataclass(frozen=True)
class Descent:
    """points: (n, d) float64. divergence: the objective of these points, in nat. iterations: how many were run.

    trace: (m, 2) float64, iteration counts and the divergence (without exaggeration) after each of them.
    """

    points: np.ndarray
    divergence: float
    iterations: int
    trace: np.ndarray


def descend(objective: Objective, start: np.ndarray, schedule: Schedule) -> Descent:
    """Minimise the Kullback-Leibler divergence of Q from P (van der Maaten and Hinton 2008, equations 4 and 5).

    After the exaggeration, momentum and gains are reset, as in scikit-learn: keeping them gave final divergences that were
    1 % higher on average.

    start: (n, d <= 3). Forces are evaluated at points in float32, and the points themselves are float64. A descent that diverges
    stops at the next value of the trace, with points that are not finite.
    """
    n, dimensions = start.shape
    coordinates = three_coordinates(np.asarray(start, dtype=np.float64))
    single = coordinates.astype(np.float32)
    attraction, repulsion = np.empty((3, n)), np.empty((3, n))
    moving = slice(dimensions)
    velocity, gains = np.zeros((dimensions, n)), np.ones((dimensions, n))
    trace: list[tuple[int, float]] = []
    stopping = Stopping(schedule)
    done = 0
    for done, exaggeration, momentum, anew in schedule.steps():
        if anew:
            velocity[:], gains[:] = 0.0, 1.0
        normaliser = objective.forces(single, attraction, repulsion)
        gradient = _step(
            coordinates[moving],
            velocity,
            gains,
            attraction[moving],
            repulsion[moving],
            normaliser,
            exaggeration,
            momentum,
            schedule.learning_rate,
        )
        single[:] = coordinates
        if schedule.traced(done):
            trace.append((done, objective.divergence(coordinates)))
            if stopping.after(done, trace[-1][1], gradient):
                break
    final = trace[-1][1] if trace else objective.divergence(coordinates)
    return Descent(np.ascontiguousarray(coordinates[moving].T), final, done, np.array(trace).reshape(-1, 2))


@njit(cache=True, error_model="numpy")
def _step(coordinates, velocity, gains, attraction, repulsion, normaliser, exaggeration, momentum, learning_rate):
    """Take one gradient step, move the mean of the points back to the origin, and return the norm of the gradient."""
    squared_norm = 0.0
    axes, n = coordinates.shape
    for axis in range(axes):
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
