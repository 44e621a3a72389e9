"""Which engine of t-SNE comes nearer to the published scores of the inputs themselves, in which no network has a part.

python -m benchmarks.published_inputs [threads]

The five scores of the inputs of Ruman 2021, both reports: all training images of MNIST and FashionMNIST with the first report's
learning rate, the first 5,000 with the second's. Several seeds, or noise on the start, say how far embeddings of one input
differ. Off: the mean over scores of |measured / published - 1|, of the mean over seeds. Needs MNIST and FashionMNIST below
LAYERSCOPE_DATA or results/data.
"""

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.large import scores_of
from benchmarks.tsne import pictures
from layerscope import store
from layerscope.embedding import tsne_layerscope, tsne_opentsne
from layerscope.errors import StudyError
from layerscope.geometry.neighbors import nearest_neighbors

PUBLISHED = Path(__file__).parents[1] / "workflow" / "published"
SHARED = {
    "perplexity": 30,
    "initialisation": "pca",
    "early_exaggeration": 12,
    "early_exaggeration_iterations": 250,
    "iterations": 500,
}
OURS = {**SHARED, "gradient": "auto", "restarts": 1}
# Engine: its module, its options, the factor on openTSNE's learning rate (its gradient lacks a factor of 4), and its seeds.
ENGINES: dict[str, tuple[Callable, dict, float, int]] = {
    "opentsne": (tsne_opentsne.embed, {**SHARED, "jitter": False}, 1, 1),
    "opentsne, jitter": (tsne_opentsne.embed, {**SHARED, "jitter": True}, 1, 3),
    "layerscope": (tsne_layerscope.embed, OURS, 0.25, 3),
}
# Report: images, and openTSNE's learning rate for them.
REPORTS = {"ruman-mlp": (60_000, 5000.0), "ruman-cnn": (5_000, 5000 / 12)}


def published(report: str, dataset: str) -> dict[str, float]:
    """The published scores of the embedded input, by name."""
    with open(PUBLISHED / f"{report}.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["dataset"], row["embedding"], row["layer"]) == (dataset, "tsne", "0")]
    return {row["metric"]: float(row["value"]) for row in rows if row["state"] == "trained"}


def compare(report: str, name: str, dataset: str, threads: int) -> None:
    """A line for each engine."""
    count, rate = REPORTS[report]
    images, labels = (array[:count] for array in pictures(name))
    graph = store.Neighbors(*nearest_neighbors(images, 90))
    wanted = published(report, dataset)
    print(f"\n{report}, {name}, {count:,}{'':8}" + "".join(f"{metric:>14}" for metric in wanted) + f"{'off':>8}")
    print(f"{'published':28}" + "".join(f"{value:14.4f}" for value in wanted.values()))
    for engine, (embed, options, factor, seeds) in ENGINES.items():
        found = []
        for seed in range(seeds):
            points = embed(images, graph, {**options, "learning_rate": factor * rate}, seed, threads).points
            scored = scores_of(points, labels)
            found.append([scored[metric].value for metric in wanted])
        means, spreads = np.mean(found, axis=0), np.ptp(found, axis=0)
        off = np.mean(np.abs(means / np.array([*wanted.values()]) - 1))
        cells = "".join(f"{mean:8.4f} ±{spread / 2:.3f}" for mean, spread in zip(means, spreads, strict=True))
        print(f"{engine:20}{seeds:2} seeds{cells}{off:8.4f}", flush=True)


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count()
    with threadpool_limits(threads):
        try:
            for report in reversed(REPORTS):
                for name, dataset in (("MNIST", "mnist"), ("FashionMNIST", "fashion_mnist")):
                    compare(report, name, dataset, threads)
        except StudyError as error:
            print(f"no published inputs: {error}")


if __name__ == "__main__":
    main()
