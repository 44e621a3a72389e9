"""Whether a difference stays within a bound."""

from dataclasses import replace

import numpy as np

from layerscope.claims.shared.evidence import Evidence, run_differences
from layerscope.claims.shared.verdict import CONTRADICTED, SUPPORTED, UNDECIDED, Judged
from layerscope.statistics.estimates import CONFIDENCE, equivalence_p, paired_p
from layerscope.statistics.units import by_unit, over_units

STATISTIC = {
    "label": "equivalence",
    "description": "The mean of a paired difference is nearer to 0 than a bound (two one-sided t-tests over independent units).",
    "required": ("between",),
    "estimates": "differences",
    "options": {
        "between": {
            "description": "One key with two values; networks alike in all other keys are a pair.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
        },
        "against": {
            "$ref": "#/$defs/control",
            "description": "A control, short for between: {control: [none, ...]}; of last snapshots unless `on` names others.",
        },
        "expect": {
            "type": "object",
            "additionalProperties": False,
            "required": ["within", "because"],
            "properties": {
                "within": {"description": "In units of the score.", "type": "number", "exclusiveMinimum": 0},
                "because": {
                    "description": "Why a smaller difference does not matter, in one sentence.",
                    "type": "string",
                    "minLength": 1,
                },
            },
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean paired difference over units; p is that of two one-sided tests, or of a mean beyond the bound."""
    runs = run_differences(claim, evidence.rows)
    differences, found = by_unit(runs, claim.get("cluster")), over_units(runs, claim.get("cluster"))
    bound = claim["expect"]["within"]
    if not abs(found.mean) > bound:
        found = replace(found, p=equivalence_p(differences, bound))
        return found, SUPPORTED if found.p < 1 - CONFIDENCE else UNDECIDED
    found = replace(found, p=paired_p(np.sign(found.mean) * differences - bound))
    return found, CONTRADICTED if found.p < 1 - CONFIDENCE else UNDECIDED
