"""The mean difference of a score between two values of one key, over runs."""

from layerscope.claims.shared.evidence import Evidence, run_differences, run_means
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.keys import RUN
from layerscope.statistics.units import difference_of_units, over_units

STATISTIC = {
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
        "paired": {
            "description": "With a key that tells networks apart: networks alike in all other keys are a pair.",
            "type": "boolean",
            "default": False,
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean difference over units: paired, or Welch's for networks told apart of which not every unit has both values."""
    [(key, (first, second))] = claim["between"].items()
    cluster = claim.get("cluster")
    if key not in RUN or claim.get("paired"):
        return judged(over_units(run_differences(claim, evidence.rows), cluster), claim["expect"])
    of_first, of_second = (run_means(evidence.rows, key, value).droplevel(key) for value in (first, second))
    return judged(difference_of_units(of_first, of_second, cluster), claim["expect"])
