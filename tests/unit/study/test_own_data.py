"""What a study need not say of a person's own data: it is found when the study is planned, and mistakes with it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from small_study import GONE, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study
from layerscope.study.sizes import split_size

MINE = {"seeds": 3, "datasets": {"mine": {"source": "npz", "path": "mine.npz"}}, "grids.0.datasets": ["mine"]}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Load a study of `mine.npz`, which holds the given arrays."""
    monkeypatch.chdir(tmp_path)

    def load(arrays, **changes):
        if arrays is not None:
            np.savez(tmp_path / "mine.npz", **arrays)
        changes = {key.replace("__", "."): value for key, value in changes.items()}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(changed({**MINE, **changes})))
        return load_study("study.yaml", {})

    return load


def arrays(shape=(8, 6), train=200, test=100, dtype=np.uint8, **more):
    generator = np.random.default_rng(0)
    given = {f"x_{split}": (250 * generator.random((n, *shape))).astype(dtype) for split, n in (("train", train), ("test", test))}
    return {**given, "y_train": np.arange(train) % 3, "y_test": np.arange(test) % 3, **more}


@pytest.mark.parametrize(
    ("shape", "found"), [((8, 6), (8, 6)), ((8, 6, 1), (8, 6)), ((8, 6, 3), (3, 8, 6)), ((3, 8, 6), (3, 8, 6)), ((20,), (20,))]
)
def test_shape_and_classes_are_found(study, shape, found):
    plan = study(arrays(shape))
    [layers] = plan.plans.values()
    assert layers[-1].width == 3
    assert [split_size(plan, "mine", split) for split in ("train", "validation", "test")] == [200, 0, 100]
    jobs = Jobs(plan)
    assert tuple(plan.kinds.sizes.popitem()[1]["shape"]) == found
    assert jobs.targets()


@pytest.mark.parametrize("declared", [[8, 6], [8, 6, 1], [1, 8, 6]])
def test_a_shape_may_be_declared_as_the_file_stores_it(study, declared):
    plan = study(arrays((8, 6, 1)), **{"datasets__mine__shape": declared})
    assert plan.plans["mine", "mlp"][0].shape == (16,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"classes": 10}, "datasets.mine.classes is 10, but there are 3; leave the key out"),
        ({"shape": [6, 8]}, r"datasets.mine.shape is \[6, 8\], but its observations are \[8, 6\]; leave the key out"),
        ({"n": {"train": 100}}, "datasets.mine.n.train is 100, but the split has 200 observations; leave the key out"),
        ({"test": 20}, "datasets.mine.test changes nothing: .* has a test split of its own"),
    ],
)
def test_what_is_declared_and_is_not_so_is_said_when_the_study_is_planned(study, change, said):
    with pytest.raises(StudyError, match=said):
        study(arrays(), **{f"datasets__mine__{key}": value for key, value in change.items()})


def test_labels_that_cannot_be_are_said_when_the_study_is_planned(study):
    with pytest.raises(StudyError, match="dataset 'mine': y_test has 100 observations of 7, which y_train never has"):
        study(arrays(y_test=np.full(100, 7)))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"y_test": np.arange(99) % 3}, "x_test has 100 rows, y_test 99"),
        ({"x_test": np.zeros((100, 8, 5), np.uint8)}, r"x_train is uint8 \(8, 6\), x_test uint8 \(8, 5\); numbers of one type"),
        ({"classes": np.array([["0", "ant"], ["1", "bee"]])}, "classes is 2 × 2; one name for each class"),
        ({"classes": np.array(["a", "b", "c"]), "class_names": np.array(["a", "b", "c"])}, "may both name the classes; keep one"),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_said_when_the_study_is_planned(study, more, said):
    with pytest.raises(StudyError, match=said):
        study(arrays(**more))


def test_names_may_be_bytes(study):
    assert study(arrays(classes=np.array([b"ant", b"bee", b"cow"]))).plans["mine", "mlp"][-1].width == 3


