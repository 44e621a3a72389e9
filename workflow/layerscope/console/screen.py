"""Where messages go: lines without control characters; and the state of a study, which is shown besides."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from layerscope.console.names import about

# Where messages are lines, the state of a study is told when nothing else was said for so many seconds.
SILENCE = 60.0
MOST_JOBS = 10


@dataclass(frozen=True)
class RunningJob:
    """A running job: its rule and name, how far it is where that is known, and for how many seconds it has been running."""

    name: str
    progress: str
    seconds: float


@dataclass(frozen=True)
class State:
    """How far a study is: the running jobs, the longest first; the share of the work; the seconds left (None: unknown).

    done, jobs: numbers of jobs.
    """

    study: str
    running: list[RunningJob] = field(default_factory=list)
    share: float = 0.0
    left: float | None = None
    done: int = 0
    jobs: int = 0

    def told(self) -> str:
        """All but the running jobs, in a phrase: `34 %, 12 of 83 jobs, about 2 min left`."""
        left = "" if self.left is None or self.done == self.jobs else f", {about(self.left)} left"
        return f"{100 * self.share:.0f} %, {self.done} of {self.jobs} jobs{left}"


class Screen:
    """A stream that messages are written to. Once it is gone, as a closed terminal is, nothing is said."""

    def __init__(self, stream: TextIO):
        self.stream: TextIO | None = stream

    def say(self, text: str, urgent: bool = False) -> None:
        """Write a message, which may have several lines. urgent: to be seen among others, where that can be."""
        if self.stream is None or not text or text == "None":
            return
        try:
            self.write(text, urgent)
        except (OSError, ValueError):
            # The study goes on: its logs have what it says.
            self.stream = None

    def say_step(self, text: str) -> None:
        """Write that a job begins or ends, unless the screen shows the running jobs anyway."""
        self.say(text)

    def write(self, text: str, urgent: bool) -> None:
        """Write a message to the stream, which is there."""
        assert self.stream is not None
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def close(self) -> None:
        """Leave the stream as it was."""


class Lines(Screen):
    """A stream to which the state of a study is written too, when nothing else was for a while. state: asked for then."""

    def __init__(self, stream: TextIO, state: Callable[[], State], silence: float = SILENCE):
        super().__init__(stream)
        self._state, self._silence = state, silence
        self._said = time.monotonic()
        self._over = threading.Event()
        threading.Thread(target=self._tell_state, daemon=True).start()

    def write(self, text: str, urgent: bool) -> None:
        """As for Screen."""
        self._said = time.monotonic()
        super().write(text, urgent)

    def _tell_state(self) -> None:
        while not self._over.wait(max(0.01, self._said + self._silence - time.monotonic())):
            if time.monotonic() - self._said >= self._silence:
                state = self._state()
                told = [job for job in state.running if job.progress][:MOST_JOBS]
                self.say("\n".join([f"{state.study}: {state.told()}", *(f"    {job.name}: {job.progress}" for job in told)]))

    def close(self) -> None:
        """As for Screen."""
        self._over.set()
