"""A claim statistic: whether the median over runs is below a bound."""

import numpy as np

from layerscope.claims.shared.evidence import Evidence
from layerscope.claims.shared.verdict import Judged
from layerscope.statistics.estimates import Difference, sign_test_p
from layerscope.statistics.keys import RUN

STATISTIC = {
    "description": "The median over runs is below a bound, by the sign test.",
    "required": ("below",),
    "options": {"below": {"description": "The bound.", "type": "number"}},
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The median of the runs' means, with the p of the sign test; undecided unless p is below 0.05."""
    values = evidence.rows.groupby(RUN)["value"].mean()
    p = sign_test_p(values - claim["below"])
    found = Difference(len(values), float(np.median(values)), float("nan"), float("nan"), p)
    return found, "supported" if p < 0.05 and found.mean < claim["below"] else "undecided"