def test_a_validation_split_of_ones_own_is_one(study):
    more = {"x_val": np.zeros((30, 8, 6), np.uint8), "y_val": np.arange(30) % 3}
    assert split_size(study(arrays(**more)), "mine", "validation") == 30
    with pytest.raises(StudyError, match=r"datasets\.mine\.validation: the dataset has a validation split of its own"):
        study(arrays(**more), datasets__mine__validation=20)


def test_a_file_that_is_not_there_is_named(study):
    with pytest.raises(StudyError, match=r"datasets\.mine: there is no mine\.npz here or below .*LAYERSCOPE_DATA"):
        study(None)


def test_tables_are_standardised_unless_the_study_says_otherwise(study):
    assert study(arrays((20,), dtype=float)).datasets["mine"]["normalise"] == "standardise"
    assert study(arrays((20,), dtype=float), datasets__mine__normalise="none").datasets["mine"]["normalise"] == "none"
    assert study(arrays()).datasets["mine"]["normalise"] == "unit"


@pytest.mark.parametrize(
    ("dtype", "change", "asked"),
    [(np.uint8, {}, False), (float, {}, True), (float, {"normalise": "standardise"}, False), (float, {"white": 250}, False)],
)
def test_full_intensity_is_asked_for_only_where_it_is_needed(study, dtype, change, asked):
    plan = study(arrays(dtype=dtype), **{f"datasets__mine__{key}": value for key, value in change.items()})
    params = json.loads(Jobs(plan).params.prepare(SimpleNamespace(dataset="mine")))
    assert params.get("unit", False) == asked


# Small data


def test_defaults_fit_what_there_is(study):
    """Forty observations: a perplexity of 30 would need 91, UMAP's and the scores' defaults fit."""
    plan = study(arrays(test=40), neighbors=GONE, embeddings__tsne__perplexity=GONE, scores__kl=GONE, scores__trustworthiness={})
    assert plan.embeddings["tsne"]["perplexity"] == 13
    assert plan.embeddings["umap"]["n_neighbors"] == 15
    assert plan.k == 39
    assert plan.notes == ("embeddings.tsne.perplexity is 13 instead of 30: samples.look has 40 observations",)


def test_as_many_neighbors_are_found_as_are_read(study):
    changes = {"embeddings__tsne": GONE, "figures": {}, "scores": {"neighborhood_hit": {}, "accuracy": {}}}
    plan = study(arrays(test=40), neighbors=GONE, **changes)
    assert (plan.k, plan.notes) == (14, ())


def test_scores_fit_twelve_observations(study):
    plan = study(
        arrays(test=12),
        neighbors=GONE,
        embeddings={"pca": {"method": "pca"}},
        figures={},
        claims={},
        scores={"neighborhood_hit": {}, "trustworthiness": {}, "kl": {}, "accuracy": {}},
    )
    assert plan.scores["trustworthiness"]["options"]["k"] == 5
    assert plan.scores["kl"]["options"]["perplexity"] == 3
    assert plan.scores["neighborhood_hit"]["options"]["k"] == 6


