"""Representations in as few columns as they have directions, which no measure of angles can tell from the whole."""

import numpy as np

# Singular values below this share of the largest are rounding errors of float32 activations.
ROUNDING = 1e-6


def centred(points: np.ndarray) -> np.ndarray:
    """Points (n, d) with columns of mean 0, float64."""
    return points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)


def in_directions(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, r) orthonormal columns and their singular values (r,), descending: centred points (n, d) but for a rotation."""
    columns, singular, _ = np.linalg.svd(points, full_matrices=False)
    kept = singular > ROUNDING * singular[0] if singular.size and singular[0] > 0 else np.zeros(len(singular), dtype=bool)
    return columns[:, kept], singular[kept]
