"""What jobs tell figures of scores: label, unit, range and direction of their metric, under names that tell scores apart."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from layerscope.jobs.jobs import Jobs
from layerscope.study.kinds import Kinds
from layerscope.study.load import build_study


def told_of(scores: dict, **blocks: dict) -> dict:
    """What the figure of a study with these scores is told of them. blocks: further ones of the study."""
    content = {
        "study": "names",
        "datasets": {"digits": {"source": "sklearn", "test": 360}},
        "architectures": {"mlp": {"family": "mlp", "hidden": [4]}},
        "grids": [{}],
        "training": {"default": {}},
        "scores": scores,
        "figures": {"shown": {"kind": "score_scatter", "score": next(iter(scores)), "against": "accuracy"}},
        **blocks,
    }
    params = Jobs(build_study(content, Path())).params.figure(SimpleNamespace(figure="shown"))
    return json.loads(params)["options"]["metrics"]


def test_a_figure_is_told_how_to_name_its_scores_and_where_they_end():
    told = told_of({"loss": {}, "accuracy": {}})
    assert told["loss"] == {"label": "loss", "unit": "nats", "range": [0, None], "higher_is_better": False}
    assert told["accuracy"]["range"] == [0, 1]


CLASSIFIER = {"family": "mlp", "hidden": [4]}
CODER = {"family": "autoencoder", "encoder": "convolutions", "convolutions": [{"channels": 4, "kernel": 3}], "bottleneck": 4}


@pytest.mark.parametrize(
    ("architectures", "unit"),
    [({"mlp": CLASSIFIER}, "nats"), ({"coder": CODER}, "squared error"), ({"mlp": CLASSIFIER, "coder": CODER}, "")],
    ids=["classes", "numbers", "both"],
)
def test_the_unit_of_a_loss_is_that_of_all_networks_or_none(architectures, unit):
    """In figures of scores, in those of trainings and in the explorer."""
    content = {
        "study": "units",
        "datasets": {"pictures": {"source": "torchvision", "name": "CIFAR10"}},
        "architectures": architectures,
        "grids": [{}],
        "training": {"default": {}},
        "samples": {"few": {"split": "test", "choose": "first", "n": 100}},
        "embeddings": {"pca": {"method": "pca"}},
        "scores": {"loss": {}},
        "figures": {
            "curves": {"kind": "training_curves"},
            "course": {"kind": "score_course", "score": "loss", "on": {"sample": "test"}},
        },
    }
    params = Jobs(build_study(content, Path())).params
    curves, course = (json.loads(params.figure(SimpleNamespace(figure=name)))["options"] for name in ("curves", "course"))
    explorer = json.loads(params.explorer(SimpleNamespace()))["catalogue"]["scores"]["loss"]
    assert [curves["loss_unit"], course["loss_unit"], course["metrics"]["loss"]["unit"], explorer["unit"]] == 4 * [unit]


def test_scores_of_one_metric_are_told_apart_by_their_own_names():
    told = told_of({"saturation": {}, "live": {"metric": "saturation", "threshold": 0.9}, "accuracy": {}})
    assert {name: facts["label"] for name, facts in told.items()} == {
        "saturation": "saturation",
        "live": "live",
        "accuracy": "accuracy",
    }


def test_variants_of_a_score_have_the_name_of_their_entry_too():
    told = told_of({"accuracy": {}, "hit": {"metric": "neighborhood_hit", "vary": {"k": [3, 6]}}})
    assert told["hit_k3"]["entry"] == told["hit_k6"]["entry"] == "hit"
    assert "entry" not in told["accuracy"]


@pytest.mark.parametrize(
    ("comparison", "label"),
    [
        ({"between": "layers", "with": "previous"}, "CKA with the layer before (alike)"),
        ({"between": "layers", "with": "last"}, "CKA with the last layer (alike)"),
        ({"between": "epochs", "with": "first"}, "CKA with the first snapshot (alike)"),
        ({"between": "seeds"}, "CKA of two seeds (alike)"),
    ],
)
def test_a_score_that_is_a_comparison_says_of_what(comparison, label):
    """And figures do not place it in a space: it is of two representations."""
    samples = {"look": {"split": "test", "choose": "first", "n": 60}}
    comparisons = {"alike": {**comparison, "measures": ["cka"]}}
    told = told_of({"accuracy": {}}, samples=samples, representations={"whole": ["hidden1", "output"]}, comparisons=comparisons)
    assert (told["alike.cka"]["label"], told["alike.cka"]["compares"]) == (label, True)
    assert "compares" not in told["accuracy"]


def test_the_only_score_of_a_metric_has_its_label():
    assert told_of({"right": {"metric": "accuracy"}, "accuracy": {}})["right"]["label"] == "right"
    assert (
        told_of({"spread_of_variance": {"metric": "saturation"}, "accuracy": {}})["spread_of_variance"]["label"] == "saturation"
    )


def test_every_metric_of_the_package_has_a_label_of_words():
    labels = [kind.says("label") for kind in Kinds().of("scores").values()]
    assert all(label and "_" not in label for label in labels)
    assert len({*labels}) == len(labels)


def test_a_study_without_scores_has_curves_of_its_trainings_all_the_same():
    content = {
        "study": "names",
        "datasets": {"digits": {"source": "sklearn", "test": 360}},
        "architectures": {"mlp": {"family": "mlp", "hidden": [4]}},
        "grids": [{}],
        "training": {"default": {}},
        "figures": {"curves": {"kind": "training_curves"}},
    }
    reads = Jobs(build_study(content, Path())).reads.figure(SimpleNamespace(figure="curves"))
    assert reads["runs"] == []
    assert len(reads["history"]) == 3
