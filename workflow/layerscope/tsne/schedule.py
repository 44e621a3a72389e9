"""The schedule of t-SNE's gradient descent: its two phases, the constants of its step gains, and when it stops."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

INITIAL_MOMENTUM, FINAL_MOMENTUM = 0.5, 0.8
GAIN_STEP, GAIN_DECAY, LOWEST_GAIN = 0.2, 0.8, 0.01
# Iterations between two values of the trace, at which the descent may stop.
TRACE_EVERY = 50


@dataclass(frozen=True)
class Schedule:
    """The settings of a descent.

    exaggeration: factor on P for the first `exaggerated` of `iterations`, in which the momentum is 0.5 instead of 0.8.
    patience: the descent stops after more iterations than this without a lower divergence. lowest_gradient: the descent stops
    when the norm of the gradient is this small. Both are checked every 50 iterations after the exaggeration.
    """

    exaggeration: float
    exaggerated: int
    iterations: int
    learning_rate: float
    patience: int
    lowest_gradient: float

    def steps(self) -> Iterator[tuple[int, float, float, bool]]:
        """The iterations: the number of each from 1 on, the factor on P, the momentum, and whether to begin anew with it.

        Once the exaggeration is over, velocities and gains are reset: they were adapted to the exaggerated objective.
        """
        for done in range(1, self.iterations + 1):
            if done <= self.exaggerated:
                yield done, self.exaggeration, INITIAL_MOMENTUM, False
            else:
                yield done, 1.0, FINAL_MOMENTUM, done == self.exaggerated + 1

    def traced(self, done: int) -> bool:
        """Whether the objective is evaluated after `done` iterations."""
        return done % TRACE_EVERY == 0 or done == self.iterations


def adapted_gains(library, gains, onward):
    """The gains of the next step: higher where it goes on in the direction of the last one, else lower (Jacobs 1988).

    gains, onward: arrays of the library, numpy or torch.
    """
    return library.where(onward, gains + GAIN_STEP, library.clip(gains * GAIN_DECAY, LOWEST_GAIN, None))


class Stopping:
    """Decides, at each value of the trace, whether to stop a descent."""

    def __init__(self, schedule: Schedule):
        self.schedule = schedule
        self.lowest, self.lowest_at = np.inf, 0

    def after(self, done: int, objective: float, gradient: float = np.inf) -> bool:
        """Whether to stop after `done` iterations. gradient: the norm of the gradient in the last one.

        A descent stops if its objective is not finite. Once the exaggeration is over, it also stops if the objective has not
        reached a new minimum for more iterations than the patience, or if the gradient is small enough.
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
