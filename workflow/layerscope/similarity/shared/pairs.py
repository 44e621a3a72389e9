"""Which steps of a sequence, such as the layers of a network, are compared with which others."""

from itertools import combinations

# What each step of a sequence may be compared with: all later ones, or one other.
ALL, PREVIOUS, FIRST, LAST = "all", "previous", "first", "last"


def pairs_of(count: int, compared_with: str) -> list[tuple[int, int]]:
    """(place of a step, place of the other) for `count` steps in their order; no step is compared with itself.

    all: every step with each one after it. previous, first, last: a pair for each step that has such another one.
    """
    steps = range(count)
    if compared_with == ALL:
        return list(combinations(steps, 2))
    other = {PREVIOUS: lambda step: step - 1, FIRST: lambda step: 0, LAST: lambda step: count - 1}[compared_with]
    return [(step, other(step)) for step in steps if 0 <= other(step) != step]
