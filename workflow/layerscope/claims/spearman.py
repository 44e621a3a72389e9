"""Whether a score rises or falls with depth, with the epoch, or with a size of networks."""

from dataclasses import replace

from layerscope.claims.shared.evidence import ACROSS_ARCHITECTURES, SIZE_OF, Evidence, by_architecture
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import spearman
from layerscope.statistics.estimates import CONFIDENCE, paired_difference, sign_test_p
from layerscope.statistics.keys import RUN

STATISTIC = {
    "description": (
        "Each run's rank correlation of a score with depth or epoch; the mean over runs. Or the rank correlation with a "
        "size of networks (width, layers) among those alike in all but their architecture; the mean over those sets. The "
        "width is that of the narrowest fully connected hidden layer, or of the last convolution where there is none."
    ),
    "takes_input": True,
    "needs": ("sizes",),
    "options": {
        "along": {"enum": ["depth", "epoch", "width", "layers"], "default": "depth"},
        "test": {
            "description": "t: by the interval of the mean. sign: by the sign test over runs.",
            "enum": ["t", "sign"],
            "default": "t",
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean rank correlation: with depth or epoch within each run, or with a size of networks across architectures."""
    along = claim["along"]
    if along in SIZE_OF:
        groups = by_architecture(evidence).groupby(ACROSS_ARCHITECTURES)
        correlations = [spearman(group[SIZE_OF[along]], group["value"]) for _, group in groups]
    else:
        correlations = [spearman(group[along], group["value"]) for _, group in evidence.rows.groupby(RUN, dropna=False)]
    found = paired_difference(correlations)
    if claim.get("test") != "sign":
        return judged(found, claim["expect"])
    found = replace(found, p=sign_test_p(correlations))
    sign = "positive" if sum(r > 0 for r in correlations) > sum(r < 0 for r in correlations) else "negative"
    if not found.p < 1 - CONFIDENCE:
        return found, "undecided"
    return found, "supported" if sign == claim["expect"] else "contradicted"
