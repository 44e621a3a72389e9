"""Whether a score rises, or falls, at every step along a list of values."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from layerscope.claims.shared.evidence import Evidence, paired_differences, run_means
from layerscope.claims.shared.verdict import CONTRADICTED, SUPPORTED, UNDECIDED, Judged, verdict
from layerscope.statistics.estimates import Difference, holm
from layerscope.statistics.units import over_units

STATISTIC = {
    "label": "order",
    "description": "A score rises (positive) or falls (negative) at every step along a list of values.",
    "within_network": True,
    "required": ("along",),
    "estimates": "differences",
    "options": {
        "along": {
            "description": "One key with its values in order, for instance {layer: [conv1, conv2]}.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The step that decides. Supported if every step is; contradicted if one is, by its p corrected for their number (Holm).

    A claim of all steps is refuted by one, and proven by all: p is the largest of them, or that of the step that refutes.
    """
    [(key, values)] = claim["along"].items()
    means = [run_means(evidence.rows, key, value) for value in values]
    steps = [over_units(paired_differences(later, earlier), claim.get("cluster")) for earlier, later in pairwise(means)]
    corrected = holm([step.p for step in steps])
    refuting = [
        replace(step, p=float(p))
        for step, p in zip(steps, corrected, strict=True)
        if verdict(step.mean, p, claim["expect"]) == CONTRADICTED
    ]
    if refuting:
        return min(refuting, key=lambda step: step.p), CONTRADICTED
    # A step without a p, and the one whose direction is least certain, keep a claim from being proven.
    weakest = max(steps, key=lambda step: _doubt(step, claim["expect"]))
    decided = verdict(weakest.mean, weakest.p, claim["expect"])
    return weakest, SUPPORTED if decided == SUPPORTED else UNDECIDED


def _doubt(step: Difference, expect: str) -> float:
    """One-sided p of a step in the expected direction; above 1 where it has none."""
    if not np.isfinite(step.p):
        return 2.0
    return step.p / 2 if (step.mean > 0) == (expect == "positive") else 1 - step.p / 2
