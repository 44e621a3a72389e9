"""Studies of activations that people bring: what need not be said, and what is refused before anything is made."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from layerscope.errors import StudyError
from layerscope.jobs.every_job import every_job
from layerscope.jobs.jobs import Jobs
from layerscope.store import write_activations
from layerscope.study.load import load_study

LAYERS = {"one": (5,), "two": (3, 2, 2)}
SCORES = {"accuracy": {}, "neighborhood_hit": {"k": 3}}


def given(file, n=30, layers=LAYERS, **more):
    generator = np.random.default_rng(0)
    arrays = {name: generator.normal(size=(n, *shape)) for name, shape in layers.items()}
    write_activations(file, arrays, np.arange(n) % 3, **more)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Load a study of given networks alone, its blocks as arguments."""
    monkeypatch.chdir(tmp_path)

    def load(path="acts/seed{seed}.h5", options=None, **blocks):
        entry = {"family": "given", "path": path, **(options or {})}
        content = {"study": "probes", "architectures": {"mine": entry}, "scores": {"neighborhood_hit": {"k": 3}}, **blocks}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
        jobs = Jobs(load_study("study.yaml", {}))
        jobs.check()
        return jobs

    return load


def test_a_path_is_all_that_must_be_said(study):
    for seed in (1, 4, 10):
        given(f"acts/seed{seed}.h5", predictions=np.arange(30) % 3, input=np.ones((30, 4)))
    jobs = study(scores=SCORES)
    assert [run.keys for run in jobs.study.runs] == [
        {"dataset": "given", "architecture": "mine", "activation": "relu", "seed": seed} for seed in (1, 4, 10)
    ]
    [layers] = jobs.study.plans.values()
    assert [(layer.name, layer.shape) for layer in layers] == [("one", (5,)), ("two", (12,))]
    rules = [rule for rule, _ in every_job(jobs)]
    assert {rule: rules.count(rule) for rule in rules} == {
        "prepare": 1,
        "dump_given": 3,
        "dump_input": 1,
        "neighbors": 4,
        "score_sample": 3,
        "score_raw": 4,
        "aggregate": 1,
        "index": 1,
    }
    [run, *_] = jobs.views.runs
    told = json.loads(jobs.params.dump_given(SimpleNamespace(run=run, sample="all_test")))
    assert (told["epochs"], told["layers"]) == ([1], {"one": [1, [5]], "two": [2, [12]]})


def test_without_the_input_there_is_none(study):
    given("acts.h5")
    jobs = study("acts.h5")
    assert [run.seed for run in jobs.study.runs] == [0]
    assert "dump_input" not in [rule for rule, _ in every_job(jobs)]


def test_snapshots_are_files_of_their_own(study):
    for epoch in (0, 5):
        given(f"seed0_{epoch}.h5")
    jobs = study("seed{seed}_{epoch}.h5", {"epochs": [5, 0]})
    [run] = jobs.study.runs
    assert jobs.study.snapshots(run) == [0, 5]
    assert jobs.reads.given(SimpleNamespace(run=run.folder)) == ["seed0_0.h5", "seed0_5.h5"]


@pytest.mark.parametrize(("layout", "shape"), [("channels_first", (3, 2, 2)), ("channels_last", (2, 3, 2))])
def test_maps_are_looked_at_where_it_is_said_where_they_stand(study, layout, shape):
    given("acts.h5")
    jobs = study("acts.h5", {"layout": layout}, representations={"filters": {"layers": "all"}})
    [run] = jobs.study.runs
    assert jobs.study.layers(run)[1].shape == shape
    assert jobs.views.filter_layers(run) == {"two": shape[0]}


def test_layers_are_taken_in_the_order_that_is_said(study):
    given("acts.h5")
    jobs = study("acts.h5", {"layers": ["two", "one"]})
    assert [layer.name for layer in jobs.study.layers(jobs.study.runs[0])] == ["two", "one"]


def test_networks_are_compared_through_the_observations_of_a_dataset(study):
    np.savez("data.npz", x=np.zeros((150, 4)), y=np.arange(150) % 3)
    given("acts.h5")
    jobs = study("acts.h5", datasets={"mine": {"source": "npz", "path": "data.npz"}}, seeds=1)
    assert {"prepare", "dump_given", "dump_input"} < {rule for rule, _ in every_job(jobs)}


