"""Which sources a job's result depends on: an edit reruns what it touches and nothing else."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from layerscope.errors import StudyError
from layerscope.files import sources as source_files
from layerscope.files.sources import left_out, literal, modules, sources
from layerscope.kind_modules import architecture_sources

PACKAGE = source_files.PACKAGE
STAGES = modules("stages")
UNTOLD = {"study", "jobs", "store", "files", "commandline", "errors"}


def names(*wanted):
    """The sources of modules, as dotted names below the package."""
    return {".".join(Path(file).resolve().relative_to(PACKAGE).with_suffix("").parts) for file in sources(wanted)}


def stage(name, *implementations):
    return names(f"layerscope.stages.{name}", *(f"layerscope.{module}" for module in implementations))


def test_the_sources_of_training_are_those_that_it_imports():
    found = stage("train", "models.families.mlp")
    assert {
        "stages.train",
        "training.train",
        "training.augmentation",
        "models.network",
        "models.families.mlp",
        "training.seeds",
    } <= found
    assert {"saturation.tracker", "models.plan", "data.tensors", "models.device"} <= found


def test_imports_of_imports_are_followed():
    """The stage imports train, train imports the tracker."""
    assert "saturation" not in (PACKAGE / "stages" / "train.py").read_text()
    assert "saturation.tracker" in stage("train")


def test_training_does_not_depend_on_the_score_of_saturation():
    """Layers are followed while a network is trained; what their spectra are worth is found afterwards."""
    assert "saturation.dimension" not in stage("train")
    assert "saturation.dimension" in stage("score_run", "scoring.spectra")


@pytest.mark.parametrize("name", ["train", "dump"])
def test_only_networks_of_ones_own_depend_on_how_these_are_built_and_loaded(name):
    of_own = {"models.modules", "models.parts", "models.own_code"}
    assert not {*of_own, "models.weights"} & stage(name, "models.families.mlp")
    assert of_own <= stage(name, "models.families.module")
    own, with_weights = {"file": __file__}, {"weights": "net.safetensors"}
    assert architecture_sources("layerscope.models.families.module", own) == ["layerscope.models.families.module", __file__]
    assert "models.weights" in names(*architecture_sources("layerscope.models.families.mlp", with_weights))


@pytest.mark.parametrize("name", STAGES)
def test_no_stage_depends_on_the_layout_the_shell_or_the_config(name):
    """An edit to the config code retrains nothing."""
    found = stage(name)
    assert f"stages.{name}" in found
    assert not {module.split(".")[0] for module in found} & UNTOLD


@pytest.mark.parametrize("name", STAGES)
def test_no_stage_depends_on_another_one(name):
    others = {module for module in stage(name) if module.startswith("stages.")} - {f"stages.{name}"}
    shared = {
        "score_run": {"stages.score"},
        "score_sample": {"stages.score"},
        "score_beside": {"stages.score"},
        "score_observations": {"stages.score", "stages.score_beside"},
        "table": {"stages.figure"},
    }
    assert others <= shared.get(name, set())


@pytest.mark.parametrize("family", ["mlp", "cnn", "vgg"])
def test_a_family_is_a_source_of_its_own_networks_only(family):
    found = stage("train", f"models.families.{family}")
    assert {f"models.families.{other}" for other in ("mlp", "cnn", "vgg")} & found == {f"models.families.{family}"}


@pytest.mark.parametrize("engine", modules("embedding"))
def test_an_engine_is_a_source_of_its_own_embeddings_only(engine):
    found = stage("embed", f"embedding.{engine}")
    assert {module for module in found if module.startswith("embedding.")} == {f"embedding.{engine}", "embedding.shared.result"}


@pytest.mark.parametrize("source", modules("data.sources"))
def test_a_source_of_data_is_a_source_of_its_own_datasets_only(source):
    found = stage("prepare", f"data.sources.{source}")
    assert {module for module in found if module.startswith("data.sources.")} == {f"data.sources.{source}"}


def test_training_depends_on_no_score_and_scores_on_no_training():
    assert not any(
        module.startswith(("scoring", "embedding", "figures", "tables")) for module in stage("train", "models.families.cnn")
    )
    assert not any(module.startswith(("training", "embedding.", "figures")) for module in stage("score", "scoring.knn"))


@pytest.mark.parametrize("package", ["figures", "tables"])
def test_a_kind_of_figure_is_no_source_of_another(package):
    kinds = modules(package)
    for kind in kinds:
        found = stage("figure" if package == "figures" else "table", f"{package}.{kind}")
        assert {f"{package}.{other}" for other in kinds} & found == {f"{package}.{kind}"}


def test_sources_are_sorted_and_named_from_the_working_directory(monkeypatch):
    monkeypatch.chdir(PACKAGE.parents[1])
    found = sources(["layerscope.stages.train", "layerscope.models.families.mlp"])
    assert found == sorted(found)
    assert "workflow/layerscope/models/families/mlp.py" in found
    monkeypatch.chdir("/")
    assert all((Path("/") / file).exists() for file in sources(["layerscope.models.families.mlp"]))


def test_what_is_read_is_what_is_imported():
    """Import a stage in a fresh interpreter: every module of the package that it loads is named, or left out on purpose."""
    code = (
        "import sys, layerscope.stages.neighbors, layerscope.stages.aggregate\n"
        "loaded = {m: sys.modules[m].__file__ for m in sys.modules if m.startswith('layerscope.')}\n"
        "print(*[m for m, file in loaded.items() if not file.endswith('__init__.py')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True
    )
    loaded = {module.removeprefix("layerscope.") for module in run.stdout.split() if not left_out(module)}
    assert loaded == names("layerscope.stages.neighbors", "layerscope.stages.aggregate")


def test_no_import_of_the_package_is_hidden_from_the_reader():
    """`import_module` of a computed name is for the modules that a job names in its params; relative imports are not read."""
    for file in PACKAGE.rglob("*.py"):
        assert not re.search(r"^\s*from \.", file.read_text(), re.MULTILINE), file


# Literals


@pytest.mark.parametrize("package", ["embedding", "figures", "tables"])
def test_what_a_module_reads_is_read_without_importing_it(package):
    for name in modules(package):
        name_of_literal = {"embedding": "ENGINE", "figures": "FIGURE", "tables": "TABLE"}[package]
        read = literal(f"layerscope.{package}.{name}", name_of_literal)
        assert isinstance(read["reads"], tuple)
        assert read == getattr(importlib.import_module(f"layerscope.{package}.{name}"), name_of_literal)


def test_engines_that_use_the_graph_say_so():
    assert literal("layerscope.embedding.umap", "ENGINE")["reads"] == ("neighbors",)
    assert literal("layerscope.embedding.pca", "ENGINE")["reads"] == ()


def test_a_literal_may_be_annotated(tmp_path, monkeypatch):
    monkeypatch.setattr(source_files, "PACKAGE", tmp_path)
    (tmp_path / "annotated.py").write_text("METRICS: dict[str, dict] = {'a': {'k': 1}}\nLATER: int\n")
    assert literal("layerscope.annotated", "METRICS") == {"a": {"k": 1}}


def test_what_is_no_literal_is_named_with_its_line(tmp_path, monkeypatch):
    """A name or a sum would need the module to run."""
    monkeypatch.setattr(source_files, "PACKAGE", tmp_path)
    (tmp_path / "computed.py").write_text("BASE = {}\nMETRICS = BASE | {'a': 1}\n")
    with pytest.raises(StudyError, match=r"computed\.py, line 2: METRICS is read without running the module; write it out"):
        literal("layerscope.computed", "METRICS")


def test_a_literal_that_is_not_there_is_named():
    with pytest.raises(KeyError, match=r"layerscope\.embedding\.shared\.result declares no ENGINE"):
        literal("layerscope.embedding.shared.result", "ENGINE")


def test_modules_of_a_package_are_listed_by_name():
    assert {"pca", "umap", "tsne_opentsne"} <= set(modules("embedding"))
    assert "__init__" not in modules("embedding")
