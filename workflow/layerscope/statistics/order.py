"""The order in which names stand in figures and tables."""

import re


def by_number(name: str) -> list[str | float]:
    """A sort key of names by which numbers inside them stand by their size: layers2 before layers10, lr1e-05 before lr0p1."""
    parts = re.split(r"(\d+(?:p\d+)?(?:e-\d+)?)", name)
    return [float(part.replace("p", ".")) if place % 2 else part for place, part in enumerate(parts)]
