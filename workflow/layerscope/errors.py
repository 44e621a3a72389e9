"""The one kind of error that a person is meant to read."""

import difflib
from collections.abc import Iterable


class StudyError(Exception):
    """Something that the person can mend; its text names the key or file, the value, and what to do.

    One line, in which characters that cannot be printed (of a file's name, or of what it holds) are spelt out.
    """

    def __init__(self, text: str):
        super().__init__("".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text))


class MachineError(StudyError):
    """The machine refuses a file (no permission, no locks, a full or failing disk), which may well be whole."""


def one_of(value: object, allowed: Iterable[str]) -> str:
    """What to say of a name that is none of `allowed`: the nearest one where there is one, then all of them."""
    names = sorted(allowed)
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}allowed: {', '.join(names) or '(nothing is defined)'}"
