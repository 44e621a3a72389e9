"""Whether a score rises, or falls, at every step along a list of values."""

from itertools import pairwise

import numpy as np

from layerscope.claims.shared.evidence import Evidence, run_means
from layerscope.claims.shared.verdict import Judged, verdict
from layerscope.statistics.estimates import paired_difference

STATISTIC = {
    "description": "A score rises (positive) or falls (negative) at every step along a list of values.",
    "within_network": True,
    "required": ("along",),
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
    """The mean difference of the weakest step. The claim is supported if every step is, and contradicted if any step is."""
    [(key, values)] = claim["along"].items()
    means = [run_means(evidence.rows, key, value) for value in values]
    steps = [paired_difference((later - earlier).dropna()) for earlier, later in pairwise(means)]
    verdicts = [verdict(step.low, step.high, claim["expect"]) for step in steps]
    sign = 1 if claim["expect"] == "positive" else -1
    weakest = min(steps, key=lambda step: sign * step.mean if np.isfinite(step.mean) else -np.inf)
    if "contradicted" in verdicts:
        return weakest, "contradicted"
    return weakest, "supported" if set(verdicts) == {"supported"} else "undecided"
