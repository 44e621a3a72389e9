"""Coordinates in the space that few observations of many features span, for fits that need no other."""

import numpy as np
from scipy.linalg import qr
from sklearn.base import BaseEstimator, TransformerMixin

# Of fewer features an observation, the coordinates cost as much as they save.
FEATURES_AN_OBSERVATION = 2


class RowSpace(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer: centred points (n, d) to coordinates (n, n) by an orthonormal basis of the space of these rows.

    A linear model with a penalty on the norm of its weights has its weights in that space (the representer theorem of
    Kimeldorf and Wahba 1971), and there the same norm: it is the same model, fitted in n numbers an observation and not in d.
    Where d is at most FEATURES_AN_OBSERVATION × n, points stay as they are.
    """

    def fit(self, points: np.ndarray, labels: object = None) -> "RowSpace":
        """Find a basis for points (n, d). labels: not read."""
        n, d = points.shape
        self.basis_ = qr(points.T, mode="economic", check_finite=False)[0] if d > FEATURES_AN_OBSERVATION * n else None
        return self

    def transform(self, points: np.ndarray) -> np.ndarray:
        """The coordinates of points (m, d): of other points the part within that space, which is all that the model reads."""
        return points if self.basis_ is None else points @ self.basis_
