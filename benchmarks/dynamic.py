"""Dynamic t-SNE: the steps of a network embedded together, and each by itself.

python -m benchmarks.dynamic [threads]

Six steps of 2,000 points: digits whose classes come apart from step to step, in 64 dimensions. The sum of the divergences and the
mean squared displacement say what the seconds buy.
"""

import os
import sys
import time

import numpy as np
from sklearn.manifold import TSNE

from layerscope.tsne.dynamic import DynamicDescent, fit_dynamically
from layerscope.tsne.estimator import ExactTSNE

STEPS, POINTS, FEATURES, CLASSES = 6, 2_000, 64, 10
LAMBDAS = (0.0, 0.01, 0.1, 1.0, 1e6)


def steps() -> list[np.ndarray]:
    """Ten classes that part: (n, d) float32 for each step."""
    generator = np.random.default_rng(0)
    labels = np.arange(POINTS) % CLASSES
    noise, centres = generator.normal(size=(POINTS, FEATURES)), generator.normal(size=(CLASSES, FEATURES))
    return [(noise + step / 2 * centres[labels]).astype(np.float32) for step in range(STEPS)]


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count()
    arrays = steps()
    engine = ExactTSNE(random_state=0, n_jobs=threads, min_grad_norm=0.0, n_iter_without_progress=1000)
    fit_dynamically(engine, [array[:100] for array in arrays], 0.1)
    print(f"{threads} threads, {STEPS} steps of {POINTS:,} points, 1,000 iterations")
    print(f"{'lambda':>12}{'seconds':>10}{'sum of KL':>12}{'displacement':>14}{'retries':>9}")
    for weight in LAMBDAS:
        start = time.perf_counter()
        found: DynamicDescent = fit_dynamically(engine, arrays, weight)
        took = time.perf_counter() - start
        print(f"{weight:12g}{took:10.1f}{found.divergences.sum():12.3f}{found.displacement:14.3f}{found.retries:9d}")
    start = time.perf_counter()
    each = [TSNE(method="exact", random_state=0).fit(array).kl_divergence_ for array in arrays[:1]]
    took = time.perf_counter() - start
    print(f"scikit-learn, exact, one of the steps: {took:.1f} s, KL {each[0]:.3f}")


if __name__ == "__main__":
    main()
