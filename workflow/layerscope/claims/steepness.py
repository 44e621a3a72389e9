"""Whether a score changes faster from layer to layer in networks of more layers, or of a larger width."""

import numpy as np
import pandas as pd

from layerscope.claims.shared.evidence import ACROSS_ARCHITECTURES, SIZE_OF, Evidence, by_architecture, of_runs
from layerscope.claims.shared.verdict import Judged, judged
from layerscope.statistics.correlation import spearman
from layerscope.statistics.keys import RUN
from layerscope.statistics.units import over_units

STATISTIC = {
    "label": "steepness over depth",
    "description": (
        "The slope of a score over depth, the input included, by least squares in each network; its rank correlation with a size "
        "of networks (width, layers; see spearman) among those alike in all but their architecture; the mean over independent "
        "units. "
        "positive: the larger the network, the higher the slope, which is the flatter one where the score falls."
    ),
    "takes_input": True,
    "needs": ("sizes",),
    "estimates": "correlations",
    "required": ("along",),
    "options": {"along": {"enum": ["width", "layers"]}},
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean rank correlation of the slopes of networks with their size."""
    slopes = by_architecture(evidence).set_index(RUN).assign(slope=slopes_over_depth(evidence.rows)).reset_index()
    size = SIZE_OF[claim["along"]]
    correlations = {keys: spearman(group[size], group["slope"], fewest=2) for keys, group in slopes.groupby(ACROSS_ARCHITECTURES)}
    return judged(over_units(of_runs(correlations, ACROSS_ARCHITECTURES), claim.get("cluster")), claim["expect"])


def slopes_over_depth(rows: pd.DataFrame) -> pd.Series:
    """The least-squares slope of the mean value of each layer over its depth, by run; NaN of fewer than two layers."""
    layers = rows.groupby([*RUN, "depth"])["value"].mean().dropna().reset_index("depth")
    found = {run: _slope(group["depth"], group["value"]) for run, group in layers.groupby(RUN)}
    return of_runs(found)


def _slope(depth: pd.Series, value: pd.Series) -> float:
    return float(np.polyfit(depth, value, 1)[0]) if depth.nunique() > 1 else float("nan")
