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
from small_study import SMALL, changed

from layerscope.describe_network import described_lines
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
        "definition": "the mean cross-entropy of the observations that are looked at",
        "reference": "these tests",
        "chance": "none",
        "options": {"above": {"description": "Losses below do not count.", "type": "number", "minimum": 0, "default": 0}},
    }
}


def score(scored, asked): ...
"""
FIGURE = """
FIGURE = {"description": "A dot a run.", "reads": ("runs",), "required": ("score",),
          "options": {"score": {"$ref": "#/$defs/score_name"}, "size": {"type": "number", "minimum": 1, "default": 3}}}


def draw(reads, options): ...
"""
TABLE = """
TABLE = {"description": "A row a run.", "reads": ("runs",), "options": {}}


def rows(reads, options): ...
"""
ENGINE = """
ENGINE = {"description": "The first two coordinates.", "reads": (), "options": {"scale": {"type": "number", "default": 1}}}


def embed(points, neighbors, options, seed, threads): ...
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


def load(name, options, downloads): ...
"""
STATISTIC = """
STATISTIC = {"description": "The median.", "options": {"share": {"type": "number", "default": 0.5}}}


def estimate(claim, evidence): ...
"""

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


def test_an_accuracy_is_known_by_what_it_declares(study):
    """Whatever a study calls it, and one of a person's own too; of networks and of layers apart."""
    code = metrics(reads={"run": ("predictions",)}, is_accuracy=True)
    named = {"scores.right": {"metric": "accuracy"}, "scores.mine": {}, "scores.votes": {"metric": "knn_accuracy"}}
    jobs = study(code, {**named, "figures.bars": {"kind": "layer_profiles", "score": "votes", "on": {"embedding": "raw"}}})
    assert json.loads(jobs.params.aggregate(None))["accuracies"] == ["accuracy", "mine", "right"]
    bars = json.loads(jobs.params.figure(SimpleNamespace(figure="bars")))
    assert bars["options"]["network_accuracies"] == ["accuracy", "mine", "right"]
    assert jobs.params._layer_accuracies([]) == ["votes"]


def test_messages_name_the_kinds_of_ones_own(study):
    """They are made from what kinds declare."""
    code = metrics(reads={"run": ("predictions",)})
    with pytest.raises(StudyError, match="'neighborhood_hit' is no score of a network as such; accuracy, loss, mine and r2 are"):
        study(code, {"tables.every": {"kind": "networks", "scores": ["neighborhood_hit"]}})
    code = TABLE.replace('"options"', '"scores_of": "networks", "options"')
    with pytest.raises(StudyError, match="tables of `kind: networks` and tables of `kind: mine` show it"):
        study(code, {"figures.hits.score": "accuracy"})


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


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        (
            '"width": "filters"',
            '"width": "filtres"',
            "mlp, conv1: width is 'filtres'; a whole number, or the name of such an opt",
        ),
        ('"width": "filters"', '"width": "sizes"', "mlp, conv1: width is [6, 5]; a whole number, or the name of such an option"),
        ('"kernel": 3, ', "", "mlp, conv1 has no kernel, which a convolution needs"),
        ('"each": "sizes"', '"each": "filters"', "mlp: `each` of hidden{number} names no option with a list: 'filters'"),
        ('"kernel": 3', '"kernel": 3, "activation": "rleu"', "mlp, conv1: activation is 'rleu'; did you mean 'relu'? allowed: "),
        ('"each": "sizes", "width": "value"', '"width": "value"', "mlp, hidden1: width is None; a whole number"),
    ],
)
def test_a_layer_that_a_family_declares_wrongly_is_told(study, was: str, becomes: str, message: str):
    with pytest.raises(StudyError) as caught:
        study(FAMILY.replace(was, becomes), {"architectures.mlp": {"family": "mine", "sizes": [6, 5]}})
    assert message in str(caught.value)


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


METRIC = {
    "reads": {"raw": ()},
    "unit": "1",
    "higher_is_better": None,
    "definition": "the number of points",
    "reference": "these tests",
    "chance": "none",
}
SCORING = "\ndef score(scored, asked): ...\n"
DRAWN = {"description": "Dots.", "reads": ("runs",)}
DRAWING = "\ndef draw(reads, options): ...\n"


def metrics(left_out: str = "", **changes: object) -> str:
    declared = {fact: value for fact, value in {**METRIC, **changes}.items() if fact != left_out}
    return f"METRICS = {{'mine': {declared!r}}}{SCORING}"


def drawn(**changes: object) -> str:
    return f"FIGURE = { {**DRAWN, **changes}!r}{DRAWING}"


def an_option(**option: object) -> str:
    return drawn(options={"size": option})


