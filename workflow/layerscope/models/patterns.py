"""Patterns of names of modules and parameters, as a study writes them. torch is not imported."""

import re
from collections.abc import Sequence
from difflib import get_close_matches


def fits(name: str, pattern: str) -> bool:
    """Whether a module's or parameter's name fits a pattern: * is what stands between dots, ** any part, ? a letter."""
    spelt = {"**": ".*", "*": "[^.]*", "?": "[^.]"}
    steps = re.findall(r"\*\*|\*|\?|[^*?]+", pattern)
    return re.fullmatch("".join(spelt.get(step, re.escape(step)) for step in steps), name) is not None


def nearest(name: str, names: Sequence[str]) -> str:
    """Words on which of some names come nearest to one that none of them is."""
    near = get_close_matches(name, names, n=3, cutoff=0.3) or names[:3]
    return f"the nearest are {', '.join(near)}"
