"""How much the slope of a regression of one score on another changes at a value of the latter."""

from dataclasses import replace

import numpy as np

from layerscope.claims.shared.evidence import Evidence, pairs_by_unit, pairs_of_scores
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import bend_difference, bent_line
from layerscope.statistics.estimates import Difference
from layerscope.statistics.keys import RUN
from layerscope.statistics.units import unit_keys

STATISTIC = {
    "label": "bend",
    "description": (
        "How much the slope of a score on another one (both as for correlation) changes at one value of the other, by "
        "least squares over independent units of a line that bends there; the interval allows for unequal variances. With "
        "`between`, by how much more it changes for the first of two values than for the second."
    ),
    "pairs_scores": True,
    "one_space": True,
    "states": ("trained",),
    "required": ("against", "at"),
    "options": {
        "against": {"$ref": "#/$defs/score_name"},
        "at": {"description": "Where the line bends.", "type": "number"},
        "between": {
            "description": "One key of networks with two values, for instance {dataset: [hard, easy]}: two bends are compared.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"enum": ["dataset", "architecture", "activation"]},
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The change of the slope with its interval, or the difference of two such changes."""
    if "between" in claim:
        return judged(_told(_compared(claim, evidence), claim), claim["expect"])
    runs, pairs = pairs_by_unit(claim, evidence.runs)
    change = bent_line(pairs["against"], pairs["value"], claim["at"]).change
    return judged(_told(replace(change, n=len(runs), units=len(pairs)), claim), claim["expect"])


def _told(found: Difference, claim: dict) -> Difference:
    few = f"fewer than three independent units on a side of {claim['at']:g}: no line can bend there"
    return replace(found, note=few if np.isnan(found.mean) else "")


def _compared(claim: dict, evidence: Evidence) -> Difference:
    [(key, values)] = claim["between"].items()
    runs = pairs_of_scores(claim, evidence.runs).set_index(RUN)[["against", "value"]]
    keys = [name for name in unit_keys(runs.index, claim.get("cluster")) if name != key]
    parts = [runs[runs.index.get_level_values(key) == value] for value in values]
    first, second = ((part.groupby(level=keys).mean() if keys else part).to_numpy() for part in parts)
    found = bend_difference(first, second, claim["at"])
    return replace(found, n=sum(map(len, parts)), units=found.n)
