"""How far a training is, from the state that it keeps on disk after every epoch."""

import json
import os
import time
from dataclasses import dataclass

from layerscope import store
from layerscope.files.sources import literal
from layerscope.jobs.jobs import Jobs

RESUME = "layerscope.training.resume"
# The split whose loss and accuracy are told: the first that a training has.
SPLITS = ("validation", "test")
LONGEST_HEADER = 100_000_000
# A state is looked at no more often than after so many seconds: there may be many trainings, on a file system that is far away.
LOOK = 2.0


@dataclass(frozen=True)
class Epoch:
    """The last finished epoch of a training, counted from 1. attempt: from 0.

    loss, accuracy: on the validation split, or where there is none on the test split; None if unknown.
    """

    attempt: int
    epoch: int
    loss: float | None
    accuracy: float | None

    def told(self, epochs: int) -> str:
        """One short phrase. epochs: of the whole training."""
        numbers = [
            f"{name} {value:.3g}" for name, value in (("loss", self.loss), ("accuracy", self.accuracy)) if value is not None
        ]
        again = [f"attempt {self.attempt + 1}"] if self.attempt else []
        return ", ".join([*again, f"epoch {self.epoch}/{epochs}", *numbers])


def last_epoch(checkpoints: str, since: float) -> Epoch | None:
    """The last epoch that the training of a checkpoints file has finished; None before the first, or where that is not known.

    since: when the training began, in seconds since the epoch; an older state is of another one.
    """
    state = store.unfinished_training(checkpoints) / literal(RESUME, "STATE")
    try:
        if os.stat(state).st_mtime < since - 1:
            return None
        with open(state, "rb") as file:
            # A safetensors file begins with the length of its header, which is JSON.
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length < LONGEST_HEADER else {}
        about = json.loads(header["__metadata__"][literal(RESUME, "ABOUT")])["about"]
        rows = {row["split"]: row for row in about["history"] if row["epoch"] == about["epoch"]}
        row: dict = next((rows[split] for split in SPLITS if split in rows), {})
        return Epoch(about["attempt"], about["epoch"], row.get("loss"), row.get("accuracy"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Trainings:
    """The trainings of a study that are running, by their states on disk."""

    def __init__(self, jobs: Jobs):
        self._jobs = jobs
        # Network and when its training began → when it was looked at, and what was seen.
        self._seen: dict[tuple[str, float], tuple[float, Epoch | None]] = {}

    def progress(self, run: str, since: float) -> tuple[str, float]:
        """How far the training of a network is: a phrase ("" before its first epoch has ended), and the share of its epochs.

        since: when it began, in seconds since the epoch.
        """
        looked, epoch = self._seen.get((run, since), (0.0, None))
        if time.time() - looked >= LOOK:
            # A training that has ended takes its state away before its job ends.
            epoch = last_epoch(self._jobs.path("checkpoints", run=run), since) or epoch
            self._seen[run, since] = (time.time(), epoch)
        if epoch is None:
            return "", 0.0
        epochs = self._jobs.study.training_of(self._jobs.views.runs[run])["epochs"]
        return epoch.told(epochs), min(1.0, epoch.epoch / epochs)
