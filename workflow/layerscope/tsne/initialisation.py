"""The initial points of t-SNE."""

import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

# Standard deviation of the first coordinate at the start, as in van der Maaten's reference and in scikit-learn.
INITIAL_SPREAD = 1e-4
# Standard deviation of the noise on principal components. Without it, points that coincide or lie on a line would stay so.
JITTER = 1e-6


def random_start(n: int, dimensions: int, random_state: np.random.RandomState) -> np.ndarray:
    """(n, dimensions) float64: normal noise with a standard deviation of 1e-4."""
    return INITIAL_SPREAD * random_state.standard_normal((n, dimensions))


def pca_start(points: np.ndarray, dimensions: int, random_state: np.random.RandomState) -> np.ndarray:
    """(n, dimensions) float64: the leading components of points (n, d), scaled so that the first has a standard deviation of
    1e-4, with a little noise. Dimensions beyond the number of components hold noise only.
    """
    kept = min(dimensions, *points.shape)
    start = np.zeros((len(points), dimensions))
    # With more threads, matrix products may round differently.
    with threadpool_limits(1):
        pca = PCA(kept, random_state=random_state).set_output(transform="default")
        start[:, :kept] = pca.fit_transform(points)
    spread = start[:, 0].std()
    if spread > 0:
        start *= INITIAL_SPREAD / spread
    return start + JITTER * random_state.standard_normal(start.shape)
