"""What each wildcard can be, as an expression that stays short for any number of networks."""

from collections.abc import Iterable


def products(tuples: Iterable[Iterable[object]]) -> list[tuple[tuple, ...]]:
    """Blocks, each a tuple of values for every place, whose products are together exactly the given tuples of one length."""
    blocks = [tuple((value,) for value in values) for values in tuples]
    for place in reversed(range(len(blocks[0]) if blocks else 0)):
        merged: dict[tuple, list] = {}
        for block in blocks:
            merged.setdefault((block[:place], block[place + 1 :]), []).extend(block[place])
        blocks = [(*before, tuple(values), *after) for (before, after), values in merged.items()]
    return blocks


def any_of(values: Iterable[object]) -> str:
    """An expression that fits each of the values."""
    return f"(?:{'|'.join(map(str, values))})"
