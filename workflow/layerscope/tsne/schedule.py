"""The course of a descent on the objective of t-SNE: its two phases, the gains of its steps, and when it stops."""

from dataclasses import dataclass

import numpy as np

INITIAL_MOMENTUM, FINAL_MOMENTUM = 0.5, 0.8
GAIN_STEP, GAIN_DECAY, LOWEST_GAIN = 0.2, 0.8, 0.01
# Iterations between two values of the trace, at which the descent may stop.
TRACE_EVERY = 50


@dataclass(frozen=True)
class Schedule:
    """How long and how fast the descent goes.

    exaggeration: factor on P for the first `exaggerated` of `iterations`, in which the momentum is 0.5 instead of 0.8.
    patience: iterations without a lower divergence after which it stops; lowest_gradient: norm at which it stops. Both
    are asked every 50 iterations after the exaggeration.
    """

    exaggeration: float
    exaggerated: int
    iterations: int
    learning_rate: float
    patience: int
    lowest_gradient: float

    def phase(self, iteration: int) -> tuple[float, float]:
        """The factor on P and the momentum of an iteration, counted from 0."""
        return (self.exaggeration, INITIAL_MOMENTUM) if iteration < self.exaggerated else (1.0, FINAL_MOMENTUM)

    def traced(self, done: int) -> bool:
        """Whether the objective is looked at after so many iterations."""
        return done % TRACE_EVERY == 0 or done == self.iterations


class Stopping:
    """Decides, at each value of the trace, whether a descent is over."""

    def __init__(self, schedule: Schedule):
        self.schedule = schedule
        self.lowest, self.lowest_at = np.inf, 0

    def after(self, done: int, objective: float, gradient: float = np.inf) -> bool:
        """Whether to stop after so many iterations. gradient: its norm in the last one.

        A descent stops where its objective is not finite and, once the exaggeration is over, where the objective has not fallen
        for more iterations than the patience, or the gradient is small enough.
        """
        if not np.isfinite(objective):
            return True
        if done <= self.schedule.exaggerated:
            return False
        if objective < self.lowest:
            self.lowest, self.lowest_at = objective, done
        elif done - self.lowest_at > self.schedule.patience:
            return True
        return gradient <= self.schedule.lowest_gradient