def test_the_graph_of_each_sample_has_no_more_neighbors_than_there_are(study):
    """t-SNE reads 30 neighbours of the large sample; the scores read 6 of either."""
    samples = {"look": {"split": "test", "choose": "all"}, "few": {"split": "test", "choose": "first", "n": 20}}
    changes = {"embeddings__umap": GONE, "embeddings__tsne__on": {"sample": "look"}, "scores__kl": GONE}
    plan = study(arrays(), neighbors=GONE, samples=samples, figures={}, claims={}, **changes)
    jobs = Jobs(plan)
    found = {}
    for sample in samples:
        wildcards = SimpleNamespace(source=next(iter(jobs.views.runs)), sample=sample)
        found[sample] = json.loads(jobs.params.neighbors(wildcards))["k"]
    assert found == {"look": 30, "few": 19}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"neighbors__k": 50}, "neighbors.k: 50 neighbours are wanted among the 40 observations"),
        (
            {"embeddings__tsne__perplexity": 20},
            "embeddings.tsne.perplexity: 20 is too large for the 40 .*; at most 13 is possible",
        ),
        (
            {"embeddings__umap__n_neighbors": 40},
            "embeddings.umap.n_neighbors: 40 is too large for the 40 .*; at most 39 is possible",
        ),
        (
            {"scores__neighborhood_hit": {"k": 40}},
            "scores.neighborhood_hit.k: 40 is too large for the 40 .*; at most 39 is possible",
        ),
        (
            {"scores__trustworthiness": {"k": 20}},
            "scores.trustworthiness.k: 20 is too large for the 40 .*; at most 19 is possible",
        ),
    ],
)
def test_what_somebody_wrote_and_does_not_fit_is_refused(study, changes, said):
    with pytest.raises(StudyError, match=said):
        study(arrays(test=40), **{"neighbors__k": 39, **changes})


def test_activations_that_would_fill_a_disk_are_refused_before_anything_is_made(study):
    """100 observations of 16 + 8 + 3 values at 3 snapshots are 32.4 kB."""
    with pytest.raises(StudyError, match=r"mlp on mine .* GB \(100 observations × 27 values × 3 snapshots; hidden1 has 16"):
        study(arrays(), largest_activations=3.2e-5)
    assert study(arrays(), largest_activations=3.3e-5).runs


# What people write


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training__default__learning_rate": 0.1}, "learning_rate: unknown key; did you mean 'lr'"),
        ({"training__default__batch_size": 8}, "batch_size: unknown key; did you mean 'batch'"),
        ({"training__default__schedule": {"milestones": [3]}}, "milestones: unknown key; did you mean 'at'"),
        ({"precision": "bf16"}, "'bf16' is not allowed; did you mean 'mixed'"),
        ({"architectures__mlp__family": "resnet"}, "'resnet' is no family of networks; did you mean 'torchvision'"),
        ({"datasets__mine__source": "csv"}, "'csv' is no source of data; did you mean 'table'"),
        ({"grids__0__activations": ["sigmoid"]}, "'sigmoid' is not allowed; did you mean 'logsig'"),
        ({"embeddings__tsne__perplexity": [10, 30]}, r"\[10, 30\] is a list; a number is wanted.*write an entry for each value"),
    ],
)
def test_what_other_libraries_call_it_is_understood_in_the_message(study, changes, said):
    with pytest.raises(StudyError, match=said):
        study(arrays(), **changes)


MERGING = """
study: merging
datasets: {mine: {source: npz, path: mine.npz}}
architectures: {mlp: {family: mlp, hidden: [8]}}
embeddings:
  ten: &common {method: tsne, perplexity: 10, iterations: 300}
  twenty: {<<: *common, perplexity: 20}
scores: {d_same: {}}
"""


def test_blocks_can_be_merged_as_yaml_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "mine.npz", **arrays())
    (tmp_path / "study.yaml").write_text(MERGING)
    embeddings = load_study("study.yaml", {}).embeddings
    assert [(one["perplexity"], one["iterations"]) for one in embeddings.values()] == [(10, 300), (20, 300)]
    (tmp_path / "study.yaml").write_text(MERGING.replace("perplexity: 20", "perplexity: 20, perplexity: 30"))
    with pytest.raises(StudyError, match="line 7: the key 'perplexity' stands there twice"):
        load_study("study.yaml", {})


def test_a_study_may_be_written_by_pyyaml(tmp_path):
    """A list that stands there twice becomes an alias, a tuple has a tag of its own."""
    units = (16, 8)
    written = changed({"architectures": {name: {"family": "mlp", "hidden": units} for name in ("mlp", "other")}})
    text = yaml.dump(written)
    assert "&id001 !!python/tuple" in text
    (tmp_path / "study.yaml").write_text(text)
    study = load_study(tmp_path / "study.yaml", {})
    assert [entry["hidden"] for entry in study.architectures.values()] == [[16, 8], [16, 8]]


