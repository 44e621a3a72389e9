"""How much the slope of a regression of one score on another changes at a value of the latter."""

from dataclasses import replace

from layerscope.claims.shared.evidence import Evidence, pairs_by_unit
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import bent_line

STATISTIC = {
    "description": (
        "How much the slope of a score on another one (both as for correlation) changes at one value of the other, by "
        "least squares over runs of a line that bends there; the interval allows for unequal variances."
    ),
    "pairs_scores": True,
    "one_space": True,
    "states": ("trained",),
    "required": ("against", "at"),
    "options": {"against": {"$ref": "#/$defs/score_name"}, "at": {"description": "Where the line bends.", "type": "number"}},
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The change of the slope with its interval."""
    runs, pairs = pairs_by_unit(claim, evidence.runs)
    change = bent_line(pairs["against"], pairs["value"], claim["at"]).change
    return judged(replace(change, n=len(runs), units=len(pairs)), claim["expect"])
