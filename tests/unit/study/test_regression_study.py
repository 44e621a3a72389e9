"""Studies of numbers to predict: what is planned, what is left out beside classes, and what is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from small_study import SMALL, changed

from layerscope import store
from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.stages import prepare
from layerscope.study.load import load_study

HOUSES = {"source": "npz", "path": "houses.npz", "task": "regression"}
NUMBERS = {
    "study": "numbers",
    "seeds": 1,
    "datasets": {"houses": HOUSES},
    "architectures": {"mlp": {"family": "mlp", "hidden": [16, 8]}},
    "training": {"default": {"epochs": 3}},
    "embeddings": {"pca": {"method": "pca"}},
    "scores": {"loss": {}, "r2": {}, "linear_probe_r2": {}, "trustworthiness": {}, "saturation": {}},
    "figures": {"grid": {"kind": "embedding_grid", "on": {"seed": 0, "embedding": "pca"}}},
}
# Beside digits, which have classes.
BOTH = {"datasets.houses": HOUSES, "grids.0.datasets": ["digits", "houses"], "figures.grid.on.dataset": "digits"}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a study from its content, beside houses.npz with two targets."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    np.savez("houses.npz", x=generator.random((200, 6)), y=generator.random((200, 2)), classes=np.array(["a", "b"]))

    def load(study):
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
        return load_study("study.yaml", {})

    return load


def numbers(**changes):
    study = json.loads(json.dumps(NUMBERS))
    for path, value in changes.items():
        *way, last = path.split("__")
        block = study
        for step in way:
            block = block.setdefault(step, {})
        block[last] = value
    return study


def params(jobs, rule, **keys):
    return json.loads(getattr(jobs.params, rule)(SimpleNamespace(**keys)))


def test_a_network_puts_out_a_number_for_each_target(load):
    jobs = Jobs(load(numbers()))
    jobs.check()
    run = jobs.study.runs[0]
    assert jobs.study.layers(run)[-1].shape == (2,)
    assert params(jobs, "train", run=run.folder)["normalise_targets"] == "standardise"
    assert params(jobs, "dump", run=run.folder, sample="all_test")["normalise_targets"] == "standardise"
    assert set(jobs.views.run_scores(run)) == {"loss", "r2", "saturation"}
    assert set(jobs.views.scores_of(run.folder, "all_test", "raw")) == {"linear_probe_r2"}


def test_how_targets_are_scaled_reruns_the_networks_and_not_the_dataset(load):
    first, second = (Jobs(load(numbers(datasets__houses={**HOUSES, **more}))) for more in ({}, {"normalise_targets": "none"}))
    assert params(first, "prepare", dataset="houses") == params(second, "prepare", dataset="houses")
    folder = first.study.runs[0].folder
    assert params(second, "train", run=folder)["normalise_targets"] == "none"
    assert params(first, "score_run", run=folder) != params(second, "score_run", run=folder)


def test_a_study_of_classes_says_nothing_of_targets(load):
    jobs = Jobs(load(SMALL))
    folder = jobs.study.runs[0].folder
    told = [
        params(jobs, rule, run=folder, sample="look", dataset="digits") for rule in ("train", "dump", "score_run", "dump_input")
    ]
    assert not any("normalise_targets" in one for one in told)


def test_beside_classes_scores_are_asked_for_where_they_mean_something(load):
    study = load(changed({**BOTH, "scores.r2": {}}))
    jobs = Jobs(study)
    jobs.check()
    digits, houses = (next(run for run in study.runs if run.dataset == name) for name in ("digits", "houses"))
    assert set(jobs.views.run_scores(digits)) == {"accuracy"}
    assert set(jobs.views.run_scores(houses)) == {"r2"}
    assert set(jobs.views.scores_of(digits.folder, "look", "raw")) == {"neighborhood_hit"}
    assert jobs.views.scores_of(houses.folder, "look", "raw") == {}
    assert set(jobs.views.scores_of(houses.folder, "look", "tsne")) == {"kl"}
    assert {note for note in study.notes if "left out" in note} == {
        "scores.neighborhood_hit is left out for datasets.houses, which has no classes",
        "scores.accuracy is left out for datasets.houses, which has no classes",
        "scores.r2 is left out for datasets.digits, which has no targets",
    }


def test_an_autoencoder_of_pictures_with_targets_reconstructs_them(load):
    np.savez("houses.npz", x=np.random.default_rng(0).random((40, 32, 32)), y=np.random.default_rng(1).random(40))
    coder = {"family": "autoencoder", "encoder": "convolutions", "size": 16, "bottleneck": 4, "channels": 8}
    coder["convolutions"] = [{"channels": 4, "kernel": 3}]
    cnn = {"family": "cnn", "convolutions": [{"channels": 4, "kernel": 3}]}
    jobs = Jobs(load(numbers(architectures={"coder": coder, "cnn": cnn}, figures={})))
    jobs.check()
    runs = {run.architecture: run for run in jobs.study.runs}
    of_coder, of_cnn = (jobs.views.run_scores(runs[name]) for name in ("coder", "cnn"))
    assert set(of_coder) == {"loss", "saturation"}
    assert set(of_cnn) == {"loss", "r2", "saturation"}
    assert [jobs.study.layers(runs[name])[-1].shape for name in ("coder", "cnn")] == [(1, 32, 32), (1,)]


def test_a_module_of_ones_own_puts_out_a_number_for_each_target(load, tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\ndef build(shape, outputs, activation):\n    return nn.Sequential(nn.Linear(shape[0], outputs))\n"
    )
    mine = {"family": "module", "file": "net.py"}
    study = load(numbers(code=["net.py"], architectures={"mine": mine}))
    assert study.layers(study.runs[0])[-1].shape == (2,)


SOURCE_OF_ONES_OWN = """
import numpy as np
from layerscope.data.dataset import Dataset
SOURCE = {
    "description": "Waves.",
    "sizes": {"waves": {"shape": [4], "train": 60, "test": 20, "targets": ["frequency"]}},
    "required": ("name",),
    "options": {"name": {"enum": ["waves"]}, "task": {"enum": ["regression"], "default": "regression"}},
}
def load(name, options, downloads):
    generator = np.random.default_rng(0)
    sizes = SOURCE["sizes"][name]
    splits = {split: (np.ones((sizes[split], 4), np.float32), generator.random((sizes[split], 1))) for split in ("train", "test")}
    return Dataset(splits, [], 1.0, "waves", "00", targets=["frequency"])
