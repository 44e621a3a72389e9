"""Whether two scores of trained networks are correlated over runs."""

import numpy as np

from layerscope.claims.shared.evidence import Evidence, pairs_of_scores
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import rank_correlation
from layerscope.statistics.estimates import CONFIDENCE

STATISTIC = {
    "description": (
        "The rank correlation over runs of a score in what `on` chooses with another score of the network (accuracy and "
        "the like are those of the test split)."
    ),
    "pairs_scores": True,
    "one_space": True,
    "states": ("trained",),
    "required": ("against",),
    "options": {"against": {"$ref": "#/$defs/score_name"}},
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The rank correlation over runs of two scores of trained networks."""
    pairs = pairs_of_scores(claim, evidence.runs)
    found = rank_correlation(pairs["value"], pairs["against"])
    if np.isfinite(found.low) or not found.p < 1 - CONFIDENCE:
        return judged(found, claim["expect"])
    # There are too few runs for an interval, but the exact test is significant.
    return found, "supported" if (found.mean > 0) == (claim["expect"] == "positive") else "contradicted"
