"""Centred kernel alignment with a linear kernel: how alike the similarities of observations are."""

import numpy as np

from layerscope.similarity.shared.directions import centred

MEASURES = {
    "cka": {
        "label": "CKA",
        "range": (None, 1),
        "fewest": 4,
        "definition": (
            "HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)) of the linear kernels K = X Xᵀ and L = Y Yᵀ, with the estimator of HSIC that "
            "has no bias however few observations there are beside units; around 0 for representations that share nothing"
        ),
        "reference": "Kornblith et al. 2019, with HSIC as in Song et al. 2012",
        "unchanged_by": "rotations, shifts and one scale of each",
    },
}
# Rows of a kernel that are held at once.
BLOCK = 1024


def prepare(points: np.ndarray) -> tuple[np.ndarray, float]:
    """What every comparison of a representation (n, d) needs: its centred points, and their HSIC with themselves."""
    x = centred(points)
    return x, hsic(x, x)


def compare(first: tuple[np.ndarray, float], second: tuple[np.ndarray, float], measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations. NaN where one does not vary."""
    (x, own_x), (y, own_y) = first, second
    return dict.fromkeys(measures, float(hsic(x, y) / np.sqrt(own_x * own_y)) if own_x * own_y > 0 else float("nan"))


def hsic(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased Hilbert-Schmidt independence criterion of linear kernels (Song et al. 2012, equation 5).

    x: (n, d1), y: (n, d2), float64, columns of mean 0, n > 3. With the kernels K and L without their diagonals it is
    [tr(K L) + 1ᵀK1 1ᵀL1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1ᵀK L1] / (n (n - 3)), in time O(n d1 d2) or O(n² (d1 + d2)),
    whichever is less, without a whole kernel in memory.
    """
    n = len(x)
    squares_x, squares_y = np.square(x).sum(axis=1), np.square(y).sum(axis=1)
    trace = _trace_of_products(x, y) - squares_x @ squares_y
    rows_x, rows_y = x @ x.sum(axis=0) - squares_x, y @ y.sum(axis=0) - squares_y
    whole = rows_x.sum() * rows_y.sum() / ((n - 1) * (n - 2))
    return float((trace + whole - 2 / (n - 2) * (rows_x @ rows_y)) / (n * (n - 3)))


def _trace_of_products(x: np.ndarray, y: np.ndarray) -> float:
    """tr(X Xᵀ Y Yᵀ)."""
    n, width = len(x), x.shape[1] * y.shape[1]
    if width <= n * (x.shape[1] + y.shape[1]):
        return float(np.square(x.T @ y).sum())
    blocks = (slice(start, start + BLOCK) for start in range(0, n, BLOCK))
    return float(sum(((x[rows] @ x.T) * (y[rows] @ y.T)).sum() for rows in blocks))
