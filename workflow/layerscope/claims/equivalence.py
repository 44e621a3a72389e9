"""Whether a difference stays within a bound."""

import numpy as np

from layerscope.claims.shared.evidence import Evidence, run_differences
from layerscope.claims.shared.verdict import Judged
from layerscope.statistics.estimates import paired_difference

STATISTIC = {
    "description": "The mean of the paired difference (first - second) is nearer to 0 than a bound, its whole interval with it.",
    "required": ("between",),
    "options": {
        "between": {
            "description": "One key with two values; networks alike in all other keys are a pair.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
        },
        "expect": {
            "type": "object",
            "additionalProperties": False,
            "required": ["within"],
            "properties": {
                "within": {"description": "In units of the score.", "type": "number", "exclusiveMinimum": 0},
            },
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean paired difference: supported where its whole interval is within the bound (two one-sided tests)."""
    found = paired_difference(run_differences(claim, evidence.rows))
    bound = claim["expect"]["within"]
    if not (np.isfinite(found.low) and np.isfinite(found.high)):
        return found, "undecided"
    if -bound < found.low and found.high < bound:
        return found, "supported"
    return found, "contradicted" if found.low > bound or found.high < -bound else "undecided"
