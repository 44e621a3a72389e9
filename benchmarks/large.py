"""The 60,000 training images of MNIST through our kernels and through the libraries alone: same process, same threads.

python -m benchmarks.large [threads]
"""

import os
import sys
import time
from collections.abc import Callable

import numpy as np
from openTSNE import TSNE
from openTSNE.nearest_neighbors import Annoy
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier

from layerscope import store
from layerscope.data.sources import torchvision
from layerscope.embedding import tsne_layerscope
from layerscope.errors import StudyError
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring import class_distances, knn
from layerscope.scoring.shared.score_input import Representation, Score, ScoreInput

PERPLEXITY, NEIGHBORS = 30, 90
METRICS = {
    class_distances: ("d_same", "d_different", "c_same", "c_different"),
    knn: ("knn_accuracy",),
}


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Wall-clock seconds of one call, and what it returned."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def ours_embedded(points: np.ndarray, graph: store.Neighbors, threads: int) -> np.ndarray:
    """Our t-SNE with the settings of the published studies, from a graph that is there already."""
    options = {
        "perplexity": PERPLEXITY,
        "initialisation": "pca",
        "early_exaggeration": 12,
        "early_exaggeration_iterations": 250,
        "iterations": 500,
        "learning_rate": "auto",
        "gradient": "auto",
        "restarts": 1,
    }
    return tsne_layerscope.embed(points, graph, options, 42, threads).points


def opentsne_alone(points: np.ndarray, threads: int) -> np.ndarray:
    """The same settings given to openTSNE, which finds its own approximate neighbours."""
    engine = TSNE(
        perplexity=PERPLEXITY,
        learning_rate=max(200, len(points) / 12),
        early_exaggeration=12,
        early_exaggeration_iter=250,
        n_iter=500,
        initialization="pca",
        initial_momentum=0.5,
        final_momentum=0.8,
        n_jobs=threads,
        random_state=42,
    )
    return np.asarray(engine.fit(points))


def scores_of(plane: np.ndarray, labels: np.ndarray) -> dict[str, Score]:
    """The reports' five metrics by our kernels."""
    subject = ScoreInput(Representation(plane, labels), plane, "embedding")
    found = {}
    for module, names in METRICS.items():
        found |= module.score(subject, {name: (name, {}) for name in names})
    return found


def by_libraries(plane: np.ndarray, labels: np.ndarray) -> None:
    """The same five from scipy's distances, a block of rows at a time, and scikit-learn's classifier."""
    same = total = 0.0
    for start in range(0, len(plane), 1000):
        distances = cdist(plane[start : start + 1000], plane)
        same += distances[labels[start : start + 1000, None] == labels].sum()
        total += distances.sum()
    centroids = np.array([plane[labels == label].mean(axis=0) for label in np.unique(labels)])
    np.linalg.norm(plane - centroids[labels], axis=1).mean()
    cdist(centroids, centroids).mean()
    KNeighborsClassifier(10).fit(plane, labels).score(plane, labels)


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count()
    try:
        images, labels = torchvision.load("MNIST", {"name": "MNIST"}, store.download_folder()).splits["train"]
    except StudyError as error:
        print(f"no lines for 60,000 points: {error}")
        return
    points = images.reshape(len(images), -1).astype(np.float32) / 255
    nearest_neighbors(points[:500], NEIGHBORS)
    scores_of(points[:500, 300:302], labels[:500])
    print(f"{threads} threads, {len(points):,} × {points.shape[1]}; ratio: other / ours")
    print(f"{'what':44}{'ours (s)':>10}  {'other':34}{'other (s)':>10}{'ratio':>8}", flush=True)

    def line(what: str, mine: float, other: str, theirs: float) -> None:
        print(f"{what:44}{mine:10.1f}  {other:34}{theirs:10.1f}{theirs / mine:8.2f}", flush=True)

    graph_s, (indices, distances) = timed(lambda: nearest_neighbors(points, NEIGHBORS))
    annoy_s, _ = timed(lambda: Annoy(data=points, k=NEIGHBORS, metric="euclidean", n_jobs=threads, random_state=42).build())
    line("90 neighbours, exact", graph_s, "openTSNE's, approximate (Annoy)", annoy_s)
    embed_s, plane = timed(lambda: ours_embedded(points, store.Neighbors(indices, distances), threads))
    alone_s, approximate = timed(lambda: opentsne_alone(points, threads))
    line("t-SNE from the shared graph, graph included", graph_s + embed_s, "openTSNE alone", alone_s)
    mine, _ = timed(lambda: scores_of(plane, labels))
    theirs, _ = timed(lambda: by_libraries(plane.astype(np.float64), labels))
    line("the reports' five metrics of that embedding", mine, "scipy, scikit-learn", theirs)
    found = [scores_of(embedded, labels)["knn_accuracy"].value for embedded in (plane, approximate)]
    print(f"knn_accuracy of the embedding by exact neighbours {found[0]:.4f}, by openTSNE's approximate ones {found[1]:.4f}")


if __name__ == "__main__":
    main()
