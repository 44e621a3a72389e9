"""Every engine: finite points in the plane, the same for the same seed, with separate blobs kept apart."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.initialization import rescale
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from layerscope.embedding import tsne_multicore
from layerscope.embedding.shared.result import checked, coincident
from layerscope.errors import StudyError
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.kl import exact_kl
from layerscope.store import Neighbors
from layerscope.study.kinds import Kinds

N = 150
BARNES_HUT = {"perplexity": 10.0, "early_exaggeration": 12.0, "learning_rate": "auto", "iterations": 50}
SKLEARN = {**BARNES_HUT, "initialisation": "pca"}
MULTICORE = {**BARNES_HUT, "early_exaggeration_iterations": 100, "iterations": 100}
OPENTSNE = {**BARNES_HUT, "early_exaggeration_iterations": 60, "initialisation": "pca"}
LAYERSCOPE = {**OPENTSNE, "gradient": "auto", "restarts": 1}
ENGINES = {
    "layerscope": ("tsne_layerscope", LAYERSCOPE),
    "layerscope interpolated": ("tsne_layerscope", {**LAYERSCOPE, "gradient": "interpolated"}),
    "layerscope restarted": ("tsne_layerscope", {**LAYERSCOPE, "restarts": 3, "initialisation": "random"}),
    "pytorch": ("tsne_pytorch", {**OPENTSNE, "device": "cpu"}),
    "opentsne": ("tsne_opentsne", {**OPENTSNE, "jitter": False}),
    "opentsne from random": (
        "tsne_opentsne",
        {**OPENTSNE, "jitter": False, "early_exaggeration_iterations": 150, "initialisation": "random"},
    ),
    "sklearn": ("tsne_sklearn", {**SKLEARN, "exact": False}),
    "sklearn exact": ("tsne_sklearn", {**SKLEARN, "exact": True}),
    "exact": ("tsne_exact", OPENTSNE),
    "exact from random": ("tsne_exact", {**OPENTSNE, "initialisation": "random"}),
    "dynamic": ("dynamic_tsne", {**OPENTSNE, "over": "epochs", "lambda": 0.1}),
    "multicore": ("tsne_multicore", MULTICORE),
    "umap": ("umap", {"n_neighbors": 15, "min_dist": 0.1, "epochs": 60}),
    "pca": ("pca", {}),
    "mds": ("mds", {"iterations": 30}),
    "isomap": ("isomap", {"n_neighbors": 12}),
    "lle": ("lle", {"n_neighbors": 12}),
}
every_engine = pytest.mark.parametrize("name", ENGINES)


@pytest.fixture(autouse=True)
def one_thread():
    """As in every job: pools of idle threads slow small problems down."""
    with threadpool_limits(1):
        yield


def blobs(width=8):
    generator = np.random.default_rng(0)
    labels = np.arange(N) % 3
    centres = 12 * np.eye(3, width)
    return (centres[labels] + generator.normal(size=(N, width))).astype(np.float32), labels


def embed(name, points, seed=0):
    module, options = ENGINES[name]
    engine = import_module(f"layerscope.embedding.{module}")
    graph = None
    if "neighbors" in engine.ENGINE["reads"]:
        graph = Neighbors(*nearest_neighbors(points, 40))
    return engine.embed(points, graph, dict(options), seed, 1)


def agreement(points, labels):
    """The share of points whose nearest neighbour in the plane has their label."""
    nearest, _ = nearest_neighbors(points, 1)
    return (labels[nearest[:, 0]] == labels).mean()


@every_engine
def test_points_in_the_plane_that_repeat_and_keep_blobs_apart(name):
    points, labels = blobs()
    points.flags.writeable = False
    found = embed(name, points)
    assert found.points.shape == (N, 2)
    assert found.points.dtype == np.float32
    assert np.isfinite(found.points).all()
    assert found.status == "ok"
    assert embed(name, points).points.tobytes() == found.points.tobytes()
    assert agreement(found.points, labels) > 0.9


@every_engine
def test_points_that_all_coincide_are_no_error(name):
    found = embed(name, np.full((N, 8), 0.3, np.float32))
    assert found.points.shape == (N, 2)
    assert found.points.dtype == np.float32
    assert np.isfinite(found.points).all() or found.status != "ok"
    if found.status.startswith("no variance"):
        assert (found.points == 0).all()


@every_engine
def test_one_feature_is_enough(name):
    points, _ = blobs(width=3)
    found = embed(name, points[:, :1])
    assert found.points.shape == (N, 2)
    assert np.isfinite(found.points).all()


@every_engine
def test_a_layer_of_few_distinct_rows_is_no_error(name):
    """A dead layer: most rows coincide."""
    points = np.zeros((N, 4), np.float32)
    points[:5] = np.random.default_rng(0).normal(size=(5, 4))
    found = embed(name, points)
    assert found.points.shape == (N, 2)
    assert np.isfinite(found.points).all() or found.status != "ok"


@pytest.mark.parametrize("name", ["opentsne from random", "exact from random", "layerscope restarted", "umap", "mds"])
def test_another_seed_gives_another_picture(name):
    points, _ = blobs()
    assert not np.array_equal(embed(name, points, 0).points, embed(name, points, 1).points)


def test_the_first_two_seeds_of_multicore_differ():
    """The library itself takes 0 and 1 for the same seed."""
    points, labels = blobs()
    first, second = (embed("multicore", points, seed).points for seed in (0, 1))
    assert not np.array_equal(first, second)
    assert agreement(second, labels) > 0.9


def test_negative_values_are_as_good_as_others_to_multicore():
    """It would scale by the signed maximum: points moved to below zero give the same picture but for rounding."""
    points, labels = blobs()
    assert agreement(embed("multicore", points - 100).points, labels) > 0.9


def test_multicore_ends_in_its_own_process(monkeypatch):
    """The library of the child never enters this process."""
    import sys

    points, _ = blobs()
    embed("multicore", points[:60])
    assert "MulticoreTSNE" not in sys.modules


def test_multicore_was_built_to_use_several_cores():
    """A CMake that does not find OpenMP builds it for one, without a word."""
    from importlib.util import find_spec

    folder = Path(find_spec("MulticoreTSNE").origin).parent
    (library,) = folder.glob("libtsne_multicore.*")
    assert b"omp_get_thread_num" in library.read_bytes()


def test_a_missing_multicore_names_the_line_that_installs_it(monkeypatch):
    from layerscope.errors import StudyError

    monkeypatch.setattr(tsne_multicore, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match=r"engine: multicore needs .*pip install 'cmake<4' && pip install 'MulticoreTSNE==0\.1'"):
        embed("multicore", blobs()[0])


@pytest.mark.parametrize(
    "name", ["layerscope", "layerscope interpolated", "pytorch", "opentsne", "exact", "sklearn", "multicore"]
)
def test_engines_of_tsne_report_a_divergence_and_their_iterations(name):
    found = embed(name, blobs()[0])
    assert 0 < found.kl_engine < 5
    assert found.iterations >= 110


@pytest.mark.parametrize("name", ["umap", "pca", "mds", "isomap", "lle"])
def test_other_methods_have_no_divergence(name):
    assert np.isnan(embed(name, blobs()[0]).kl_engine)


def test_opentsne_is_that_of_version_0_6():
    """One call of its optimizer a phase, each from a standstill, from principal components without noise."""
    points = blobs()[0]
    indices, distances = nearest_neighbors(points, 30)
    graph = PerplexityBasedNN(perplexity=10, knn_index=PrecomputedNeighbors(indices, distances.astype(np.float64)))
    start = np.ascontiguousarray(rescale(PCA(2, svd_solver="full").fit_transform(points)))
    expected = TSNEEmbedding(start, graph, negative_gradient_method="bh")
    phases = {"early": {"n_iter": 60, "exaggeration": 12, "momentum": 0.5}, "late": {"n_iter": 50, "momentum": 0.8}}
    for phase in phases.values():
        expected.optimizer.update = None
        expected.optimize(**phase, learning_rate=200, max_grad_norm=None, max_step_norm=5, inplace=True)
    np.testing.assert_allclose(embed("opentsne", points).points, expected, rtol=1e-5, atol=1e-7)


def test_opentsne_reads_its_first_neighbors_only():
    """3 · perplexity of them: more in the file change nothing."""
    points, _ = blobs()
    engine = import_module("layerscope.embedding.tsne_opentsne")
    few, more = (
        engine.embed(points, Neighbors(*nearest_neighbors(points, k)), ENGINES["opentsne"][1], 0, 1).points for k in (30, 60)
    )
    np.testing.assert_array_equal(few, more)


def test_the_default_engine_of_tsne_is_exact_to_10000_points():
    points, _ = blobs()
    assert Kinds().engine("tsne", {}, "").says("engine") == "layerscope"
    found, expected = embed("layerscope", points), embed("exact", points)
    np.testing.assert_array_equal(found.points, expected.points)
    assert found.kl_engine == expected.kl_engine


def test_the_lowest_of_several_descents_is_kept_and_their_spread_told():
    """One descent more keeps those before it, so that more of them never end higher."""
    points, _ = blobs()
    module, options = ENGINES["layerscope restarted"]
    graph = Neighbors(*nearest_neighbors(points, 40))
    engine = import_module(f"layerscope.embedding.{module}")
    found = [engine.embed(points, graph, {**options, "restarts": count}, 0, 1) for count in (1, 2, 4)]
    divergences = [one.kl_engine for one in found]
    assert divergences == sorted(divergences, reverse=True)
    assert found[0].about == {}
    last = found[-1].about
    assert found[-1].kl_engine < last["kl_restarts_mean"] < last["kl_restarts_highest"]
    assert 0 < last["kl_restarts_sd"] < last["kl_restarts_highest"] - found[-1].kl_engine
    assert found[-1].kl_engine == pytest.approx(exact_kl(points, found[-1].points, 10), rel=1e-4)


def test_a_device_embeds_several_representations_as_it_embeds_each():
    points = blobs()[0]
    module, options = ENGINES["pytorch"]
    engine = import_module(f"layerscope.embedding.{module}")
    arrays = [points, np.ones_like(points), points[:, :5]]
    graphs = [Neighbors(*nearest_neighbors(array, 40)) for array in arrays]
    together = engine.embed_together(arrays, graphs, options, 3, 1)
    assert [embedded.status.partition(":")[0] for embedded in together] == ["ok", "no variance", "ok"]
    for embedded, array, graph in zip(together, arrays, graphs, strict=True):
        np.testing.assert_array_equal(embedded.points, engine.embed(array, graph, options, 3, 1).points)
        np.testing.assert_array_equal(embedded.kl_engine, engine.embed(array, graph, options, 3, 1).kl_engine)
    assert engine.device_name(options, 1) == "cpu"


def test_a_device_that_is_not_there_is_missed():
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    module, options = ENGINES["pytorch"]
    with pytest.raises(StudyError, match="device: cuda is asked for"):
        import_module(f"layerscope.embedding.{module}").device_name({**options, "device": "cuda"}, 1)


def test_umap_reads_its_first_neighbors_only():
    points, _ = blobs()
    engine = import_module("layerscope.embedding.umap")
    options = ENGINES["umap"][1]
    few, more = (engine.embed(points, Neighbors(*nearest_neighbors(points, k)), options, 0, 1).points for k in (14, 60))
    np.testing.assert_array_equal(few, more)


def test_principal_components_are_those_of_numpy():
    points, _ = blobs()
    centred = points.astype(np.float64) - points.astype(np.float64).mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(abs(embed("pca", points).points), abs(left[:, :2] * values[:2]), atol=1e-4)


def test_distances_in_the_plane_survive_metric_scaling():
    """Points that lie in a plane can be laid out without stress."""
    points = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    module = import_module("layerscope.embedding.mds")
    found = module.embed(np.hstack([points, points]), None, {"iterations": 300}, 0, 1).points
    distances = [np.linalg.norm(x[:, None] - x[None], axis=2)[np.triu_indices(60, 1)] for x in (points * 2**0.5, found)]
    assert np.corrcoef(*distances)[0, 1] > 0.99


# What engines share


def test_coincident_points_are_told_from_others():
    assert coincident(np.ones((5, 3), np.float32)).status.startswith("no variance")
    points = np.ones((5, 3), np.float32)
    points[2, 1] += 1e-6
    assert coincident(points) is None


def test_results_that_are_not_finite_are_marked():
    assert checked(np.array([[0.0, np.nan]])).status.startswith("diverged")
    assert checked(np.zeros((3, 2)), 1.5, 10).status == "ok"


def test_the_blobs_of_these_tests_are_separate():
    points, labels = blobs()
    assert KNeighborsClassifier(1).fit(points[::2], labels[::2]).score(points[1::2], labels[1::2]) == 1
