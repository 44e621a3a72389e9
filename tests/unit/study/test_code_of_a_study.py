"""A person's own kinds: one file beside the study, read when it is planned and run in its jobs alone."""

import json
import re
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from test_mistakes import SMALL, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.kind_modules import load_kind
from layerscope.scoring.shared.score_input import Representation, ScoreInput
from layerscope.study.load import load_study

PAGE = Path(__file__).parents[3] / "docs/adding-a-kind.md"
# Whoever runs one of them while a study is planned hears of it.
ALARM = "raise RuntimeError('it ran')\n"
SCORE = """
METRICS = {
    "confidence": {
        "reads": {"raw": ("predictions",)},
        "unit": "nat",
        "higher_is_better": False,
        "whole_only": True,
        "reference": "the mean cross-entropy of the observations that are looked at",
        "chance": "none",
        "options": {"above": {"description": "Losses below do not count.", "type": "number", "minimum": 0, "default": 0}},
    }
}
"""
FIGURE = """
FIGURE = {"description": "A dot a run.", "reads": ("runs",), "required": ("score",),
          "options": {"score": {"$ref": "#/$defs/score_name"}, "size": {"type": "number", "minimum": 1, "default": 3}}}
"""
TABLE = 'TABLE = {"description": "A row a run.", "reads": ("runs",), "options": {}}\n'
ENGINE = """
ENGINE = {"description": "The first two coordinates.", "reads": (), "options": {"scale": {"type": "number", "default": 1}}}
"""
FAMILY = """
FAMILY = {
    "description": "A convolution, and as many layers as are asked for.",
    "options": {
        "filters": {"type": "integer", "minimum": 1, "default": 4},
        "sizes": {"type": "array", "items": {"type": "integer"}, "default": [8]},
    },
    "layers": [
        {"name": "conv1", "kind": "conv", "width": "filters", "kernel": 3, "pool": 2},
        {"name": "hidden{number}", "kind": "linear", "each": "sizes", "width": "value"},
        {"name": "output", "kind": "linear", "width": "classes", "activation": "identity"},
    ],
}
"""
SOURCE = """
SOURCE = {"description": "Two bars.", "sizes": {"bars": {"shape": [8, 8], "train": 90, "test": 30, "classes": 2}},
          "options": {"name": {"enum": ["bars"], "default": "bars"}}}
"""
STATISTIC = 'STATISTIC = {"description": "The median.", "options": {"share": {"type": "number", "default": 0.5}}}\n'

CLAIM = {
    "text": "It is high.",
    "statistic": "mine",
    "score": "neighborhood_hit",
    "on": {"embedding": "raw"},
    "expect": "positive",
}
KINDS = {
    "a score that reads predictions": (SCORE, {"scores.confidence": {"above": 2}}),
    "a figure": (FIGURE, {"figures.dots": {"kind": "mine", "score": "accuracy", "on": {"sample": "test"}}}),
    "a table": (TABLE, {"tables.every": {"kind": "mine"}}),
    "an engine": (ENGINE, {"embeddings.first": {"method": "mine"}}),
    "a family": (FAMILY, {"architectures.mlp": {"family": "mine", "sizes": [6, 5]}}),
    "a source of data": (SOURCE, {"datasets.digits": {"source": "mine"}, "neighbors.k": 20, "embeddings": {}, "figures": {}}),
    "a claim statistic": (STATISTIC, {"claims.high": {**CLAIM, "on": {"embedding": "raw"}}}),
}


@pytest.fixture
def study(tmp_path: Path, monkeypatch):
    """A study with one file of one's own, in the working directory."""
    monkeypatch.chdir(tmp_path)

    def study(code: str, changes: dict, file: str = "mine.py") -> Jobs:
        (tmp_path / file).write_text(code)
        content = {**changed(changes), "code": [file]}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        jobs = Jobs(load_study("study.yaml", {}))
        jobs.check()
        return jobs

    return study


@pytest.mark.parametrize("kind", KINDS)
def test_one_file_is_enough_and_is_not_run_when_a_study_is_planned(study, kind: str):
    """The module declares itself, and ends in an error as soon as it is run."""
    code, changes = KINDS[kind]
    if kind == "a source of data":
        changes = {**changes, "scores": {"accuracy": {}}, "claims": {}}
    jobs = study(code + ALARM, changes)
    assert jobs.study.kinds.own == ("mine.py",)


