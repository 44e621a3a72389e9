"""The one kind of error that a person is meant to read."""

import contextlib
import difflib
from collections.abc import Iterable, Iterator


class StudyError(Exception):
    """Something that the person can mend; its text names the key or file, the value, and what to do.

    A line for each mistake, in which characters that cannot be printed (of a file's name, or of what it holds) are spelt out.
    """

    def __init__(self, *messages: str):
        self.messages = tuple(map(_printable, messages))
        super().__init__("\n".join(self.messages))


class MachineError(StudyError):
    """The machine refuses a file (no permission, no locks, a full or failing disk), which may well be whole."""


class Mistakes:
    """The mistakes of one file, gathered so that a person hears of all of them at once."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    @contextlib.contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep the messages of a StudyError that the block raises, and go on behind it."""
        try:
            yield
        except StudyError as error:
            self.messages += error.messages

    def refuse(self) -> None:
        """Raise StudyError with all messages, each once, if there are any."""
        if self.messages:
            raise StudyError(*dict.fromkeys(self.messages))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def one_of(value: object, allowed: Iterable[str]) -> str:
    """What to say of a name that is none of `allowed`: the nearest one where there is one, then all of them."""
    names = sorted(allowed)
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}allowed: {', '.join(names) or '(nothing is defined)'}"
