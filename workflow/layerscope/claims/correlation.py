"""Whether two scores of trained networks are correlated over runs."""

from dataclasses import replace

from layerscope.claims.shared.evidence import Evidence, pairs_by_unit
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import rank_correlation, spearman

STATISTIC = {
    "label": "rank correlation with another score",
    "description": (
        "The rank correlation, over independent units, of a score in what `on` chooses with another score of the network "
        "(accuracy and the like are those of the test split)."
    ),
    "pairs_scores": True,
    "one_space": True,
    "states": ("trained",),
    "required": ("against",),
    "estimates": "correlations",
    "options": {"against": {"$ref": "#/$defs/score_name"}},
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The rank correlation of the means of units; `within` is that of what runs differ by from the mean of their unit."""
    runs, pairs = pairs_by_unit(claim, evidence.runs)
    found = rank_correlation(pairs["value"], pairs["against"])
    within = float("nan")
    if len(pairs) < len(runs):
        means = runs.groupby(level=list(pairs.index.names)).transform("mean")
        within = spearman(*(runs - means).T.to_numpy())
    return judged(replace(found, n=len(runs), units=found.n, within=within), claim["expect"])
