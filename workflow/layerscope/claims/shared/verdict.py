"""From an interval to a verdict."""

import numpy as np

from layerscope.statistics.estimates import Difference

Judged = tuple[Difference, str]


def judged(found: Difference, expect: str) -> Judged:
    """An estimate with the verdict that its interval leads to beside 0."""
    return found, verdict(found.low, found.high, expect)


def verdict(low: float, high: float, expect: str, bound: float = 0.0) -> str:
    """supported, contradicted or undecided, from where an interval lies beside a bound.

    expect: positive where the quantity is expected above the bound, negative where below.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return "undecided"
    above, below = low > bound, high < bound
    if expect == "negative":
        above, below = below, above
    return "supported" if above else "contradicted" if below else "undecided"
