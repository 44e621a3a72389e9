"""The terminal of a person: messages above, below them a line for each running job and a bar, drawn again and again."""

import contextlib
from collections.abc import Callable
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from layerscope.console.names import duration
from layerscope.console.screen import RunningJob, Screen, State

DRAWN_PER_SECOND = 2
SHORTEST_BAR, LONGEST_BAR = 5, 30
CUT = "…"


class Bar(Screen):
    """A terminal that shows the state of a study below the messages. state: asked for whenever it is drawn."""

    def __init__(self, stream: TextIO, state: Callable[[], State], colours: bool):
        super().__init__(stream)
        self._state = state
        self._console = Console(file=stream, no_color=None if colours else True, highlight=False)
        self._live = Live(console=self._console, get_renderable=self._drawn, refresh_per_second=DRAWN_PER_SECOND, transient=True)
        self._live.start()

    def say_step(self, text: str) -> None:
        """Write nothing: the running jobs are shown."""

    def write(self, text: str, urgent: bool) -> None:
        """Write a message above the bar; an urgent one in red, where the terminal has colours."""
        self._console.print(Text(text, style="bold red" if urgent else ""), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away, and give the terminal its cursor back."""
        with contextlib.suppress(OSError, ValueError):
            self._live.stop()

    def _drawn(self) -> Group:
        width, height = self._console.size
        state = self._state()
        lines = running_lines(state.running, width - 1, max(1, height - 4))
        # A terminal that echoes Ctrl-C after a full line would begin another one, and that would stay.
        bar = drawn_bar(state, width - len("^C") - 1)
        return Group(*(Text(line, no_wrap=True, overflow="crop") for line in lines), bar)


def running_lines(running: list[RunningJob], width: int, most: int) -> list[str]:
    """A line for each running job, none wider than `width`; of more than `most`, the last line says how many more there are."""
    shown = running if len(running) <= most else running[: most - 1]
    lines = [_fitted(job.name, f"{job.progress}  {duration(job.seconds)}".strip(), width) for job in shown]
    return lines + ([f"and {len(running) - len(shown)} more"[:width]] if len(shown) < len(running) else [])


def _fitted(left: str, right: str, width: int) -> str:
    """Two texts at the ends of a line. Where there is no room for both, the left one loses what follows its first word."""
    room = max(0, width - len(right) - 2)
    if len(left) > room:
        rule, _, name = left.partition(" ")
        kept = max(0, room - len(rule) - 1 - len(CUT))
        left = f"{rule} {CUT}{name[len(name) - kept :]}"[:room]
    return f"{left:<{room}}  {right}"[:width]


def drawn_bar(state: State, width: int) -> Table:
    """The bar in a line no wider than `width`, with its numbers."""
    told = state.told()
    room = width - len(state.study) - len(told) - 2
    table = Table.grid(padding=(0, 1))
    length = max(SHORTEST_BAR, min(LONGEST_BAR, room))
    drawn = ProgressBar(total=1.0, completed=state.share, width=length)
    table.add_row(Text(state.study, no_wrap=True), drawn, Text(told, no_wrap=True))
    table.width = min(width, len(state.study) + length + len(told) + 2)
    return table
