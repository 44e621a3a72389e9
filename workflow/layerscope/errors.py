"""Errors whose messages are written for the user."""

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Mapping

# How a stage that was stopped ends.
INTERRUPTED = "interrupted; run the same command again to go on"
# Texts in PyTorch's RuntimeErrors when its CPU allocator or a CUDA library runs out of memory.
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")


class StudyError(Exception):
    """A problem that the user can fix; its text names the key or file, the value, and what to do.

    There is one message per mistake. Characters that cannot be printed, from a file's name or content, are escaped.

    more_may_follow: checks that rely on what is wrong have not run yet.
    """

    def __init__(self, *messages: str, more_may_follow: bool = False):
        self.messages = tuple(map(printable, messages))
        self.more_may_follow = more_may_follow
        super().__init__("\n".join(self.messages))

    def told(self) -> str:
        """All messages as a command prints them, a line each."""
        last = ["more may be found once these are mended"] if self.more_may_follow else []
        return "\n".join(f"layerscope: {line}" for line in (*self.messages, *last))


class MachineError(StudyError):
    """The system refuses access to a file (no permission, no locks, a full or failing disk); the file itself may be intact."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether CPU or GPU memory ran out: NumPy raises MemoryError, PyTorch OutOfMemoryError or a plain RuntimeError."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in OUT_OF_MEMORY)


class Mistakes:
    """Collects the mistakes in one file, so that the user sees all of them at once."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    @contextlib.contextmanager
    def gathered(self) -> Iterator[None]:
        """Collect the messages of a StudyError that the block raises, and continue after the block."""
        try:
            yield
        except StudyError as error:
            self.messages += error.messages

    def refuse(self, more_may_follow: bool = False) -> None:
        """Raise StudyError with all messages, each once, if there are any. more_may_follow: as for StudyError."""
        if self.messages:
            raise StudyError(*dict.fromkeys(self.messages), more_may_follow=more_may_follow)


def printable(text: str) -> str:
    """A text whose characters that cannot be printed are escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def nearest(value: object, allowed: Iterable[str], also_called: Mapping[str, str] | None = None) -> str:
    """The allowed name that is closest to a name, "" where none is close. also_called: as for one_of."""
    names = list(allowed)
    known = (also_called or {}).get(str(value).lower(), "")
    if known in names:
        return known
    return next(iter(difflib.get_close_matches(str(value), names, n=1, cutoff=0.6)), "")


def one_of(value: object, allowed: Iterable[str], also_called: Mapping[str, str] | None = None, in_order: bool = False) -> str:
    """A hint for a name that is not in `allowed`: the closest allowed name, if there is one, then all of them.

    also_called: what people call the same thing elsewhere → the allowed name. in_order: whether they stand in their order, as
    values do, and not in that of their letters.
    """
    names = list(allowed) if in_order else sorted(allowed)
    near = nearest(value, names, also_called)
    hint = f"did you mean '{near}'? " if near else ""
    return f"{hint}allowed: {', '.join(names) or '(nothing is defined)'}"
