"""Whether one score settles later than another while a network is trained."""

import pandas as pd

from layerscope.claims.shared.evidence import Evidence, courses, of_runs
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.units import over_units

STATISTIC = {
    "description": (
        "How many epochs later a score comes to rest than another score of the network on a split: each run's first epoch"
        " from which the score stays within a tolerance of its last value; the mean over runs, negative where it settles "
        "first."
    ),
    "every_epoch_of": "against",
    "required": ("against", "split"),
    "options": {
        "against": {"$ref": "#/$defs/score_name"},
        "split": {"$ref": "#/$defs/claim_split"},
        "tolerance": {
            "description": "A share of the span between the extremes of the course.",
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 1,
            "default": 0.1,
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """How many epochs later the score settles than the other one, averaged over units; negative where it settles first."""
    lags = {
        run: settled_at(both["value"], claim["tolerance"]) - settled_at(both["against"], claim["tolerance"])
        for run, both in courses(claim, evidence).items()
    }
    return judged(over_units(of_runs(lags), claim.get("cluster")), claim["expect"])


def settled_at(course: pd.Series, tolerance: float) -> float:
    """The first epoch from which a course stays near its last value: within `tolerance` times the range of all values.

    course: values by epoch, ascending. NaN where all values are equal.
    """
    span = course.max() - course.min()
    if not span > 0:
        return float("nan")
    away = course[(course - course.iloc[-1]).abs() > tolerance * span]
    return float(course.index[0] if away.empty else course.index[course.index > away.index[-1]][0])
