"""Where a descent on the objective of t-SNE starts."""

import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

# Of the first coordinate at the start, as in van der Maaten's reference and in scikit-learn.
INITIAL_SPREAD = 1e-4
# Of the noise on principal components: without it points that coincide, or lie on a line, would do so to the end.
JITTER = 1e-6


def random_start(n: int, dimensions: int, random_state: np.random.RandomState) -> np.ndarray:
    """(n, dimensions) float64: normal noise with a spread of 1e-4."""
    return INITIAL_SPREAD * random_state.standard_normal((n, dimensions))


def pca_start(points: np.ndarray, dimensions: int, random_state: np.random.RandomState) -> np.ndarray:
    """(n, dimensions) float64: the leading components of points (n, d), the first with a spread of 1e-4, and a little noise.

    Where there are fewer components than dimensions, the others hold noise alone.
    """
    kept = min(dimensions, *points.shape)
    start = np.zeros((len(points), dimensions))
    # With more threads a product may round in another way.
    with threadpool_limits(1):
        pca = PCA(kept, random_state=random_state).set_output(transform="default")
        start[:, :kept] = pca.fit_transform(points)
    spread = start[:, 0].std()
    if spread > 0:
        start *= INITIAL_SPREAD / spread
    return start + JITTER * random_state.standard_normal(start.shape)
