"""Whether one score settles later than another while a network is trained."""

from dataclasses import replace

import pandas as pd

from layerscope.claims.shared.evidence import Evidence, courses, of_runs
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.units import over_units

STATISTIC = {
    "label": "epochs until it settles",
    "description": (
        "How many epochs later a score comes to rest than another score of the network on a split: each run's first epoch from "
        "which the score stays within a tolerance of its last value; the mean over independent units, negative where it settles "
        "first. A course that moves until the end has not come to rest: the last epoch, the least that its time can be, counts, "
        "and runs of which neither score rests are left out."
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
        "rest": {
            "description": "The share of the epochs, at the end, for which a course that has come to rest has done so.",
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 1,
            "default": 0.25,
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """How many epochs later the score settles than the other one, averaged over units; negative where it settles first.

    Where one of both has not come to rest, the difference is larger than what counts, never smaller.
    """
    lags, moving = {}, {"score": 0, "against": 0}
    for run, both in courses(claim, evidence).items():
        times = {
            "score": settled_at(both["value"], claim["tolerance"]),
            "against": settled_at(both["against"], claim["tolerance"]),
        }
        last = float(both.index.max()) if len(both) else float("nan")
        at_rest = {name: not time > last * (1 - claim["rest"]) for name, time in times.items()}
        lags[run] = _lag(times, at_rest, last)
        for name, rests in at_rest.items():
            moving[name] += not rests
    found = over_units(of_runs(lags), claim.get("cluster"))
    told = [f"{claim[name]} of {count}" for name, count in moving.items() if count]
    note = f"networks whose course moves until the end: {', '.join(told)}" if told else ""
    return judged(replace(found, note=note), claim["expect"])


def _lag(times: dict[str, float], at_rest: dict[str, bool], last: float) -> float:
    if not any(at_rest.values()):
        return float("nan")
    score, against = (times[name] if at_rest[name] else last for name in ("score", "against"))
    return score - against


def settled_at(course: pd.Series, tolerance: float) -> float:
    """The first epoch from which a course stays near its last value: within `tolerance` times the range of all values.

    course: values by epoch, ascending. NaN where all values are equal, or there are none.
    """
    span = course.max() - course.min()
    if not span > 0:
        return float("nan")
    away = course[(course - course.iloc[-1]).abs() > tolerance * span]
    return float(course.index[0] if away.empty else course.index[course.index > away.index[-1]][0])
