"""The difference of two differences of a score: whether what one key changes depends on another key."""

import pandas as pd

from layerscope.claims.shared.evidence import Evidence, paired_differences, run_differences
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.keys import RUN
from layerscope.statistics.select import select
from layerscope.statistics.units import difference_of_units, over_units

STATISTIC = {
    "label": "difference of differences",
    "description": (
        "The difference of two differences: (first - second) of one key of `between`, where the other key has its first value, "
        "minus the same where it has its second. The mean over independent units: paired within a run for keys inside a network "
        "(state, epoch, layer, embedding); for a key that tells networks apart as in `difference`."
    ),
    "required": ("between",),
    "estimates": "interactions",
    "options": {
        "between": {
            "description": "Two keys with two values each, for instance {state: [trained, untrained], dataset: [mnist, svhn]}.",
            "type": "object",
            "minProperties": 2,
            "maxProperties": 2,
        },
        "paired": {
            "description": (
                "With dataset, architecture, activation or seed: networks alike in all other keys belong together. Needed where "
                "both keys are of these. Networks that differ in an option that varies, or in a control, are pairs without it."
            ),
            "type": "boolean",
            "default": False,
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean difference of differences over units: paired, or Welch's for networks told apart without the same units."""
    # A key that tells networks apart comes last: what the other key changes is known for each of them.
    inner, outer = sorted(claim["between"], key=RUN.__contains__)
    first, second = (_effects(claim, evidence.rows, inner, {outer: value}) for value in claim["between"][outer])
    cluster = claim.get("cluster")
    if outer in RUN:
        first, second = first.droplevel(outer), second.droplevel(outer)
        if not claim.get("paired"):
            return judged(difference_of_units(first, second, cluster), claim["expect"])
    return judged(over_units(paired_differences(first, second), cluster), claim["expect"])


def _effects(claim: dict, rows: pd.DataFrame, key: str, where: dict) -> pd.Series:
    """What a key changes, by run, in the rows in which the other key has one value."""
    return run_differences({"between": {key: claim["between"][key]}}, select(rows, where))
