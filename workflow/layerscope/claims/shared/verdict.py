"""Derive a verdict from a confidence interval."""

import numpy as np

from layerscope.statistics.estimates import Difference

Judged = tuple[Difference, str]


def judged(found: Difference, expect: str) -> Judged:
    """An estimate and its verdict: whether its interval is above or below 0."""
    return found, verdict(found.low, found.high, expect)


def verdict(low: float, high: float, expect: str, bound: float = 0.0) -> str:
    """supported, contradicted or undecided: the interval is on the expected side of a bound, on the other, or includes it.

    expect: positive if the quantity is expected above the bound, negative if below. An interval that is not finite is undecided.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return "undecided"
    above, below = low > bound, high < bound
    if expect == "negative":
        above, below = below, above
    return "supported" if above else "contradicted" if below else "undecided"
