"""Whether two scores are correlated over the epochs of a training."""

from layerscope.claims.shared.evidence import Evidence, courses, of_runs
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import spearman
from layerscope.statistics.units import over_units

STATISTIC = {
    "label": "rank correlation over epochs",
    "description": (
        "Each run's rank correlation over epochs of a score with another score of the network on a split; the mean over runs."
    ),
    "every_epoch_of": "against",
    "required": ("against", "split"),
    "estimates": "correlations",
    "options": {
        "against": {"$ref": "#/$defs/score_name"},
        "split": {"$ref": "#/$defs/claim_split"},
        "until": {
            "description": "All epochs, or those to the one where the other score is least.",
            "enum": ["end", "minimum"],
            "default": "end",
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean over units of the rank correlation of two scores over all epochs, or over those to the minimum of the second."""
    correlations = {}
    for run, both in courses(claim, evidence).items():
        shown = both.loc[: both["against"].idxmin()] if claim["until"] == "minimum" and len(both) else both
        correlations[run] = spearman(shown["value"], shown["against"])
    return judged(over_units(of_runs(correlations), claim.get("cluster")), claim["expect"])
