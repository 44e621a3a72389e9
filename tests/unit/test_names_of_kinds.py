"""No module knows a kind of another module by name."""

import ast
import re
from collections.abc import Iterator

import pytest

from layerscope.files.sources import PACKAGE, modules
from layerscope.study.kinds import BLOCKS, Kind, Kinds

# Words that are names of kinds and of something else: word → where it stands for that → what it is there. A folder ends with /.
OTHERWISE = [
    (
        ("accuracy", "loss"),
        "store/layout.py training/ stages/score_run.py scoring/shared/ console/trainings.py",
        "columns of history.csv",
    ),
    (("accuracy", "loss"), "figures/training_curves.py figures/score_course.py", "columns of history.csv, which they draw"),
    (("accuracy",), "statistics/pairs.py figures/layer_profiles.py figures/score_bars.py", "a column beside the score drawn"),
    (("table",), "jobs/ store/ study/checks.py study_page/contents.py excerpt.py", "a rule and its wildcard"),
    (("tests", "networks"), "jobs/ store/ console/summary.py", "files that the aggregate writes"),
    (("networks",), "stages/aggregate.py", "a param of the aggregate"),
    (("networks",), "stages/explorer.py", "those of the study, in the params of the page"),
    (
        ("networks",),
        "tables/shared/spread_columns.py tables/scores_by_class.py figures/crossing_observations.py",
        "a column of the table",
    ),
    (
        ("networks", "correlation", "accuracy"),
        "statistics/foretelling.py tables/foretelling.py",
        "columns of the table, and the accuracy of a network that is taken out",
    ),
    (("networks",), "study/declarations.py study/checks.py", "what scores are of"),
    (("published",), "jobs/reads.py judge.py store/ study/ tables/", "a kind of file and the option that names one; a column"),
    (("module",), "models/ jobs/params.py study/views.py stages/", "a torch module among layers; the module of a kind in params"),
    (
        ("given",),
        "stages/dump_given.py console/summary.py study_page/contents.py",
        "the status of a network that was not trained",
    ),
    (("given",), "study/declarations.py", "a fact that kinds declare"),
    (("images",), "data/sources/npz.py store/datasets.py", "an array in a file"),
    (("difference",), "statistics/summaries.py tables/", "a column"),
    (("order",), "training/", "a stream of random numbers"),
    (("pca",), "embedding/tsne_opentsne.py tsne/estimator.py", "an initialisation of t-SNE"),
    (("kl_engine",), "stages/", "an attribute of an embedding, which engines give back"),
    (("displacement",), "embedding/dynamic_tsne.py", "an attribute of an embedding, which engines give back"),
    (
        (
            "accuracy",
            "continuity",
            "displacement",
            "kl",
            "knn_accuracy",
            "knn_accuracy_loo",
            "neighborhood_hit",
            "trustworthiness",
        ),
        "scoring/by_observation/",
        "the metrics that are told of every observation there",
    ),
    (
        ("kl_knn", "knn_probe_held_out", "linear_probe_held_out", "loss", "neighbors_changed"),
        "scoring/by_observation/",
        "the metrics that are told of every observation there",
    ),
    (("timm", "torchvision"), "models/families/ torchvision_import.py", "the library"),
    (("umap",), "files/compiled.py", "the package, whose compiled functions are kept"),
    (("cka",), "figures/", "the measure of a comparison that a figure makes where it names none"),
    (("exact",), "tsne/estimator.py embedding/tsne_layerscope.py", "a method of the estimator"),
    (("tsne",), "arrays.py", "the default of a parameter of a public function"),
    (("intrinsic_dimension", "saturation"), "saturation/__init__.py", "functions of the library"),
]
# It writes study files, as a person does.
WRITES_STUDIES = "layerscope.new_study"
FILES = {f"layerscope.{'.'.join(file.relative_to(PACKAGE).with_suffix('').parts)}": file for file in PACKAGE.rglob("*.py")}
KEYS = "|".join({block.key for block in BLOCKS.values()} | {"engine"})


def names(kind: Kind) -> set[str]:
    return {name for name in (kind.name, kind.says("method"), kind.says("engine")) if name}


KINDS = [kind for block in BLOCKS for kind in Kinds().of(block).values()]
# An engine is named after the package, which every module may name.
NAMES = {name for kind in KINDS for name in names(kind)} - {PACKAGE.name}
OF_KINDS = {f"layerscope.{block.package}.{name}" for block in BLOCKS.values() for name in modules(block.package)}


def literals(tree: ast.Module) -> Iterator[ast.Constant]:
    """The strings of a module but for docstrings, facts that are asked for, and entries that a kind gives by default."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    left_out = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    left_out |= {id(call.args[0]) for call in calls if call.func.attr == "says" and call.args}
    pairs = [pair for node in ast.walk(tree) if isinstance(node, ast.Dict) for pair in zip(node.keys, node.values, strict=True)]
    given = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "by_default"]
    left_out |= {id(inner) for value in given for inner in ast.walk(value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node


def is_otherwise(word: str, module: str) -> bool:
    place = str(FILES[module].relative_to(PACKAGE))
    found = [places.split() for words, places, _ in OTHERWISE if word in words]
    return any(place == one or (one.endswith("/") and place.startswith(one)) for places in found for one in places)


def strange_names(module: str) -> Iterator[tuple[int, str]]:
    """(line, name) of every kind of another module that a module knows by name."""
    own = [kind for kind in KINDS if kind.module == module]
    known = {name for kind in own for name in (*names(kind), *kind.options)}
    for node in literals(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if node.value in NAMES - known and not is_otherwise(node.value, module):
            yield node.lineno, node.value
        if module not in OF_KINDS:
            # In messages: `kind: networks`, dynamic_tsne. What a kind says of itself may name others.
            said = re.findall(rf"\b(?:{KEYS}): (\w+)", node.value)
            said += [word for word in re.findall(r"\w+", node.value) if "_" in word and word != node.value]
            yield from ((node.lineno, word) for word in said if word in NAMES and not is_otherwise(word, module))


@pytest.mark.parametrize("module", sorted({*FILES} - {WRITES_STUDIES}))
def test_no_module_knows_the_kinds_of_others_by_name(module: str):
    assert list(strange_names(module)) == []


@pytest.mark.parametrize(("words", "places", "reason"), OTHERWISE)
def test_every_exception_is_needed(words: tuple[str, ...], places: str, reason: str):
    for place in places.split():
        files = [PACKAGE / place] if place.endswith(".py") else (PACKAGE / place).rglob("*.py")
        assert any(f'"{word}"' in file.read_text(encoding="utf-8") for file in files for word in words), f"{place}: {reason}"
