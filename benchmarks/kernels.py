"""Our exact kernels beside the library that one would otherwise call: same process, same points, same threads.

python -m benchmarks.kernels
"""

import time
from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.class_distances import class_distance_sums
from layerscope.scoring.kl import exact_kl

REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    """The median wall-clock time of some runs after one that compiles and warms up."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def dense_kl(points: np.ndarray, embedded: np.ndarray) -> float:
    """The exact objective by scikit-learn's own affinities, on dense matrices."""
    from sklearn.manifold._t_sne import _joint_probabilities

    squared = squareform(pdist(points, "sqeuclidean")).astype(np.float32)
    joint = _joint_probabilities(squared, 30.0, 0)
    weights = 1 / (1 + pdist(embedded, "sqeuclidean"))
    q = weights / (2 * weights.sum())
    return float(2 * (joint * np.log(np.maximum(joint, 1e-300) / q)).sum())


def main() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 4000)
    points = (generator.normal(size=(4000, 100)) + labels[:, None]).astype(np.float32)
    plane = (generator.normal(size=(4000, 2)) + labels[:, None]).astype(np.float32)
    pairs = (
        (
            "90 neighbours, 4000 × 100",
            lambda: nearest_neighbors(points, 90),
            "scikit-learn brute force",
            lambda: NearestNeighbors(n_neighbors=90, algorithm="brute").fit(points).kneighbors(),
        ),
        ("class distances, 4000 × 2", lambda: class_distance_sums(plane, labels), "scipy pdist", lambda: pdist(plane).sum()),
        ("class distances, 4000 × 100", lambda: class_distance_sums(points, labels), "scipy pdist", lambda: pdist(points).sum()),
        (
            "silhouette, 4000 × 2",
            lambda: class_distance_sums(plane, labels),
            "scikit-learn silhouette",
            lambda: silhouette_score(plane, labels),
        ),
        (
            "exact KL with P, 2000 × 100",
            lambda: exact_kl(points[:2000], plane[:2000]),
            "scikit-learn's P, dense",
            lambda: dense_kl(points[:2000], plane[:2000]),
        ),
    )
    print(f"{'what':32}{'ours (s)':>10}  {'other':26}{'other (s)':>10}{'ratio':>8}")
    for what, ours, name, other in pairs:
        mine, theirs = seconds(ours), seconds(other)
        print(f"{what:32}{mine:10.4f}  {name:26}{theirs:10.4f}{theirs / mine:8.1f}")


if __name__ == "__main__":
    main()
