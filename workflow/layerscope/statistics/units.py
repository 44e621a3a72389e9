"""Which runs are independent: networks that differ only in their seed share whatever else decides a score."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from layerscope.statistics.estimates import Difference, estimate, paired_p, welch_difference
from layerscope.statistics.keys import NETWORK


def unit_keys(index: pd.Index, cluster: Sequence[str] | None) -> list[str]:
    """The keys that tell independent units apart, among the levels of an index of runs.

    cluster: as a claim names them; without it those of dataset, architecture and activation that vary. An empty list means that
    each run is a unit.
    """
    if cluster is not None:
        return [key for key in cluster if key in index.names]
    return [key for key in NETWORK if key in index.names and index.get_level_values(key).nunique() > 1]


def by_unit(values: pd.Series, cluster: Sequence[str] | None) -> pd.Series:
    """The mean of a number over the runs of each unit. values: one number a run, by its keys; what is not finite is left out."""
    found = values[np.isfinite(values.astype(float))]
    keys = unit_keys(values.index, cluster)
    return found.groupby(level=keys).mean() if keys else found


def over_units(values: pd.Series, cluster: Sequence[str] | None) -> Difference:
    """The mean over units of one number a run, with Student's interval and p over the units."""
    units = by_unit(values, cluster)
    found, n = estimate(units), int(np.isfinite(values.astype(float)).sum())
    return Difference(n, found.mean, found.low, found.high, paired_p(units), found.n, left_out=len(values) - n)


def difference_of_units(first: pd.Series, second: pd.Series, cluster: Sequence[str] | None) -> Difference:
    """The difference of the means of two groups of networks: paired by unit where the same units stand on both sides, or Welch's.

    first, second: one number a run, by its keys but the one that tells the groups apart.
    """
    n = sum(int(np.isfinite(runs.astype(float)).sum()) for runs in (first, second))
    keys = unit_keys(pd.concat([first, second]).index, cluster)
    of_units = [by_unit(runs, keys) for runs in (first, second)]
    if keys and of_units[0].index.equals(of_units[1].index):
        # What the same units have in common leaves the difference.
        found = over_units(of_units[0] - of_units[1], [])
    else:
        found = welch_difference(*of_units)
        found = replace(found, units=found.n)
    return replace(found, n=n, left_out=len(first) + len(second) - n)