def test_a_tab_is_named_by_its_line(tmp_path):
    (tmp_path / "study.yaml").write_text("study: tab\ndatasets:\n\tmine: {source: npz}\n")
    with pytest.raises(StudyError, match="line 3: a tab stands there; YAML indents with spaces"):
        load_study(tmp_path / "study.yaml", {})


# Studies of a few lines


def few_lines(tmp_path, **more):
    np.savez(tmp_path / "mine.npz", **arrays())
    content = {
        "study": "few",
        "datasets": {"mine": {"source": "npz", "path": "mine.npz"}},
        "architectures": {"small": {"family": "mlp", "hidden": [8]}, "large": {"family": "mlp", "hidden": [16]}},
        **more,
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    return load_study(tmp_path / "study.yaml", {})


def test_only_data_and_networks_must_be_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = few_lines(tmp_path, scores={"neighborhood_hit": {}, "accuracy": {}})
    assert sorted({(run.dataset, run.architecture, run.activation) for run in plan.runs}) == [
        ("mine", "large", "relu"),
        ("mine", "small", "relu"),
    ]
    assert len(plan.runs) == 6
    assert list(plan.samples) == ["all_test"]
    jobs = Jobs(plan)
    jobs.check()
    assert jobs.views.kept_layers(plan.runs[0]) == ["hidden1", "output"]


def test_a_grid_names_what_is_not_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grids = [{"architectures": ["small"], "activations": ["tanh", "relu"], "seeds": 1}]
    plan = few_lines(tmp_path, grids=grids, scores={"accuracy": {}})
    assert [(run.architecture, run.activation) for run in plan.runs] == [("small", "tanh"), ("small", "relu")]
    assert (plan.samples, plan.whole) == ({}, None)


WORDS = """def build(shape, classes, activation, vocabulary):
    from torch import nn

    return nn.Sequential(nn.Embedding(vocabulary, 6), nn.Flatten(), nn.Linear(6 * shape[0], classes))
"""
OF_TOKENS = {"datasets__mine": {"source": "npz", "path": "mine.npz", "vocabulary": 7}}


def sentences():
    return {**arrays((9,)), **{f"x_{split}": np.arange(n * 9).reshape(n, 9) % 7 for split, n in (("train", 200), ("test", 100))}}


def test_a_module_of_ones_own_takes_sequences_of_tokens(study, tmp_path):
    (tmp_path / "words.py").write_text(WORDS)
    own = {"code": ["words.py"], "architectures": {"mlp": {"family": "module", "file": "words.py", "pool": "none"}}}
    plan = study(sentences(), **OF_TOKENS, **own)
    [layers] = plan.plans.values()
    assert [(layer.name, layer.shape) for layer in layers] == [("0", (9, 6)), ("output", (3,))]
    jobs = Jobs(plan)
    trained = json.loads(jobs.params.train(SimpleNamespace(run=plan.runs[0].folder)))
    assert (trained["normalise"], trained["architecture"]["vocabulary"]) == ("tokens", 7)
    counted = json.loads(jobs.params.dump_input(SimpleNamespace(dataset="mine", sample="look")))
    assert (counted["normalise"], counted["vocabulary"]) == ("tokens", 7)


def test_other_networks_do_not_take_tokens(study):
    with pytest.raises(
        StudyError, match=r"architectures\.mlp: datasets.mine has sequences of tokens, which networks of `family: mlp`"
    ):
        study(sentences(), **OF_TOKENS)


def test_tokens_are_not_scaled(study):
    with pytest.raises(
        StudyError, match=r"datasets\.mine\.normalise changes nothing: networks receive tokens as they are; remove it"
    ):
        study(sentences(), datasets__mine={**OF_TOKENS["datasets__mine"], "normalise": "unit"})
