"""Whether two networks have the same units: each unit of one is matched with one of the other."""

from dataclasses import dataclass

import numpy as np

MEASURES = {
    "matched_correlation": {
        "label": "correlation of matched units",
        "range": (-1, 1),
        "takes_maps": True,
        "definition": (
            "the mean Pearson correlation of units that are matched one to one so that the sum of their correlations is largest, "
            "of as many as the representation with fewer has; units are neurons over observations, or filters over observations "
            "and positions of maps of the same size. Units that do not vary are left out. Its chance level is well above 0"
        ),
        "reference": "Li et al. 2016; the assignment by Jonker and Volgenant 1987",
        "undefined_for": "maps of different sizes, or maps and single neurons, whose units take values at other places",
        "unchanged_by": "the order of units, and a shift and a positive scale of each",
    },
}
# Of a unit that varies by less than this share of its size there is only rounding of float32.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Prepared:
    """The units that vary, (units, values) float64 in rows of mean 0 and length 1, and the positions of a map."""

    units: np.ndarray
    positions: tuple[int, ...]


def prepare(points: np.ndarray) -> Prepared:
    """What every comparison of a representation needs: (n, units), or (n, filters, ...) with the positions of maps last."""
    units = np.moveaxis(points.astype(np.float64), 1, 0).reshape(points.shape[1], -1)
    largest = np.abs(units).max(axis=1, initial=0)
    units -= units.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(units, axis=1)
    varies = lengths > ROUNDING * largest * np.sqrt(units.shape[1])
    return Prepared(units[varies] / lengths[varies, np.newaxis], points.shape[2:])


def compare(first: Prepared, second: Prepared, measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations. NaN where no unit varies, or maps differ in size."""
    from scipy.optimize import linear_sum_assignment

    if first.positions != second.positions or not len(first.units) or not len(second.units):
        return dict.fromkeys(measures, float("nan"))
    correlations = np.clip(first.units @ second.units.T, -1, 1)
    return dict.fromkeys(measures, float(correlations[linear_sum_assignment(correlations, maximize=True)].mean()))
