"""Exact t-SNE as a scikit-learn estimator: every pair of points, no approximation, for samples of up to 10,000."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral, Real

import numba
import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_non_negative, validate_data
from threadpoolctl import threadpool_limits

from layerscope.geometry.pairwise import squared_distance_blocks
from layerscope.tsne.affinities import joint_probabilities
from layerscope.tsne.descent import Descent, descend
from layerscope.tsne.initialisation import pca_start, random_start
from layerscope.tsne.schedule import Schedule

LARGEST = 10_000
# Parameter: its type, and its smallest allowed value.
LEAST = {
    "perplexity": (Real, 1),
    "early_exaggeration": (Real, 1),
    "early_exaggeration_iter": (Integral, 0),
    "max_iter": (Integral, 1),
    "n_iter_without_progress": (Integral, -1),
    "min_grad_norm": (Real, 0),
}


class ExactTSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """t-SNE (van der Maaten and Hinton 2008) over all pairs of points, on all cores, in O(n^2) time and memory.

    Parameters have the names and meanings of sklearn.manifold.TSNE(method="exact"):

    n_components: 1, 2 or 3.
    perplexity: at least 1 and less than n_samples. From n_samples - 1 on, the number of a point's neighbours, P is uniform.
    early_exaggeration, early_exaggeration_iter: the factor on P, and the number of first iterations in which it applies.
    learning_rate: a number, or "auto": max(n_samples / early_exaggeration / 4, 50) (Belkina et al. 2019).
    max_iter: all iterations, including those of the early exaggeration.
    n_iter_without_progress, min_grad_norm: checked every 50 iterations after the early exaggeration. The descent stops when the
        divergence has not fallen for more than n_iter_without_progress iterations, or the gradient's norm is at most
        min_grad_norm.
    metric, metric_params: "euclidean", "precomputed" (X are distances), or a name or function that pairwise_distances accepts.
    init: "random"; an array (n_samples, n_components); or "pca", the leading components scaled to a standard deviation of 1e-4,
        with noise of a hundredth of that, which separates points that coincide and makes seeds differ.
    random_state: of the initialisation.
    n_jobs: threads, None or -1 for all. The result is bitwise the same with any number.

    After fitting: embedding_ (n_samples, n_components) float32; kl_divergence_, the exact divergence of embedding_ in nat;
    kl_trace_ (m, 2), iteration counts and the divergences after them; n_iter_, iterations run (scikit-learn's TSNE reports
    one less); learning_rate_.

    Points that coincide share their neighbourhoods' probability evenly and end side by side. If all points coincide, P is
    uniform and placing them all at the origin attains a divergence of 0: this is returned without an iteration. ValueError
    where there are no more points than the perplexity, more than 10,000, or NaN or infinite values. If the descent diverges
    (a learning rate far too high, an init so wide that all affinities underflow in float32), the values are not finite.
    """

    def __init__(
        self,
        n_components=2,
        *,
        perplexity=30.0,
        early_exaggeration=12.0,
        early_exaggeration_iter=250,
        learning_rate="auto",
        max_iter=1000,
        n_iter_without_progress=300,
        min_grad_norm=1e-7,
        metric="euclidean",
        metric_params=None,
        init="pca",
        random_state=None,
        n_jobs=None,
    ):
        self.n_components = n_components
        self.perplexity = perplexity
        self.early_exaggeration = early_exaggeration
        self.early_exaggeration_iter = early_exaggeration_iter
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.n_iter_without_progress = n_iter_without_progress
        self.min_grad_norm = min_grad_norm
        self.metric = metric
        self.metric_params = metric_params
        self.init = init
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Embed X (n_samples, n_features), or distances (n_samples, n_samples) where metric is "precomputed"."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Embed X and return embedding_ (n_samples, n_components) float32."""
        self._check_parameters()
        with threads_limited(self.n_jobs):
            joint, start, schedule = self._prepared(X)
            self._ended(descend(joint, start, schedule))
        return self.embedding_

    def _prepared(self, X) -> tuple[np.ndarray, np.ndarray, Schedule]:
        if hasattr(X, "__array__") and not hasattr(X, "columns"):
            # A type that NumPy does not know, of a torch tensor for instance, would be taken for single precision.
            X = np.asarray(X)
        X = validate_data(self, X, accept_sparse=["csr", "csc", "coo"], dtype=[np.float32, np.float64], ensure_min_samples=2)
        self._check(X)
        if sparse.issparse(X):
            X = X.toarray()
        n = len(X)
        self.learning_rate_ = self.learning_rate
        if self.learning_rate == "auto":
            self.learning_rate_ = max(n / self.early_exaggeration / 4, 50.0)
        schedule = Schedule(
            exaggeration=float(self.early_exaggeration),
            exaggerated=self.early_exaggeration_iter,
            iterations=self.max_iter,
            learning_rate=float(self.learning_rate_),
            patience=self.n_iter_without_progress,
            lowest_gradient=float(self.min_grad_norm),
        )
        if self.metric != "precomputed" and np.ptp(X, axis=0).max(initial=0) == 0:
            start, schedule = np.zeros((n, self.n_components)), replace(schedule, iterations=0)
        else:
            start = self._start(X)
        blocks = self._squared_distances(X)
        if self.perplexity < n - 1:
            joint = joint_probabilities(blocks, n, self.perplexity)
        else:
            joint = np.full((n, n), 1 / (n * (n - 1)), dtype=np.float32)
            np.fill_diagonal(joint, 0)
        return joint, start, schedule

    def _ended(self, found: Descent) -> None:
        self.embedding_ = found.points.astype(np.float32)
        self.kl_divergence_, self.n_iter_, self.kl_trace_ = found.divergence, found.iterations, found.trace

    def _check_parameters(self):
        check_scalar(self.n_components, "n_components", Integral, min_val=1, max_val=3)
        for name, (kind, least) in LEAST.items():
            check_scalar(getattr(self, name), name, kind, min_val=least)
        if self.learning_rate != "auto":
            check_scalar(self.learning_rate, "learning_rate", Real, min_val=0, include_boundaries="neither")
        if not (isinstance(self.metric, str) or callable(self.metric)):
            raise TypeError(f"metric must be a name or a function, not {self.metric!r}")
        if not (self.metric_params is None or isinstance(self.metric_params, dict)):
            raise TypeError(f"metric_params must be a dict or None, not {self.metric_params!r}")
        if not isinstance(self.init, np.ndarray) and self.init not in ("pca", "random"):
            raise ValueError(f'init must be "pca", "random" or an array, not {self.init!r}')
        if self.n_jobs is not None:
            check_scalar(self.n_jobs, "n_jobs", Integral)

    def _check(self, X):
        n = X.shape[0]
        if n > LARGEST:
            raise ValueError(
                f"ExactTSNE holds all pairs of at most {LARGEST:,} points, not {n:,}; take a sample, or an approximation: "
                "openTSNE (in a study, another engine) or sklearn.manifold.TSNE"
            )
        if self.metric == "precomputed":
            if isinstance(self.init, str) and self.init == "pca":
                raise ValueError('The parameter init="pca" cannot be used with metric="precomputed".')
            if sparse.issparse(X):
                raise TypeError("a sparse matrix of precomputed distances is not enough: ExactTSNE needs those of all pairs")
            if X.shape[1] != n:
                raise ValueError(f"X should be a square distance matrix, not {n} x {X.shape[1]}")
            check_non_negative(X, "ExactTSNE with metric='precomputed', where X should contain positive distances")
        if isinstance(self.init, np.ndarray) and self.init.shape != (n, self.n_components):
            raise ValueError(f"init must be an array of shape {(n, self.n_components)}, not {self.init.shape}")
        if isinstance(self.init, np.ndarray) and not np.isfinite(self.init).all():
            raise ValueError("init holds NaN or infinite values")
        if self.perplexity >= n:
            raise ValueError(f"perplexity ({self.perplexity}) must be less than n_samples ({n})")

    def _squared_distances(self, X) -> Iterator[tuple[int, int, np.ndarray]]:
        if self.metric == "euclidean":
            return squared_distance_blocks(X)
        distances = X
        if self.metric != "precomputed":
            # With more threads, matrix products may round differently.
            with threadpool_limits(1):
                distances = pairwise_distances(X, metric=self.metric, **(self.metric_params or {}))
        if (distances < 0).any():
            raise ValueError("All distances should be positive, the metric given is not correct")
        return iter([(0, len(X), np.square(distances, dtype=np.float64))])

    def _start(self, X) -> np.ndarray:
        if isinstance(self.init, np.ndarray):
            return self.init
        random_state = check_random_state(self.random_state)
        if self.init == "random":
            return random_start(len(X), self.n_components, random_state)
        return pca_start(X, self.n_components, random_state)

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def fit_together(estimator: ExactTSNE, arrays: Sequence[np.ndarray], device: str = "cuda") -> list[ExactTSNE]:
    """Fit clones of an estimator to arrays of equally many points; all descents run together on a torch device.

    The similarities are computed on the CPU. Results are as good as those of `fit`, but not bitwise the same.
    ValueError where the arrays have different numbers of points.
    """
    from layerscope.tsne.batched import descend_together

    counts = sorted({array.shape[0] for array in arrays})
    if len(counts) > 1:
        raise ValueError(f"arrays must have equally many points, not {counts}")
    estimator._check_parameters()
    fitted = [clone(estimator) for _ in arrays]
    with threads_limited(estimator.n_jobs):
        prepared = [one._prepared(array) for one, array in zip(fitted, arrays, strict=True)]
    moving = [index for index, (_, _, schedule) in enumerate(prepared) if schedule.iterations]
    ended = {index: descend(*prepared[index]) for index in range(len(arrays)) if index not in moving}
    if moving:
        joints, starts, schedules = zip(*(prepared[index] for index in moving), strict=True)
        ended |= dict(zip(moving, descend_together(joints, starts, schedules[0], device), strict=True))
    for index, one in enumerate(fitted):
        one._ended(ended[index])
    return fitted


def estimator_for(options: dict, seed: int, threads: int) -> ExactTSNE:
    """An estimator with the options of a study. Early stopping is disabled."""
    exaggerated = options["early_exaggeration_iterations"]
    return ExactTSNE(
        perplexity=options["perplexity"],
        early_exaggeration=options["early_exaggeration"],
        early_exaggeration_iter=exaggerated,
        learning_rate=options["learning_rate"],
        max_iter=exaggerated + options["iterations"],
        n_iter_without_progress=exaggerated + options["iterations"],
        min_grad_norm=0.0,
        init=options["initialisation"],
        random_state=seed,
        n_jobs=threads,
    )


def prepared_for(estimator: ExactTSNE, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, Schedule]:
    """P (n, n) float32, the start (n, n_components) and the schedule with which an estimator would embed X.

    The estimator itself is not fitted. ValueError as in fitting. Where all points coincide, the schedule has no iterations.
    """
    estimator._check_parameters()
    return clone(estimator)._prepared(X)


@contextmanager
def threads_limited(n_jobs):
    """Limit numba to n_jobs threads within the block; None or -1 leaves their number as it is."""
    before = numba.get_num_threads()
    if n_jobs is not None and n_jobs > 0:
        numba.set_num_threads(min(n_jobs, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)
