"""Canonical correlations: the directions of two representations that say the same of observations."""

from dataclasses import dataclass

import numpy as np

from layerscope.similarity.shared.directions import centred, in_directions

MEASURES = {
    "svcca": {
        "label": "mean SVCCA",
        "range": (0, 1),
        "definition": (
            "the mean canonical correlation of the directions that hold 99 % of the variance of each representation, over the "
            "fewer of both; it tends to 1 by chance where there are more directions than half the observations"
        ),
        "reference": "Raghu et al. 2017",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
    "pwcca": {
        "label": "mean PWCCA",
        "range": (0, 1),
        "definition": (
            "the mean canonical correlation of all directions, weighted by how much of the first representation each canonical "
            "variable accounts for: the sum over its units of the absolute projections"
        ),
        "reference": "Morcos, Raghu and Bengio 2018",
        "unchanged_by": "shifts and scales; of the second representation any invertible map",
        "one_sided": True,
    },
}
VARIANCE = 0.99


@dataclass(frozen=True)
class Prepared:
    """Centred points (n, d), orthonormal columns (n, r) of the same span, and their singular values (r,)."""

    points: np.ndarray
    columns: np.ndarray
    singular: np.ndarray


def prepare(points: np.ndarray) -> Prepared:
    """What every comparison of a representation (n, d) needs."""
    x = centred(points)
    return Prepared(x, *in_directions(x))


def compare(first: Prepared, second: Prepared, measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations. NaN where one does not vary."""
    x, of_x, scale_x = first.points, first.columns, first.singular
    of_y, scale_y = second.columns, second.singular
    if not scale_x.size or not scale_y.size:
        return dict.fromkeys(measures, float("nan"))
    found = {}
    if "svcca" in measures:
        leading = of_x[:, : _leading(scale_x)].T @ of_y[:, : _leading(scale_y)]
        found["svcca"] = float(np.clip(np.linalg.svd(leading, compute_uv=False), 0, 1).mean())
    if "pwcca" in measures:
        rotation, correlations, _ = np.linalg.svd(of_x.T @ of_y, full_matrices=False)
        weights = np.abs((of_x @ rotation).T @ x).sum(axis=1)
        found["pwcca"] = float(np.clip(correlations, 0, 1) @ weights / weights.sum())
    return found


def _leading(singular: np.ndarray) -> int:
    """How many directions hold 99 % of the variance."""
    shares = np.cumsum(np.square(singular)) / np.square(singular).sum()
    return min(int(np.searchsorted(shares, VARIANCE * (1 - 1e-12))) + 1, len(singular))