DECLARED_WRONG = {
    "a metric with a unit alone": (
        "METRICS = {'mine': {'unit': 'u'}}" + SCORING,
        [f"METRICS.mine.{fact} is missing" for fact in METRIC if fact != "unit"],
    ),
    "a metric that is a number": ("METRICS = {'mine': 3}" + SCORING, ["METRICS.mine: 3 is a whole number; a block of keys is"]),
    "metrics in a list": ("METRICS = ['mine']" + SCORING, ["METRICS: ['mine'] is a list; a block of keys is wanted"]),
    "no metric": ("METRICS = {}" + SCORING, ["METRICS is empty or too short"]),
    "a metric that no file can be named after": (
        metrics().replace("'mine'", "'my own'"),
        ["METRICS: 'my own' must match"],
    ),
    **{f"no {fact}": (metrics(fact), [f"METRICS.mine.{fact} is missing; it must be given"]) for fact in METRIC},
    "a misspelt fact": (
        metrics("unit", untis="1"),
        ["mine.untis: unknown key; did you mean 'unit'?"],
    ),
    "a space that there is not": (
        metrics(reads={"rwa": ()}),
        ["METRICS.mine.reads.rwa: unknown key; did you mean 'raw'? allowed: embedding, raw, run"],
    ),
    "what no space has": (
        metrics(reads={"raw": ("history",)}),
        ["METRICS.mine.reads.raw[0]: 'history' is not allowed; allowed: earlier, fitted_on, neighbors, predictions, weights"],
    ),
    "neighbours of an unknown number": (metrics(reads={"raw": ("neighbors",)}), ["METRICS.mine.neighbors is missing"]),
    "neighbours by an option that it has not": (
        metrics(reads={"raw": ("neighbors",)}, neighbors={"option": "k"}),
        ["METRICS.mine.neighbors: there is no option 'k'; allowed: (nothing is defined)"],
    ),
    "spectra of an unknown phase": (metrics(reads={"run": ("spectra",)}), ["METRICS.mine.options.phase is missing"]),
    "no function": (
        f"METRICS = {{'mine': {METRIC!r}}}\n",
        ["METRICS: the file has no function score; it must define score"],
    ),
    "a figure in a list": ("FIGURE = [1]" + DRAWING, ["FIGURE: [1] is a list; a block of keys is wanted"]),
    "an unknown kind of file": (
        drawn(reads=("rnus",)),
        ["FIGURE.reads[0]: 'rnus' is not allowed; did you mean 'runs'? allowed: activations, comparison, data, "],
    ),
    "a measure that prepares nothing": (
        "MEASURES = {'near': {'label': 'n', 'range': (0, 1), 'definition': 'd', 'reference': 'r', 'unchanged_by': 'u'}}\n"
        "def compare(first, second, measures): return {}",
        ["MEASURES: the file has no function prepare; it must define prepare"],
    ),
    "a measure that says nothing of itself": (
        "MEASURES = {'near': {'label': 'n', 'rnge': (0, 1), 'definition': 'd', 'reference': 'r', 'unchanged_by': 'u'}}\n"
        "def prepare(points): return points\ndef compare(first, second, measures): return {}",
        ["MEASURES.near.rnge: unknown key; did you mean 'range'?"],
    ),
    "one file as text": (drawn(reads="runs"), ["FIGURE.reads: 'runs' is text; a list is wanted"]),
    "no files": (f"FIGURE = {{'description': 'Dots.'}}{DRAWING}", ["FIGURE.reads is missing; it must be given"]),
    "a figure that cannot be drawn": (
        f"FIGURE = {DRAWN!r}",
        ["FIGURE: the file has no function draw; it must define draw"],
    ),
    "needs of what nobody tells": (
        drawn(needs=("metrcs",)),
        ["FIGURE.needs[0]: 'metrcs' is not allowed; did you mean 'metrics'? allowed: "],
    ),
    "a state that no network is in": (
        drawn(states=("traind",)),
        ["FIGURE.states[0]: 'traind' is not allowed; did you mean 'trained'? allowed: intermediate, pretrained, trained, untr"],
    ),
    "a part that no layer has": (
        drawn(parts_by={"size": {True: ("wohle",)}}, options={"size": {"type": "boolean"}}),
        ["FIGURE.parts_by.size.True[0]: 'wohle' is not allowed; did you mean 'whole'? allowed: filters, means, whole"],
    ),
    "parts by an option that there is not": (
        drawn(parts_by={"sise": {True: ("whole",)}}, options={"size": {"type": "boolean"}}),
        ["FIGURE.parts_by: there is no option 'sise'; did you mean 'size'? allowed: size"],
    ),
    "names of other classes than there are": (
        SOURCE.replace('"classes": 2', '"classes": 2, "class_names": ["a", "b", "c"]'),
        ["SOURCE.sizes.bars.class_names has 3 names; as many as `classes` are wanted"],
    ),
    "a required option that there is not": (
        drawn(required=("scoer",), options={"score": {"$ref": "#/$defs/score_name"}}),
        ["FIGURE.required: there is no option 'scoer'; did you mean 'score'? allowed: kind, on, score, title"],
    ),
    "an option of no type": (an_option(type="int"), ["FIGURE.options.size.type: 'int' is no type; did you mean 'integer'?"]),
    "a part that is not shared": (
        an_option(**{"$ref": "#/$defs/scor_name"}),
        ["FIGURE.options.size.$ref: '#/$defs/scor_name' is no shared part; did you mean '#/$defs/score_name'?"],
    ),
    "a part of a part that is not shared": (
        an_option(type="array", items={"$ref": "#/$defs/nowhere"}),
        ["FIGURE.options.size.items.$ref: '#/$defs/nowhere' is no shared part; "],
    ),
    "a misspelt keyword": (
        an_option(type="number", defualt=3),
        ["size.defualt: unknown key; did you mean 'default'?"],
    ),
    "a keyword of a wrong value": (
        an_option(type="number", minimum="1"),
        ["size.minimum: '1' is not of type 'number'"],
    ),
    "a default that is not allowed": (
        an_option(type="number", minimum=1, default=0),
        ["FIGURE.options.size.default: 0 is too small; at least 1 is wanted"],
    ),
    "an option that is text": (drawn(options={"size": "number"}), ["FIGURE.options.size: 'number' is text; a block of keys"]),
    "a family without layers": ("FAMILY = {'description': 'None.'}", ["FAMILY.layers is missing; it must be given"]),
    "a family that only the package can have": (
        "FAMILY = {'description': 'Any.', 'builds': True, 'layers': [{'name': 'output', 'kind': 'linear', 'width': 'classes'}]}",
        ["FAMILY.builds: unknown key; allowed: also_called, by_default, description, layers, options, required, smallest_side"],
    ),
    "sizes that no option chooses": (
        SOURCE.replace('"options": {"name": {"enum": ["bars"], "default": "bars"}}', '"options": {}'),
        ["SOURCE.options.name must choose among sizes: {'enum': ['bars']}"],
    ),
    "sizes of which none is chosen": (
        SOURCE.replace(', "default": "bars"', ""),
        ["SOURCE.options.name needs a default, for instance 'bars', or stands under required"],
    ),
    "an engine that embeds several steps by no function": (
        ENGINE.replace('"scale"', '"over": {"enum": ["epochs", "layers"]}, "scale"'),
        ["ENGINE: the file has no function embed_steps; it must define embed_steps"],
    ),
    "two assignments": (f"FIGURE = {{}}\nFIGURE = {DRAWN!r}{DRAWING}", ["FIGURE is written on lines 1 and 2; keep one of them"]),
    "an assignment and a change": (
        f"FIGURE = {DRAWN!r}\nFIGURE['needs'] = ('sizes',){DRAWING}",
        ["FIGURE is written on lines 1 and 2; keep one of them"],
    ),
    "a declaration that is imported": ("from elsewhere import FIGURE", ["FIGURE on line 1 is read without running the module"]),
}


