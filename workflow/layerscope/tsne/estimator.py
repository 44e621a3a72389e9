"""t-SNE as a scikit-learn estimator: over all pairs of points, or interpolated on the exact graph of nearest neighbours."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.metrics import pairwise_distances, pairwise_distances_chunked
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_non_negative, validate_data
from threadpoolctl import threadpool_limits

from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.geometry.pairwise import squared_distance_blocks
from layerscope.tsne.affinities import graph_probabilities, joint_probabilities, neighbor_probabilities
from layerscope.tsne.descent import Descent, descend
from layerscope.tsne.exact import AllPairs, divergence
from layerscope.tsne.initialisation import pca_start, random_start
from layerscope.tsne.schedule import Schedule
from layerscope.tsne.threads import let_waiting_threads_sleep, threads_limited

METHODS = ("auto", "exact", "interpolated")
# The most points whose pairs are all held in memory.
LARGEST_EXACT = 10_000
# Neighbours on the graph over the perplexity, as in van der Maaten 2014; and for so few points that the divergence over all pairs
# counts, which ended 1.2 % above that of the exact descent with 3, 0.2 % with 5.
NEIGHBORS_OF_PERPLEXITY, NEIGHBORS_OF_FEW = 3, 5
# Parameter: its type, and its smallest allowed value.
LEAST = {
    "early_exaggeration": (Real, 1),
    "early_exaggeration_iter": (Integral, 0),
    "max_iter": (Integral, 1),
    "n_iter_without_progress": (Integral, -1),
    "min_grad_norm": (Real, 0),
}


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """t-SNE (van der Maaten and Hinton 2008), exact or interpolated (Linderman et al. 2019), on all cores.

    Parameters have the names and meanings of sklearn.manifold.TSNE, but for `method`:

    n_components: 1, 2 or 3; where interpolated, 1 or 2.
    method: "exact", over all pairs of at most 10,000 points, in O(n^2) time and memory; "interpolated", with P over the 3 x
        perplexity exact nearest neighbours (5 x to 10,000 points) and repulsion from a grid, in O(n log n) after the search of
        neighbours; or "auto", exact to 10,000 points and interpolated above.
    perplexity: at least 1 and less than n_samples. From n_samples - 1 on, the number of a point's neighbours, P is uniform.
    early_exaggeration, early_exaggeration_iter: the factor on P, and the number of first iterations in which it applies.
    learning_rate: a number, or "auto": max(n_samples / early_exaggeration / 4, 50) (Belkina et al. 2019).
    max_iter: all iterations, including those of the early exaggeration.
    n_iter_without_progress, min_grad_norm: checked every 50 iterations after the early exaggeration. The descent stops when the
        divergence has not fallen for more than n_iter_without_progress iterations, or the gradient's norm is at most
        min_grad_norm.
    metric, metric_params: "euclidean", "precomputed" (X are distances; where interpolated, those of the nearest neighbours in a
        sparse matrix will do), or a name or function that pairwise_distances accepts.
    init: "random"; an array (n_samples, n_components); or "pca", the leading components scaled to a standard deviation of 1e-4,
        with noise of a hundredth of that, which separates points that coincide and makes seeds differ.
    random_state: of the initialisation.
    n_jobs: threads, None or -1 for all. The result is bitwise the same with any number.

    After fitting: embedding_ (n_samples, n_components) float32; kl_divergence_, the divergence of embedding_ in nat, to 10,000
    points over all pairs, above with P over the graph and Q over all pairs; kl_trace_ (m, 2), iteration counts and the
    divergences after them (where interpolated, over the graph); n_iter_, iterations run (scikit-learn's TSNE reports one
    less); learning_rate_; method_, exact or interpolated.

    Points that coincide share their neighbourhoods' probability evenly and end side by side. If all points coincide, they are all
    placed at the origin, without an iteration. ValueError where there are no more points than the perplexity, more than 10,000
    for method="exact", or NaN or infinite values. If the descent diverges (a learning rate far too high, an init so wide that
    all affinities underflow in float32), the values are not finite.
    """

    def __init__(
        self,
        n_components=2,
        *,
        method="auto",
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
        self.method = method
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
        return self._fitted(X).embedding_

    def _fitted(self, X, neighbors=None):
        self._check_parameters()
        if self._method_for(X) == "interpolated":
            let_waiting_threads_sleep()
        with threads_limited(self.n_jobs):
            X, start, schedule = self._begun(X)
            self.method_ = self._method_for(X)
            if self.method_ == "exact":
                found = descend(AllPairs(self._all_pairs(X)), start, schedule)
            else:
                # What only this method needs takes time to import.
                from layerscope.tsne.interpolated import Interpolation

                found = descend(Interpolation(self._graph(X, neighbors)), start, schedule)
                if X.shape[0] <= LARGEST_EXACT and not sparse.issparse(X):
                    found = replace(found, divergence=divergence(self._all_pairs(X), found.points))
            self._ended(found)
        return self

    def _begun(self, X) -> tuple[np.ndarray, np.ndarray, Schedule]:
        """X checked and dense, the start (n, n_components), and the schedule."""
        if hasattr(X, "__array__") and not hasattr(X, "columns"):
            # A type that NumPy does not know, of a torch tensor for instance, would be taken for single precision.
            X = np.asarray(X)
        X = validate_data(self, X, accept_sparse=["csr", "csc", "coo"], dtype=[np.float32, np.float64], ensure_min_samples=2)
        self._check(X)
        if sparse.issparse(X) and self.metric != "precomputed":
            X = X.toarray()
        n = X.shape[0]
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
            return X, np.zeros((n, self.n_components)), replace(schedule, iterations=0)
        return X, self._start(X), schedule

    def _prepared(self, X) -> tuple[np.ndarray, np.ndarray, Schedule]:
        X, start, schedule = self._begun(X)
        self.method_ = "exact"
        return self._all_pairs(X), start, schedule

    def _ended(self, found: Descent) -> None:
        self.embedding_ = found.points.astype(np.float32)
        self.kl_divergence_, self.n_iter_, self.kl_trace_ = found.divergence, found.iterations, found.trace

    def _check_parameters(self):
        check_scalar(self.n_components, "n_components", Integral, min_val=1, max_val=3)
        for name, (kind, least) in LEAST.items():
            check_scalar(getattr(self, name), name, kind, min_val=least)
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {self.method!r}")
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
        n, name = X.shape[0], type(self).__name__
        if self._method_for(X) == "exact" and n > LARGEST_EXACT:
            raise ValueError(
                f'method="exact" holds all pairs of at most {LARGEST_EXACT:,} points, not {n:,}; take a sample, or '
                'TSNE(method="interpolated") (in a study: engine: layerscope)'
            )
        if self._method_for(X) == "interpolated" and self.n_components > 2:
            raise ValueError(f'n_components must be 1 or 2 with method="interpolated", not {self.n_components}')
        if self.metric == "precomputed":
            if isinstance(self.init, str) and self.init == "pca":
                raise ValueError('The parameter init="pca" cannot be used with metric="precomputed".')
            if sparse.issparse(X) and self._method_for(X) == "exact":
                raise TypeError(f"a sparse matrix of precomputed distances is not enough: {name} needs those of all pairs")
            if X.shape[1] != n:
                raise ValueError(f"X should be a square distance matrix, not {n} x {X.shape[1]}")
            check_non_negative(X, f"{name} with metric='precomputed', where X should contain positive distances")
        if isinstance(self.init, np.ndarray) and self.init.shape != (n, self.n_components):
            raise ValueError(f"init must be an array of shape {(n, self.n_components)}, not {self.init.shape}")
        if isinstance(self.init, np.ndarray) and not np.isfinite(self.init).all():
            raise ValueError("init holds NaN or infinite values")
        check_scalar(self.perplexity, "perplexity", Real, min_val=1)
        if self.perplexity >= n:
            raise ValueError(f"perplexity ({self.perplexity}) must be less than n_samples ({n})")

    def _method_for(self, X):
        if self.method != "auto":
            return self.method
        on_a_graph = self.metric == "precomputed" and sparse.issparse(X)
        return "interpolated" if on_a_graph or getattr(X, "shape", (0,))[0] > LARGEST_EXACT else "exact"

    def _all_pairs(self, X) -> np.ndarray:
        """P over all pairs, (n, n) float32."""
        n = len(X)
        blocks = self._squared_distances(X)
        if self.perplexity < n - 1:
            return joint_probabilities(blocks, n, self.perplexity)
        joint = np.full((n, n), 1 / (n * (n - 1)), dtype=np.float32)
        np.fill_diagonal(joint, 0)
        return joint

    def _squared_distances(self, X) -> Iterator[tuple[int, int, np.ndarray]]:
        if self.metric == "euclidean":
            return squared_distance_blocks(X)
        distances = X
        if self.metric != "precomputed":
            # With more threads, matrix products may round differently.
            with threadpool_limits(1):
                distances = pairwise_distances(X, metric=self.metric, **(self.metric_params or {}))
        _refuse_negative(distances)
        return iter([(0, len(X), np.square(distances, dtype=np.float64))])

    def _graph(self, X, neighbors=None) -> sparse.csr_array:
        """P over nearest neighbours, (n, n) sparse. neighbors: (n, k) indices, where they are known already."""
        n = X.shape[0]
        of_perplexity = NEIGHBORS_OF_FEW if n <= LARGEST_EXACT and not sparse.issparse(X) else NEIGHBORS_OF_PERPLEXITY
        k = min(int(of_perplexity * self.perplexity), n - 1)
        if self.perplexity >= n - 1:
            return sparse.csr_array((np.ones((n, n)) - np.eye(n)) / (n * (n - 1)))
        if self.metric == "euclidean":
            indices = nearest_neighbors(X, k)[0] if neighbors is None else neighbors[:, :k]
            return neighbor_probabilities(X, indices, self.perplexity)
        indices, squared = self._nearest_by_metric(X, k)
        return graph_probabilities(squared, indices, self.perplexity)

    def _nearest_by_metric(self, X, k):
        def nearest(distances, start):
            _refuse_negative(distances)
            distances[np.arange(len(distances)), start + np.arange(len(distances))] = np.inf
            found = np.argpartition(distances, k - 1, axis=1)[:, :k]
            return found, np.square(np.take_along_axis(distances, found, axis=1), dtype=np.float64)

        if sparse.issparse(X):
            # What only this needs takes time to import.
            from sklearn.neighbors import NearestNeighbors

            distances, found = NearestNeighbors(n_neighbors=k, metric="precomputed").fit(X).kneighbors()
            return found, np.square(distances, dtype=np.float64)
        if self.metric == "precomputed":
            rows = max(1, 2**22 // len(X))
            parts = [nearest(X[start : start + rows].copy(), start) for start in range(0, len(X), rows)]
        else:
            options = {"metric": self.metric, **(self.metric_params or {})}
            with threadpool_limits(1):
                parts = list(pairwise_distances_chunked(X, reduce_func=nearest, working_memory=64, **options))
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    def _start(self, X) -> np.ndarray:
        if isinstance(self.init, np.ndarray):
            return self.init
        random_state = check_random_state(self.random_state)
        if self.init == "random":
            return random_start(X.shape[0], self.n_components, random_state)
        return pca_start(X, self.n_components, random_state)

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class ExactTSNE(TSNE):
    """TSNE(method="exact"): over all pairs of at most 10,000 points, with the other parameters of TSNE."""

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
        super().__init__(
            n_components,
            method="exact",
            perplexity=perplexity,
            early_exaggeration=early_exaggeration,
            early_exaggeration_iter=early_exaggeration_iter,
            learning_rate=learning_rate,
            max_iter=max_iter,
            n_iter_without_progress=n_iter_without_progress,
            min_grad_norm=min_grad_norm,
            metric=metric,
            metric_params=metric_params,
            init=init,
            random_state=random_state,
            n_jobs=n_jobs,
        )


def fit_together(
    estimator: TSNE, arrays: Sequence[np.ndarray], device: str = "cuda", neighbors: Sequence[np.ndarray] | None = None
) -> list[TSNE]:
    """Fit clones of an estimator to arrays of equally many points, all at once on a torch device, with repulsion over all pairs.

    P is over all pairs to 10,000 points, and above over the graph of nearest neighbours, one array after another. It is computed
    on the CPU. Results are as good as those of `fit`, but not bitwise the same. neighbors: (n, k) indices of each array, where
    they are known. ValueError where the arrays have different numbers of points.
    """
    from layerscope.tsne.batched import OfAllPairs, OfNeighbors, descend_together

    counts = sorted({array.shape[0] for array in arrays})
    if len(counts) > 1:
        raise ValueError(f"arrays must have equally many points, not {counts}")
    estimator._check_parameters()
    fitted = [clone(estimator) for _ in arrays]
    moving = []
    with threads_limited(estimator.n_jobs):
        for index, (one, array) in enumerate(zip(fitted, arrays, strict=True)):
            X, start, schedule = one._begun(array)
            one.method_ = "exact"
            if schedule.iterations == 0:
                one._ended(descend(AllPairs(one._all_pairs(X)), start, schedule))
            elif one._method_for(X) == "exact":
                moving.append((one, one._all_pairs(X), start, schedule))
            else:
                graph = one._graph(X, None if neighbors is None else neighbors[index])
                [found] = descend_together(OfNeighbors(graph, device), [start], schedule)
                one._ended(found)
    if moving:
        ready, joints, starts, schedules = zip(*moving, strict=True)
        for one, found in zip(ready, descend_together(OfAllPairs(joints, device), starts, schedules[0]), strict=True):
            one._ended(found)
    return fitted


def estimator_for(options: dict, seed: int | np.random.RandomState, threads: int, method: str = "exact") -> TSNE:
    """An estimator with the options of a study. Early stopping is disabled."""
    exaggerated = options["early_exaggeration_iterations"]
    return TSNE(
        method=method,
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


def prepared_for(estimator: TSNE, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, Schedule]:
    """P (n, n) float32, the start (n, n_components) and the schedule with which an estimator would embed X.

    The estimator itself is not fitted. ValueError as in fitting. Where all points coincide, the schedule has no iterations.
    """
    estimator._check_parameters()
    return clone(estimator)._prepared(X)


def fit_with_neighbors(estimator: TSNE, X: np.ndarray, neighbors: np.ndarray) -> TSNE:
    """Fit an estimator to X (n, d) whose nearest neighbours are known, and return it.

    neighbors: (n, k) indices, k >= 3 x perplexity. To 10,000 points 5 x perplexity are used if there are as many.
    """
    return estimator._fitted(X, neighbors)


def _refuse_negative(distances):
    if (distances < 0).any():
        raise ValueError("All distances should be positive, the metric given is not correct")
