"""The learning rate of every step of a training."""

import math
from bisect import bisect_right


def learning_rate(highest: float, options: dict, step: int, steps_per_epoch: int) -> float:
    """The learning rate of a step, counted from 0.

    highest: of the training, or of some parameters. options: of a training, with lr_decay, epochs and perhaps a schedule. A
    warm-up rises in equal steps to 1; `cosine` then falls along half a cosine to `lowest` over the steps that are left
    (Loshchilov and Hutter 2017, equation 5, without restarts); `step` multiplies by `factor` at the end of each of the epochs
    `at`. The result is divided by 1 + lr_decay · step.
    """
    schedule = options.get("schedule")
    share = 1.0 if schedule is None else _share(schedule, step, steps_per_epoch, options["epochs"])
    return highest * share / (1 + options["lr_decay"] * step)


def _share(schedule: dict, step: int, steps_per_epoch: int, epochs: int) -> float:
    warm = round(schedule["warmup"] * steps_per_epoch)
    if step < warm:
        return (step + 1) / warm
    if schedule["shape"] == "cosine":
        done = (step - warm) / (epochs * steps_per_epoch - warm)
        lowest = schedule["lowest"]
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * done)) / 2
    if schedule["shape"] == "step":
        return schedule["factor"] ** bisect_right(sorted(schedule["at"]), step // steps_per_epoch)
    return 1.0