def test_the_file_is_an_input_of_just_the_jobs_that_use_it(study):
    jobs = study(SCORE, {"scores.confidence": {}})
    source, sample = next(pair for pair in jobs.views.sources() if pair[0].startswith("runs"))
    keys = SimpleNamespace(source=source, run=source, sample=sample, embedding="tsne", figure="hits", dataset="digits")
    using = {
        rule
        for rule in ("score_raw", "score_embedding", "embed", "dump", "train", "figure", "prepare")
        if "mine.py" in getattr(jobs.code, rule)(keys)
    }
    assert using == {"score_raw"}
    assert json.loads(jobs.params.score_raw(keys))["code"] == {"scoring.mine": "mine.py"}
    assert "code" not in json.loads(jobs.params.train(keys))


def test_the_input_has_no_predictions_to_score(study):
    jobs = study(SCORE, {"scores.confidence": {}})
    assert "confidence" not in jobs.views.scores_of("inputs/digits", "look", "raw")


def test_the_layers_of_a_family_follow_from_its_declaration(study):
    jobs = study(FAMILY, {"architectures.mlp": {"family": "mine", "sizes": [6, 5]}})
    [layers] = jobs.study.plans.values()
    assert [(layer.name, layer.kind, layer.shape) for layer in layers] == [
        ("conv1", "conv", (4, 3, 3)),
        ("hidden1", "linear", (6,)),
        ("hidden2", "linear", (5,)),
        ("output", "linear", (10,)),
    ]
    told = json.loads(jobs.params.train(SimpleNamespace(run=jobs.study.runs[0].folder)))["architecture"]
    assert [layer["name"] for layer in told["declared"]] == ["conv1", "hidden{number}", "output"]


WRONG = {
    "a file that is not there": ("", ["nowhere.py"], "code: there is no nowhere.py beside the study file"),
    "a file that declares nothing": ("X = 1\n", ["mine.py"], "code: mine.py declares no kind; one of SOURCE, FAMILY"),
    "a name that there is already": (
        TABLE,
        ["tests.py"],
        "code: tests.py declares 'tests'; there is a kind of table",
    ),
    "what is no Python": ("FIGURE = {\n", ["mine.py"], "mine.py is no Python"),
    "what is no literal": ("import x\nFIGURE = x.y\n", ["mine.py"], "mine.py, line 2: FIGURE is read without running"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_in_a_file_of_ones_own_is_told_in_one_line(tmp_path: Path, monkeypatch, case: str):
    code, files, message = WRONG[case]
    monkeypatch.chdir(tmp_path)
    for file in files if files != ["nowhere.py"] else []:
        (tmp_path / file).write_text(code)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**SMALL, "code": files}))
    with pytest.raises(StudyError) as caught:
        load_study("study.yaml", {})
    assert message in str(caught.value)
    assert len(caught.value.messages) == 1