"""


def test_a_source_of_ones_own_may_have_targets(load, tmp_path):
    (tmp_path / "waves.py").write_text(SOURCE_OF_ONES_OWN)
    jobs = Jobs(load(numbers(code=["waves.py"], datasets__houses={"source": "waves", "name": "waves", "validation": 10})))
    jobs.check()
    assert jobs.study.layers(jobs.study.runs[0])[-1].shape == (1,)
    prepare.main(SimpleNamespace(params=params(jobs, "prepare", dataset="houses"), data="data.h5"))
    assert store.describe_data("data.h5").targets == ["frequency"]
    assert {split: store.read_split_labels("data.h5", split).shape for split in store.split_names("data.h5")} == {
        **{"train": (50, 1), "validation": (10, 1), "test": (20, 1)},
    }


# A module of one's own is imported once in a process, so that each needs a name of its own here.
@pytest.mark.parametrize(
    ("source", "change", "said"),
    [
        ("tides", ("1)))", "2)))"), r"its source gives targets \(60, 2\) of train; \(observations, 1\) are wanted"),
        ("swells", (', "default": "regression"', ""), "its source gives targets; `task: regression` is said of targets, and of"),
    ],
    ids=["two targets, one name", "no word of them in the study"],
)
def test_a_source_that_gives_something_else_is_refused(load, tmp_path, source, change, said):
    assert change[0] in SOURCE_OF_ONES_OWN
    (tmp_path / f"{source}.py").write_text(SOURCE_OF_ONES_OWN.replace(*change))
    houses = {"source": source, "name": "waves"}
    jobs = Jobs(load(numbers(code=[f"{source}.py"], datasets__houses=houses, scores={"saturation": {}}, figures={})))
    with pytest.raises(StudyError, match=f"datasets.houses: {said}"):
        prepare.main(SimpleNamespace(params=params(jobs, "prepare", dataset="houses"), data="data.h5"))


# What is changed in the study of numbers, and what is said.
REFUSED = {
    "accuracy to accept": (
        {"training__default__accept_test_accuracy": 0.9},
        "training.accept_test_accuracy: datasets.houses has targets (task: regression), and no accuracy; remove it, or put it",
    ),
    "smoothed labels": (
        {"training__default__label_smoothing": 0.1},
        "training.label_smoothing: datasets.houses has targets (task: regression), and no labels to smooth",
    ),
    "classes": (
        {"datasets__houses__classes": 2},
        "datasets.houses.classes: a regression has numbers to predict and no classes; remove it",
    ),
    "targets of classes": (
        {"datasets__houses": {"source": "npz", "path": "houses.npz", "normalise_targets": "none"}},
        "datasets.houses.normalise_targets changes nothing without `task: regression`; remove it",
    ),
    "some classes of it": (
        {"datasets__some": {"from": "houses", "classes": ["a", "b"]}},
        "datasets.some.classes: datasets.houses has numbers to predict and no classes; remove it",
    ),
    "rates of classes": (
        {"datasets__some": {"from": "houses", "rates": {"lowest": 0.1, "highest": 0.2}}},
        "datasets.some.rates: datasets.houses has numbers to predict and no classes; remove it",
    ),
    "a rectified output": (
        {"architectures__mlp__output_activation": "relu"},
        "architectures.mlp.output_activation: relu cannot put out the standardised targets of datasets.houses",
    ),
    "so many of each class": (
        {"samples": {"look": {"split": "test", "choose": "per_class", "n": 2}}},
        "samples.look.choose: per_class, but datasets.houses has targets (task: regression); write random, or name other",
    ),
    "a score of classes": (
        {"scores__neighborhood_hit": {}},
        "scores.neighborhood_hit: neighborhood_hit needs classes, and datasets.houses has targets (task: regression); what works "
        "there: continuity, continuity_sampled, dead_share, displacement, effective_rank, kl, kl_engine, kl_knn, "
        "levina_bickel, linear_dimension, linear_probe_r2, neighbors_changed, sparsity, trustworthiness, "
        "trustworthiness_sampled, two_nn",
    ),
    "accuracy": (
        {"scores__accuracy": {}},
        "scores.accuracy: accuracy needs classes, and datasets.houses has targets (task: regression); what works there: "
        "intrinsic_dimension, loss, participation_ratio, r2, saturation",
    ),
    "neurons by class": ({"neurons": {}}, "neurons: neurons are told by the classes they tell, and datasets.houses has targets"),
    "a figure of classes": (
        {"figures__strip": {"kind": "dataset_strip"}},
        "figures.strip: dataset_strip shows classes, and datasets.houses has targets (task: regression); name others under `on`",
    ),
    "a table of classes": (
        {"tables": {"classes": {"kind": "scores_by_class", "scores": ["loss"]}}, "scores__loss": {}},
        "tables.classes: scores_by_class shows classes, and datasets.houses has targets (task: regression)",
    ),
    "misclassified": (
        {"figures__grid__mark_misclassified": True},
        "figures.grid.mark_misclassified: datasets.houses has targets (task: regression) and no classes; remove it",
    ),
    "one class": (
        {"figures__panels": {"kind": "embedding_panels", "class": "a"}},
        "figures.panels.class: datasets.houses has targets (task: regression) and no classes; remove it",
    ),
    "a target that is not there": (
        {"figures__grid__target": "price"},
        "figures.grid.target: datasets.houses has no target 'price'; allowed: target1, target2",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_classes_is_refused_with_the_reason(load, name: str):
    changes, said = REFUSED[name]
    with pytest.raises(StudyError) as caught:
        load(numbers(**changes))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"scores.r2": {}},
            "scores.r2: r2 needs targets, and datasets.digits has classes; what works there: accuracy, ",
        ),
        ({"figures.grid.target": "price"}, "figures.grid.target changes nothing: datasets.digits has classes; remove it"),
        (
            {**BOTH, "figures.panels": {"kind": "embedding_panels"}},
            "figures.panels.on: datasets.houses has targets (task: regression), datasets.digits has classes; ",
        ),
        (
            {**BOTH, "figures.strip": {"kind": "dataset_strip"}},
            "figures.strip: dataset_strip shows classes, and datasets.houses has targets",
        ),
        ({"datasets.digits.task": "regression"}, "datasets.digits.task: unknown key"),
    ],
)
def test_what_needs_targets_is_refused_of_classes(load, changes, said):
    with pytest.raises(StudyError) as caught:
        load(changed(changes))
    assert said in str(caught.value)


def test_labels_with_a_point_lead_to_the_key(load):
    study = numbers(datasets__houses={"source": "npz", "path": "houses.npz"})
    np.savez("houses.npz", x=np.zeros((40, 3)), y=np.linspace(0, 1, 40))
    with pytest.raises(StudyError, match=r"y holds 0.0256.*classes are whole numbers or text; .* say `task: regression`"):
        load(study)


def test_a_file_that_is_not_there_is_asked_for(load, tmp_path):
    (tmp_path / "houses.npz").unlink()
    with pytest.raises(StudyError, match=r"there is no houses.npz here .* which would tell shape and the number of targets"):
        load(numbers())
