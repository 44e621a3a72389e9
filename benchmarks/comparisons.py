"""Comparisons of all layers of networks with each other, beside each pair computed from the formula: same process, same threads.

python -m benchmarks.comparisons
"""

import time
from collections.abc import Callable
from itertools import combinations

import numpy as np
from scipy.linalg import svdvals
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.neighbors import NearestNeighbors

from layerscope.similarity.shared.measures import compare_by, prepared, similarity_measures

LAYERS, NETWORKS, OBSERVATIONS = 20, 3, 2000
# Units of the layers in turn.
WIDTHS = (512, 256, 128, 64)
# Pairs by the formula, drawn from all of a network: its time for every pair would be long.
PAIRS = 12


def networks() -> list[list[np.ndarray]]:
    """Layers of networks, each a map of the one before with some noise."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(NETWORKS):
        layers = [generator.normal(size=(OBSERVATIONS, WIDTHS[0]))]
        for depth in range(1, LAYERS):
            before, width = layers[-1], WIDTHS[depth % len(WIDTHS)]
            weights = generator.normal(size=(before.shape[1], width)) / np.sqrt(before.shape[1])
            layers.append(np.tanh(before @ weights) + 0.1 * generator.normal(size=(OBSERVATIONS, width)))
        found.append([layer.astype(np.float32) for layer in layers])
    return found


def every_pair(of_networks: list[list[np.ndarray]], measure: str) -> float:
    """The seconds of all pairs of layers of each network, each pair beside its chance level, as the stage `compare` has them."""
    start = time.perf_counter()
    order = np.random.default_rng(0).permutation(OBSERVATIONS)
    for layers in of_networks:
        ready = [prepared(layer, [measure]) for layer in layers]
        for one, layer in enumerate(layers[:-1]):
            shuffled = prepared(layer[order], [measure])
            for other in ready[one + 1 :]:
                compare_by(ready[one], other, [measure])
                compare_by(shuffled, other, [measure])
    return time.perf_counter() - start


def dense_cka(x: np.ndarray, y: np.ndarray) -> float:
    """The estimator of Song et al. (2012), equation 5, on whole kernels."""
    kernels = [points @ points.T for points in (x - x.mean(axis=0), y - y.mean(axis=0))]
    for kernel in kernels:
        np.fill_diagonal(kernel, 0)

    def hsic(k: np.ndarray, other: np.ndarray) -> float:
        n = len(k)
        whole = k.sum() * other.sum() / ((n - 1) * (n - 2))
        return float(((k * other).sum() + whole - 2 / (n - 2) * (k.sum(axis=0) @ other.sum(axis=0))) / (n * (n - 3)))

    (k, other) = kernels
    return hsic(k, other) / np.sqrt(hsic(k, k) * hsic(other, other))


def dense_procrustes(x: np.ndarray, y: np.ndarray) -> float:
    """The residual after the best rotation of centred points of norm 1."""
    x, y = (points - points.mean(axis=0) for points in (x, y))
    return float(2 - 2 * svdvals((x / np.linalg.norm(x)).T @ (y / np.linalg.norm(y))).sum())


def dense_rsa(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's correlation of all distances."""
    return float(spearmanr(pdist(x), pdist(y)).statistic)


def dense_neighbors(x: np.ndarray, y: np.ndarray) -> float:
    """The share of nearest neighbours that both have."""
    found = [NearestNeighbors(n_neighbors=10, algorithm="brute").fit(points).kneighbors()[1] for points in (x, y)]
    return float(np.mean([len(np.intersect1d(*of_point)) / 10 for of_point in zip(*found, strict=True)]))


BY_FORMULA: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "cka": dense_cka,
    "procrustes": dense_procrustes,
    "rsa": dense_rsa,
    "mutual_neighbors": dense_neighbors,
}


def main() -> None:
    of_networks = networks()
    pairs = 2 * NETWORKS * LAYERS * (LAYERS - 1) // 2
    print(f"{NETWORKS} networks, {LAYERS} layers, {OBSERVATIONS} observations: {pairs} pairs, those of chance included")
    print(f"{'measure':24}{'ours (s)':>10}{'by the formula (s)':>22}{'ratio':>8}")
    for measure in similarity_measures():
        mine = every_pair(of_networks, measure)
        told = f"{measure:24}{mine:10.1f}"
        if measure in BY_FORMULA:
            every = list(combinations(of_networks[0], 2))
            chosen = [every[place] for place in np.random.default_rng(1).choice(len(every), PAIRS, replace=False)]
            start = time.perf_counter()
            for first, second in chosen:
                BY_FORMULA[measure](first, second)
            theirs = (time.perf_counter() - start) / PAIRS * pairs
            told += f"{theirs:22.1f}{theirs / mine:8.1f}"
        print(told, flush=True)


if __name__ == "__main__":
    main()