@pytest.mark.parametrize("case", DECLARED_WRONG)
def test_a_wrong_declaration_is_told_before_anything_is_made(tmp_path: Path, monkeypatch, case: str):
    code, messages = DECLARED_WRONG[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(code)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**SMALL, "code": ["mine.py"]}))
    with pytest.raises(StudyError) as caught:
        load_study("study.yaml", {})
    assert len(caught.value.messages) == len(messages), str(caught.value)
    for told in messages:
        assert any(told in message for message in caught.value.messages), str(caught.value)
    assert all(message.startswith("study.yaml: code: mine.py, ") for message in caught.value.messages)


@pytest.mark.parametrize(
    "function",
    [
        "def draw(reads, options): ...",
        "draw = print",
        "from x import y as draw",
        "try:\n    import x as draw\nfinally: 1",
    ],
)
def test_a_function_may_come_from_anywhere(study, function: str):
    code = f"FIGURE = {DRAWN!r}\n{function}\n"
    assert study(code, {"figures.dots": {"kind": "mine"}}).study.kinds.own == ("mine.py",)


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


def test_a_description_marks_layers_and_tells_what_a_study_calls_them(tmp_path, monkeypatch):
    """The last part of a Sequential is what the network puts out: studies know it as output."""
    monkeypatch.chdir(tmp_path)
    code = "from torch import nn\n\n\ndef build(shape, classes, activation):\n"
    code += "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), activation(), nn.Linear(6, classes))\n"
    Path("net.py").write_text(code)
    network = {"family": "module", "file": "net.py"}
    digits = {"digits": {"source": "sklearn"}}
    Path("study.yaml").write_text(
        yaml.safe_dump({"study": "d", "code": ["net.py"], "datasets": digits, "architectures": {"mine": network}})
    )
    heading, *lines = described_lines("study.yaml", "mine")
    assert heading == "mine on digits, inputs of 8 × 8"
    assert [(line[0], line[2:].split("  ")[0]) for line in lines] == [(" ", "0"), ("*", "1"), ("*", "2"), ("*", "3 = output")]
