"""The mean difference of a score between two values of one key, over runs."""

from layerscope.claims.shared.evidence import Evidence, run_differences, run_means
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.estimates import paired_difference, welch_difference
from layerscope.statistics.keys import RUN

STATISTIC = {
    "description": (
        "The mean over runs of (first - second) of the two values in `between`; paired within a run for keys inside a "
        "network (state, epoch, layer, embedding), Welch's interval for keys that tell networks apart."
    ),
    "required": ("between",),
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
    """The mean difference with its interval: paired, or Welch's if the key distinguishes networks and no pairing is asked for."""
    [(key, (first, second))] = claim["between"].items()
    if key in RUN and not claim.get("paired"):
        found = welch_difference(run_means(evidence.rows, key, first), run_means(evidence.rows, key, second))
    else:
        found = paired_difference(run_differences(claim, evidence.rows))
    return judged(found, claim["expect"])
