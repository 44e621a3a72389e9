"""Scores and embeddings of plain arrays: the values that studies have, and one message for what does not fit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

import layerscope
from layerscope.errors import StudyError

PACKAGE = Path(layerscope.__file__).parents[1]
LABELS = np.repeat([0, 1, 2], 40)
POINTS = np.random.default_rng(0).normal(size=(120, 5)) + 2 * LABELS[:, None]


def test_scores_are_those_of_other_libraries():
    found = layerscope.score(POINTS, LABELS, {"neighborhood_hit": {"k": 6}, "silhouette": {}})
    _, indices = NearestNeighbors(n_neighbors=7).fit(POINTS).kneighbors()
    indices = NearestNeighbors(n_neighbors=6).fit(POINTS).kneighbors(return_distance=False)
    assert found["neighborhood_hit"].value == pytest.approx((LABELS[indices] == LABELS[:, None]).mean(), abs=1e-6)
    assert found["silhouette"].value == pytest.approx(silhouette_score(POINTS, LABELS), abs=1e-5)
    assert 0.3 < found["neighborhood_hit"].chance < 0.35


def test_an_embedding_is_scored_beside_what_it_embeds():
    embedded = layerscope.embed(POINTS, "pca")
    found = layerscope.score(POINTS, LABELS, ["trustworthiness", "continuity", "neighborhood_hit"], embedding=embedded.points)
    assert embedded.points.shape == (120, 2)
    assert all(0.5 < score.value <= 1 for score in found.values())


def test_t_sne_ends_below_its_start():
    embedded = layerscope.embed(POINTS, "tsne", engine="exact", perplexity=10, iterations=50, early_exaggeration_iterations=50)
    assert embedded.points.shape == (120, 2)
    assert 0 < embedded.kl_engine < 2


def test_one_metric_can_be_named_alone_and_labels_may_be_text():
    wanted = layerscope.score(POINTS, LABELS, ["neighborhood_hit"])
    assert layerscope.score(POINTS, LABELS, "neighborhood_hit") == wanted
    assert layerscope.score(POINTS, np.array(["cat", "dog", "owl", "rat"])[LABELS % 4], "d_same") == layerscope.score(
        POINTS, LABELS % 4, "d_same"
    )


def test_a_default_fits_few_points():
    embedded = layerscope.embed(POINTS[:40], "tsne", engine="exact", iterations=20, early_exaggeration_iterations=20)
    assert embedded.points.shape == (40, 2)


WRONG = {
    "an unknown metric": (lambda: layerscope.score(POINTS, LABELS, ["neighbourhood_hit"]), "did you mean 'neighborhood_hit'?"),
    "no metric": (lambda: layerscope.score(POINTS, LABELS, []), "metrics: none is named; name one or more"),
    "an unknown option": (
        lambda: layerscope.score(POINTS, LABELS, {"neighborhood_hit": {"n": 3}}),
        "metrics.neighborhood_hit.n: unknown key",
    ),
    "a metric of embeddings": (
        lambda: layerscope.score(POINTS, LABELS, ["kl"]),
        "'kl' rates an embedding; give that of the points as `embedding`",
    ),
    "a metric of networks": (lambda: layerscope.score(POINTS, LABELS, ["accuracy"]), "'accuracy' is no metric of"),
    "labels that are too few": (
        lambda: layerscope.score(POINTS, LABELS[1:], ["d_same"]),
        "labels: 119 are given for 120 points",
    ),
    "labels that are no classes": (
        lambda: layerscope.score(POINTS, LABELS + 0.5, ["d_same"]),
        "classes are whole numbers or text",
    ),
    "points that are not finite": (lambda: layerscope.score(POINTS * np.nan, LABELS, ["d_same"]), "finite numbers"),
    "too few points": (lambda: layerscope.score(POINTS[:5], LABELS[:5], ["neighborhood_hit"]), "6 neighbours are wanted among 5"),
    "an unknown method": (lambda: layerscope.embed(POINTS, "tsnee"), "did you mean 'tsne'?"),
    "an unknown engine": (lambda: layerscope.embed(POINTS, "tsne", engine="exat"), "did you mean 'exact'?"),
    "a perplexity too large": (lambda: layerscope.embed(POINTS, "tsne", perplexity=60), "180 neighbours are wanted among 120"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_said_in_one_message(case):
    call, message = WRONG[case]
    with pytest.raises(StudyError) as caught:
        call()
    assert message in str(caught.value)
    assert len(caught.value.messages) == 1


def test_the_package_alone_loads_nothing_heavy():
    """Snakemake imports it again and again."""
    code = "import sys, layerscope; print([m for m in ('numpy', 'torch', 'pandas', 'yaml') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
