"""The neurons of a layer as things of their own: how alike they are, and which class each one tells (Rauber et al. 2017)."""

import numpy as np


def living_neurons(activations: np.ndarray) -> np.ndarray:
    """Which columns of activations (n, d) vary at all: (d,) bool. The others are dead: nothing is like a constant."""
    return np.ptp(activations, axis=0) > 0


def neuron_distances(activations: np.ndarray) -> np.ndarray:
    """1 - |r| between columns, r being Pearson's correlation: (d, d) float64, symmetric, 0 on the diagonal.

    activations: (n, d), each column varying (living_neurons). Neurons that tell the same, with either sign, are at 0.
    """
    columns = activations.astype(np.float64)
    columns -= columns.mean(axis=0)
    columns /= np.linalg.norm(columns, axis=0)
    distances = 1 - np.abs(columns.T @ columns)
    distances = np.clip((distances + distances.T) / 2, 0, 1)
    np.fill_diagonal(distances, 0)
    return distances


def neuron_map(distances: np.ndarray, iterations: int = 300) -> np.ndarray:
    """Neurons in the plane by metric multidimensional scaling of their distances: (d, 2) float32.

    Stress is majorised (SMACOF) from classical scaling, so that there is one result. distances: (d, d). One neuron alone is
    at the origin.
    """
    from sklearn.manifold import MDS

    if len(distances) < 2:
        return np.zeros((len(distances), 2), np.float32)
    engine = MDS(
        n_components=2,
        metric="precomputed",
        metric_mds=True,
        n_init=1,
        init="classical_mds",
        max_iter=iterations,
        eps=1e-6,
        normalized_stress=False,
    )
    return engine.fit_transform(distances).astype(np.float32)


def class_importances(activations: np.ndarray, labels: np.ndarray, trees: int, seed: int, threads: int) -> np.ndarray:
    """How much each neuron tells each class from all others: (classes, d) float64, every row a share of 1.

    The mean decrease of impurity in extremely randomised trees (Geurts et al. 2006) that are trained for one class against
    the rest. activations: (n, d). labels: (n,) from 0. Where a class has all observations or none, its row is 0. Neurons
    without variance have 0. The result does not depend on `threads`.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    found = np.zeros((int(labels.max()) + 1, activations.shape[1]))
    for label, importances in enumerate(found):
        own = labels == label
        if own.any() and not own.all():
            forest = ExtraTreesClassifier(trees, max_features="sqrt", random_state=seed, n_jobs=threads)
            importances[:] = forest.fit(activations, own).feature_importances_
    return found