@pytest.mark.parametrize(
    ("path", "options", "blocks", "said"),
    [
        ("acts/seed{seed}.h5", {}, {"seeds": 2}, "architectures.mine.path: there is no acts/seed1.h5 here or below"),
        ("acts/seed0.h5", {}, {"seeds": 2}, "acts/seed0.h5 stands for several networks"),
        (
            "acts/seed{sed}.h5",
            {},
            {},
            "{sed} is nothing that files differ in; dataset, architecture, activation",
        ),
        ("acts/seed0.h5", {"epochs": [0, 1]}, {}, "write {epoch} in the path, or remove `epochs`"),
        ("acts/{epoch}.h5", {}, {}, "list them under `epochs`"),
        ("acts/seed0.h5", {"layers": ["tow"]}, {}, "architectures.mine.layers: acts/seed0.h5 has no tow; did you mean 'two'?"),
        ("acts/seed0.h5", {"weights": "w.pt"}, {}, "architectures.mine.weights changes nothing: given networks are not trained"),
        (
            "acts/seed0.h5",
            {"split": "train"},
            {},
            "mine.split: the observations of datasets.given are a test split",
        ),
        (
            "acts/seed0.h5",
            {},
            {"samples": {"some": {"split": "train", "choose": "all"}}},
            "samples.some.split: the files of mine have the test split only",
        ),
        (
            "acts/seed0.h5",
            {},
            {"samples": {"some": {"split": "test", "choose": "first", "n": 31}}},
            "samples.some.n: 31 observations are wanted, given has 30 in test",
        ),
        ("acts/seed0.h5", {}, {"representations": {"filters": {"layers": "all"}}}, "architectures.mine.layout is missing"),
        ("acts/seed0.h5", {}, {"scores": {"saturation": {}}}, "scores.saturation: it follows layers while networks are trained"),
        ("acts/seed0.h5", {}, {"scores": SCORES}, "scores.accuracy reaches nothing that this study looks at"),
        (
            "acts/seed0.h5",
            {},
            {"datasets": {"given": {"source": "given", "normalise": "unit"}}},
            "datasets.given.normalise changes nothing: given activations are taken as they are",
        ),
        (
            "acts/seed0.h5",
            {},
            {"figures": {"strip": {"kind": "dataset_strip"}}},
            "figures.strip: dataset_strip shows training observations; datasets.given has none",
        ),
    ],
)
def test_what_does_not_fit_is_refused(study, path, options, blocks, said):
    given("acts/seed0.h5")
    with pytest.raises(StudyError, match=re.escape(said)):
        study(path, options, **blocks)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"layers": {"one": (5,)}}, "differ in their layers: one (5), and one (5), two (3 × 2 × 2)"),
        ({"n": 33}, "differ in their number of observations: 33, and 30"),
        ({"predictions": np.zeros(30, int)}, "differ in their arrays beside the layers: predictions, and none"),
    ],
)
def test_the_files_of_an_architecture_are_alike(study, other, said):
    given("acts/seed0.h5")
    given("acts/seed1.h5", **other)
    with pytest.raises(StudyError, match=re.escape(said)):
        study()


def test_activations_given_for_a_regression_are_refused(study):
    np.savez("data.npz", x=np.zeros((150, 4)) + np.arange(4), y=np.linspace(0, 1, 150))
    given("acts.h5")
    with pytest.raises(StudyError, match=r"given activations have classes, and datasets\.mine has numbers to predict"):
        study("acts.h5", datasets={"mine": {"source": "npz", "path": "data.npz", "task": "regression"}}, seeds=1)


def test_a_trained_network_needs_a_dataset_to_learn_from(study):
    given("acts.h5")
    networks = {"mine": {"family": "given", "path": "acts.h5"}, "mlp": {"family": "mlp", "hidden": [4]}}
    with pytest.raises(StudyError, match=r"mlp is to be trained on datasets\.given, which has given activations only"):
        study(architectures=networks, datasets={"given": {"source": "given"}}, seeds=1)
