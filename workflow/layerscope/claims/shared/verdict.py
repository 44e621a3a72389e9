"""Derive a verdict from the p and the sign of an estimate."""

import numpy as np

from layerscope.statistics.estimates import CONFIDENCE, Difference
from layerscope.statistics.keys import FEWEST_UNITS

UNDECIDED, SUPPORTED, CONTRADICTED = "undecided", "supported", "contradicted"
Judged = tuple[Difference, str]


def judged(found: Difference, expect: str, bound: float = 0.0) -> Judged:
    """An estimate and its verdict."""
    return found, verdict(found.mean, found.p, expect, bound)


def verdict(mean: float, p: float, expect: str, bound: float = 0.0) -> str:
    """supported, contradicted or undecided: the estimate is on the expected side of a bound, or on the other, with p below 0.05.

    expect: positive if the quantity is expected above the bound, negative if below.
    """
    if not (np.isfinite(mean) and p < 1 - CONFIDENCE):
        return UNDECIDED
    above = mean > bound if expect == "positive" else mean < bound
    return SUPPORTED if above else CONTRADICTED


def final(verdict: str, units: int, p_holm: float) -> str:
    """The verdict of a claim in its family: undecided unless its corrected p is below 0.05 and there are enough units."""
    return verdict if units >= FEWEST_UNITS and p_holm < 1 - CONFIDENCE else UNDECIDED
