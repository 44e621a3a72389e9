"""The share of independent units in which a difference has the expected sign."""

from layerscope.claims.shared.evidence import Evidence, run_differences
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.estimates import Difference, wilson_interval
from layerscope.statistics.units import by_unit

STATISTIC = {
    "label": "share of units with a difference",
    "description": (
        "The share of independent units in which the difference `between` two values has the sign of `holds` is above a bound."
    ),
    "within_network": True,
    "required": ("between", "holds"),
    "options": {
        "between": {"description": "One key with two values.", "type": "object", "minProperties": 1, "maxProperties": 1},
        "holds": {"$ref": "#/$defs/sign"},
        "expect": {
            "type": "object",
            "additionalProperties": False,
            "required": ["above"],
            "properties": {
                "above": {"description": "A share.", "type": "number", "minimum": 0, "exclusiveMaximum": 1},
            },
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The share with Wilson's interval, and the two-sided p of the exact binomial test against the claim's bound."""
    from scipy.stats import binomtest

    runs = run_differences(claim, evidence.rows)
    differences = by_unit(runs, claim.get("cluster"))
    holds = int(((differences > 0) if claim["holds"] == "positive" else (differences < 0)).sum())
    n = len(differences)
    bound = claim["expect"]["above"]
    low, high = wilson_interval(holds, n)
    p = float(binomtest(holds, n, bound).pvalue) if n else float("nan")
    share = holds / n if n else float("nan")
    known = int(runs.notna().sum())
    return judged(Difference(known, share, low, high, p, n, left_out=len(runs) - known), "positive", bound)
