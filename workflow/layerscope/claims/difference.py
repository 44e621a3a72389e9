"""The mean difference of a score between two values of one key, over runs."""

from dataclasses import replace

from layerscope.claims.shared.evidence import Evidence, run_differences, run_means
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.keys import RUN
from layerscope.statistics.units import difference_of_units, over_units

STATISTIC = {
    "label": "difference",
    "description": (
        "The mean over independent units of (first - second) of the two values in `between`: paired within a run for keys inside "
        "a network (state, epoch, layer, embedding), within a unit for keys that tell networks apart, if every unit has both "
        "values; otherwise Welch's test."
    ),
    "required": ("between",),
    "estimates": "differences",
    "options": {
        "between": {
            "description": "One key with two values, for instance {state: [trained, untrained]}.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
        },
        "against": {
            "$ref": "#/$defs/control",
            "description": "A control, short for between: {control: [none, ...]}; of last snapshots unless `on` names others.",
        },
        "paired": {
            "description": "With a key that tells networks apart: networks alike in all other keys are a pair.",
            "type": "boolean",
            "default": False,
        },
        "at_least": {
            "description": (
                "The difference is at least so large in the expected direction, in units of the score: supported beyond this "
                "bound, contradicted short of it."
            ),
            "type": "number",
            "minimum": 0,
            "default": 0,
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean difference over units: paired, or Welch's for networks told apart of which not every unit has both values.

    p is that of a mean at the bound.
    """
    [(key, (first, second))] = claim["between"].items()
    cluster = claim.get("cluster")
    bound = claim.get("at_least", 0.0) * (1 if claim["expect"] == "positive" else -1)
    if key not in RUN or claim.get("paired"):
        beyond = over_units(run_differences(claim, evidence.rows) - bound, cluster)
    else:
        of_first, of_second = (run_means(evidence.rows, key, value).droplevel(key) for value in (first, second))
        beyond = difference_of_units(of_first - bound, of_second, cluster)
    found = replace(beyond, mean=beyond.mean + bound, low=beyond.low + bound, high=beyond.high + bound)
    return judged(found, claim["expect"], bound)
