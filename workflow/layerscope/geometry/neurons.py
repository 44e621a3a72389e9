"""The neurons of a layer: how similar they are, and which class each one discriminates (Rauber et al. 2017)."""

import numpy as np


def living_neurons(activations: np.ndarray) -> np.ndarray:
    """Which columns of activations (n, d) vary: (d,) bool. The others are dead; a constant has no correlation with anything."""
    return np.ptp(activations, axis=0) > 0


def neuron_distances(activations: np.ndarray) -> np.ndarray:
    """1 - |r| between columns, where r is Pearson's correlation: (d, d) float64, symmetric, 0 on the diagonal.

    activations: (n, d); every column must vary (living_neurons). Neurons that correlate perfectly, with either sign, are at 0.
    """
    columns = activations.astype(np.float64)
    columns -= columns.mean(axis=0)
    columns /= np.linalg.norm(columns, axis=0)
    distances = 1 - np.abs(columns.T @ columns)
    distances = np.clip((distances + distances.T) / 2, 0, 1)
    np.fill_diagonal(distances, 0)
    return distances


def neuron_map(distances: np.ndarray, iterations: int = 300) -> np.ndarray:
    """Place neurons in the plane by metric multidimensional scaling of their distances: (d, 2) float32.

    Stress majorisation (SMACOF) starts from classical scaling, so the result is deterministic. distances: (d, d). A single
    neuron is at the origin.
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
    """How well each neuron discriminates each class from all others: (classes, d) float64, each row sums to 1.

    Importance is the mean decrease of impurity in extremely randomised trees (Geurts et al. 2006) trained for one class
    against the rest. activations: (n, d). labels: (n,) from 0. A class with all observations or none has a row of 0. Neurons
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
