"""A study of other studies has no data of its own; what it cannot show is refused before anything is made."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_study import changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import build_study

TABLE = {"kind": "foretelling", "cheap": ["saturation"], "costly": ["linear_probe"]}
ATLAS = {"study": "atlas", "studies": ["results/*/runs.parquet"], "tables": {"told": TABLE}}
OF_ONE = {"kind": "score_by_depth", "score": "saturation"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A folder in which two studies have been run, and a third one has no scores yet."""
    for name in ("second", "first", "unfinished"):
        (tmp_path / "results" / name).mkdir(parents=True)
    for name in ("second", "first"):
        (tmp_path / "results" / name / "runs.parquet").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jobs_of(**changes) -> Jobs:
    return Jobs(build_study({**ATLAS, **changes}, Path()))


def test_it_reads_the_runs_of_all_studies_that_fit():
    jobs = jobs_of()
    assert jobs.reads.of_kind("tables", "told") == {"runs": ["results/first/runs.parquet", "results/second/runs.parquet"]}
    tables = [f"results/atlas/tables/told.{suffix}" for suffix in ("csv", "md", "tex")]
    assert jobs.targets() == [*tables, "results/atlas/index.html"]


def test_a_file_that_two_patterns_fit_is_read_once():
    jobs = jobs_of(studies=["results/second/runs.parquet", "results/*/runs.parquet"])
    assert jobs.study.studies == ("results/second/runs.parquet", "results/first/runs.parquet")


def test_files_may_lie_anywhere(folder):
    elsewhere = folder.parent / f"{folder.name}_elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.parquet").touch()
    jobs = jobs_of(studies=[f"{folder}/results/first/*.parquet", f"{elsewhere}/*.parquet", "results/first/../first/runs.parquet"])
    assert jobs.study.studies == ("results/first/runs.parquet", f"{elsewhere}/mine.parquet")


def test_the_job_is_told_which_scores_are_accuracies():
    params = json.loads(jobs_of().params.table(SimpleNamespace(table="told")))
    assert params["options"]["network_accuracies"] == ["accuracy"]


BROKEN = {
    "a pattern that fits nothing": (
        {"studies": ["results/*/runs.parquet", "elsewhere/*.parquet"]},
        ["studies: no file is there like elsewhere/*.parquet; run a study first, or name its runs.parquet"],
    ),
    "a pattern that is none": ({"studies": ["**.parquet"]}, ["studies: no file is there like **.parquet; run a study first"]),
    "no pattern": ({"studies": []}, ["studies is empty or too short; at least 1 entries are wanted"]),
    "other files": ({"studies": ["results/first"]}, ["studies[0]: 'results/first' must match"]),
    "data of its own": (
        {"datasets": {}, "scores": {}, "sede": 3},
        [
            "datasets: a study of other studies has no data, networks or scores of its own; remove it, or `studies`",
            "scores: a study of other studies has no data, networks or scores of its own; remove it, or `studies`",
            "sede: unknown key; ",
        ],
    ),
    "a kind of one study": (
        {"figures": {"one": OF_ONE}},
        ["figures.one.kind: score_by_depth shows one study; of several there is foretelling"],
    ),
    "nothing to show": ({"tables": {}}, ["figures and tables are empty: a study of other studies is what it shows of them"]),
    "none to show": ({"tables": "none"}, ["figures and tables are empty: a study of other studies is what it shows of them"]),
    "no scores": (
        {"tables": {"told": {"kind": "foretelling", "cheap": ["saturation"]}}},
        ["tables.told.costly is missing; it must be given"],
    ),
    "a name twice": ({"figures": {"told": TABLE}}, ["tables.told: figures has an entry of that name; each name is one target"]),
    "the name of a rule": ({"figures": {"claims": TABLE}}, ["figures.claims: the name is that of a rule; choose another one"]),
    "a reserved name": ({"study": "reference"}, ["study: reference is reserved; choose another name"]),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_mistakes_are_told_at_once(broken):
    changes, wanted = BROKEN[broken]
    with pytest.raises(StudyError) as raised:
        jobs_of(**changes)
    assert len(raised.value.messages) == len(wanted)
    for message, start in zip(raised.value.messages, wanted, strict=True):
        assert message.startswith(start)


def test_a_study_without_data_and_without_other_studies_is_told_what_is_missing():
    with pytest.raises(StudyError, match="datasets is missing; it must be given"):
        build_study({"study": "empty"}, Path())


# The same kinds in a study of its own

OWN = {"scores.saturation": {}, "scores.linear_probe": {}, "tables.told": TABLE}


def test_a_study_may_ask_it_of_itself():
    jobs = Jobs(build_study(changed({**OWN, "seeds": 3}), Path()))
    assert jobs.reads.of_kind("tables", "told") == {"runs": ["results/small/runs.parquet"]}


TOO_FEW = {
    "one seed": {"seeds": 1},
    "two layers of two seeds": {"seeds": 2},
    "one layer of four seeds": {"seeds": 4, "tables.told.on": {"layer": "hidden1"}},
    "the output": {"seeds": 9, "tables.told.on": {"layer": "output"}},
}


@pytest.mark.parametrize("few", TOO_FEW)
def test_too_few_layers_and_networks_are_told_before_anything_is_trained(few):
    with pytest.raises(StudyError, match=r"tables\.told: it ranks networks .* layers × \(networks - 1\) must be 4 or more"):
        build_study(changed({**OWN, **TOO_FEW[few]}), Path())


@pytest.mark.parametrize(("key", "value"), [("epoch", "first"), ("state", "untrained"), ("seed", 0)])
def test_what_is_ranked_is_no_choice(key, value):
    message = rf"tables\.told\.on\.{key}: it ranks all seeds of trained networks at whole hidden layers; remove it"
    with pytest.raises(StudyError, match=message):
        build_study(changed({**OWN, "seeds": 4, "tables.told.on": {key: value}}), Path())
    with pytest.raises(StudyError, match=message):
        jobs_of(tables={"told": {**TABLE, "on": {key: value}}})


def test_a_cheap_score_is_of_layers():
    told = {**TABLE, "cheap": ["kl"]}
    with pytest.raises(StudyError, match=r"tables\.told\.cheap: kl is of embedding alone, and one of layers is wanted"):
        build_study(changed({**OWN, "seeds": 4, "tables.told": told}), Path())


def test_scores_that_the_study_lacks_are_told():
    with pytest.raises(StudyError, match=r"tables\.told\.costly: no score is named 'linear_probe'"):
        build_study(changed({"scores.saturation": {}, "tables.told": TABLE, "seeds": 3}), Path())