@pytest.mark.parametrize(
    "imported", ["import steps", "from steps import size", "from steps.deep import x", "from . import steps"]
)
@pytest.mark.parametrize("place", ["mine/steps.py", "steps/__init__.py", "mine/steps/deep.py"])
def test_a_file_of_ones_own_imports_no_other_one(tmp_path: Path, monkeypatch, imported: str, place: str):
    """It would be found by the job, but an edit of it would make nothing stale."""
    monkeypatch.chdir(tmp_path)
    for file, text in ((place, "size = 1\n"), ("mine/score.py", f"{imported}\n{SCORE}")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    (tmp_path / "mine/study.yaml").write_text(yaml.safe_dump({**SMALL, "code": ["score.py"]}))
    with pytest.raises(StudyError) as caught:
        load_study("mine/study.yaml", {})
    named = "." if "." in imported.split()[1][:1] else "steps"
    assert f"code: mine/score.py imports '{named}', which lies beside it" in str(caught.value)
    assert len(caught.value.messages) == 1


def test_a_folder_that_is_called_like_a_package_is_no_module(tmp_path: Path, study):
    (tmp_path / "numpy").mkdir()
    assert study(f"import numpy\n{SCORE}", {"scores.confidence": {}}).study.kinds.own == ("mine.py",)


def test_an_option_of_ones_own_is_checked_as_any_other(study):
    with pytest.raises(StudyError, match=r"figures\.dots\.size: 0\.0 is too small; at least 1 is wanted, by default 3"):
        study(FIGURE, {"figures.dots": {"kind": "mine", "score": "accuracy", "size": 0}})


def test_a_kind_is_imported_from_its_file_by_the_job_that_uses_it(tmp_path: Path):
    (tmp_path / "mine.py").write_text("VALUE = 3\n")
    module = load_kind("scoring", "mine", {"scoring.mine": str(tmp_path / "mine.py")})
    assert module.VALUE == 3
    assert load_kind("scoring", "knn").METRICS


def test_the_example_of_the_page_on_kinds_plans_and_scores(tmp_path):
    """Points on two axes, the squared lengths along which are as 99 to 1."""
    example, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    file = tmp_path / "spread.py"
    file.write_text(example)
    [asked] = re.findall(r"    code:.*?\n\n", PAGE.read_text(), flags=re.DOTALL)
    study = changed({"figures": {}, "tables": {}, "claims": {}}) | yaml.safe_load(dedent(asked))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    jobs = Jobs(load_study(tmp_path / "study.yaml", {}))
    [run] = [run for run in jobs.views.runs if run.endswith("seed0")][:1]
    params = json.loads(jobs.params.score_raw(SimpleNamespace(source=run, sample=next(iter(jobs.study.samples)))))
    assert params["scores"]["spread"]["options"] == {"share": 0.9}
    points = np.array([[np.sqrt(99), 0], [-np.sqrt(99), 0], [0, 1], [0, -1]], dtype=np.float32)
    scored = ScoreInput(Representation(points, np.array([0, 0, 1, 1])), points, "raw")
    asked_of = {"most": ("spread", {"share": 0.9}), "all": ("spread", {"share": 0.999})}
    found = load_kind("scoring", "spread", {"scoring.spread": str(file)}).score(scored, asked_of)
    assert {name: score.value for name, score in found.items()} == {"most": 1, "all": 2}


NETWORK = """
from torch import nn


def build(shape, classes, activation, width=4):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), activation(), nn.Linear(width, classes))
"""


def test_a_function_of_ones_own_builds_networks(tmp_path, monkeypatch):
    """It is an input of the jobs that train and run its networks, and of no other job."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NETWORK)
    changes = {"code": ["net.py"], "architectures.mlp": {"family": "module", "file": "net.py"}}
    content = changed({**changes, "representations": {"whole": ["1", "output"]}})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    jobs = Jobs(load_study(tmp_path / "study.yaml", {}))
    [layers] = jobs.study.plans.values()
    assert [(layer.name, layer.shape) for layer in layers] == [("1", (4,)), ("2", (4,)), ("output", (10,))]
    run, sample = next(iter(jobs.views.runs)), "look"
    wildcards = SimpleNamespace(run=run, source=run, sample=sample, embedding="tsne", dataset="digits")
    assert "net.py" in jobs.code.train(wildcards)
    assert "net.py" in jobs.code.dump(wildcards)
    for job in (jobs.code.prepare, jobs.code.embed, jobs.code.score_raw):
        assert "net.py" not in job(wildcards)
    assert json.loads(jobs.params.train(wildcards))["architecture"]["file"] == "net.py"


def test_a_file_that_builds_networks_stands_under_code(tmp_path):
    (tmp_path / "net.py").write_text(NETWORK)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(changed({"architectures.mlp": {"family": "module", "file": "net.py"}})))
    with pytest.raises(StudyError, match=r"architectures\.mlp\.file: 'net\.py' is no file under `code:`"):
        load_study(tmp_path / "study.yaml", {})


def test_the_example_of_the_page_on_networks_is_a_network():
    example, *_ = re.findall(r"```python\n(.*?)```", (PAGE.parent / "own-networks.md").read_text(), flags=re.DOTALL)
    room = {}
    exec(compile(example, "net.py", "exec"), room)  # noqa: S102 (the project's own page)
    network = room["build"]((8, 8), 3, torch.nn.Tanh, width=5)
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 3)
