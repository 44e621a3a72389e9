"""Whether a score rises or falls with depth, with the epoch, or with a size of networks."""

from dataclasses import replace

import numpy as np

from layerscope.claims.shared.evidence import ACROSS_ARCHITECTURES, SIZE_OF, Evidence, by_architecture, of_runs
from layerscope.claims.shared.verdict import Judged, judged, verdict
from layerscope.statistics.correlation import spearman
from layerscope.statistics.estimates import sign_test_p
from layerscope.statistics.keys import RUN
from layerscope.statistics.units import by_unit, over_units

STATISTIC = {
    "description": (
        "Each run's rank correlation of a score with depth or epoch (of two layers the sign of their difference); the mean over "
        "independent units. Or that with a "
        "size of networks (width, layers) among those alike in all but their architecture; the mean over those sets. The "
        "width is that of the narrowest fully connected hidden layer, or of the last convolution where there is none."
    ),
    "takes_input": True,
    "needs": ("sizes",),
    "estimates": "correlations",
    "options": {
        "along": {"enum": ["depth", "epoch", "width", "layers"], "default": "depth"},
        "test": {
            "description": "t: of the mean. sign: the sign test over units.",
            "enum": ["t", "sign"],
            "default": "t",
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean rank correlation: with depth or epoch within each run, or with a size of networks across architectures."""
    along = claim["along"]
    if along in SIZE_OF:
        groups, keys, by = by_architecture(evidence).groupby(ACROSS_ARCHITECTURES), ACROSS_ARCHITECTURES, SIZE_OF[along]
    else:
        groups, keys, by = evidence.rows.groupby(RUN, dropna=False), RUN, along
    correlations = of_runs({run: spearman(group[by], group["value"], fewest=2) for run, group in groups}, keys)
    found = over_units(correlations, claim.get("cluster"))
    if claim.get("test") != "sign":
        return judged(found, claim["expect"])
    signs = np.sign(by_unit(correlations, claim.get("cluster")))
    return replace(found, p=sign_test_p(signs)), verdict(float(signs.sum()), sign_test_p(signs), claim["expect"])
