"""Whether a score rises or falls with depth, with the epoch, with a size of networks, or with an option that varies."""

from dataclasses import replace

import numpy as np

from layerscope.claims.shared.evidence import ACROSS_ARCHITECTURES, SIZE_OF, Evidence, by_architecture, of_runs
from layerscope.claims.shared.verdict import Judged, judged, verdict
from layerscope.statistics.correlation import spearman
from layerscope.statistics.estimates import sign_test_p
from layerscope.statistics.keys import RUN
from layerscope.statistics.units import by_unit, over_units

# What rows of one network are told apart by.
WITHIN = ("depth", "epoch")
STATISTIC = {
    "label": "rank correlation along an order",
    "description": (
        "Each run's rank correlation of a score with depth or epoch (of two layers the sign of their difference); the mean over "
        "independent units. Or that of the means at the values of an option that varies. Or that with a "
        "size of networks (width, layers) among those alike in all but their architecture; the mean over those sets. The "
        "width is that of the narrowest fully connected hidden layer, or of the last convolution where there is none."
    ),
    "takes_input": True,
    "needs": ("sizes",),
    "estimates": "correlations",
    "names_options": {"along": ("depth", "epoch", "width", "layers")},
    "options": {
        "along": {
            "description": "depth, epoch, width or layers, or an option that varies (`vary`) and whose values are numbers.",
            "type": "string",
            "default": "depth",
        },
        "test": {
            "description": "t: of the mean. sign: the sign test over units.",
            "enum": ["t", "sign"],
            "default": "t",
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean rank correlation: with depth or epoch within each run, with a size of networks across architectures, or with an
    option over the networks (or embeddings, or scores) that are alike in all else.
    """
    along = claim["along"]
    if along in SIZE_OF:
        groups, keys, by = by_architecture(evidence).groupby(ACROSS_ARCHITECTURES), ACROSS_ARCHITECTURES, SIZE_OF[along]
    else:
        rows = evidence.rows
        if along not in WITHIN:
            rows = rows.groupby([*RUN, along], as_index=False)["value"].mean()
        groups, keys, by = rows.groupby(RUN, dropna=False), RUN, along
    correlations = of_runs({run: spearman(group[by], group["value"], fewest=2) for run, group in groups}, keys)
    found = over_units(correlations, claim.get("cluster"))
    if claim.get("test") != "sign":
        return judged(found, claim["expect"])
    signs = np.sign(by_unit(correlations, claim.get("cluster")))
    return replace(found, p=sign_test_p(signs)), verdict(float(signs.sum()), sign_test_p(signs), claim["expect"])
