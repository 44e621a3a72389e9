"""A study in which every kind is a file of one's own: it runs, and an edit of one redoes what uses it and nothing else."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from checkout import HALF_WRITTEN, PROJECT, copy_project, planned, snakemake

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("own")]

OWN = PROJECT / "tests/workflow/own_kinds"
STUDY = "mine/study.yaml"
RUNS = [f"runs/two/tower/relu/seed{seed}" for seed in range(3)]
SOURCES = [*RUNS, "inputs/two"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("own") / "project")
    shutil.copytree(OWN, folder / "mine", ignore=HALF_WRITTEN)
    done = snakemake(folder, "--cores", "2", study=STUDY)
    assert done.returncode == 0, done.stdout
    [line] = [line for line in done.stdout.splitlines() if "code of your own runs" in line]
    assert line.count("(SHA-256 ") == 7
    assert "mine/confidence.py (SHA-256 " in line
    return folder


def test_every_kind_does_its_work(finished: Path):
    results = finished / "results/own"
    scores = pd.read_parquet(results / "scores.parquet").set_index("metric")
    assert set(scores.index) == {"confidence", "size", "accuracy", "d_same"}
    assert scores.loc["confidence", "chance"].round(4).unique() == [0.6931]
    assert set(scores.loc["size", "layer"]) == {"hidden1", "hidden2", "output"}
    assert set(scores.loc["d_same", "space"]) == {"raw", "sheared"}
    assert len(pd.read_csv(results / "figures/dots.csv")) == 3
    assert list(pd.read_csv(results / "tables/best.csv")["score"]) == ["accuracy"]
    [verdict] = pd.read_csv(results / "claims.csv").to_dict("records")
    assert (verdict["statistic"], verdict["n"], verdict["verdict"]) == ("median", 3, "undecided")


AFTER_SCORES = {"Aggregating all scores", "Judging the claims", "Drawing figure dots", "Writing table best"}
EDITS = {
    "confidence.py": {f"Scoring {run}" for run in RUNS}
    | {f"Scoring the representations of {run} on look" for run in RUNS}
    | AFTER_SCORES,
    "dots.py": {"Drawing figure dots"},
    "highest.py": {"Writing table best"},
    "shear.py": {f"Embedding {source} on look by sheared" for source in SOURCES}
    | {f"Scoring {source} on look in sheared" for source in SOURCES}
    | AFTER_SCORES,
    "median.py": {"Judging the claims"},
}


@pytest.mark.parametrize("file", EDITS)
def test_an_edit_of_a_file_redoes_what_uses_it(finished: Path, tmp_path: Path, file: str):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    assert planned(folder, study=STUDY) == set()
    with open(folder / "mine" / file, "a") as code:
        code.write("\nEDITED = True\n")
    assert planned(folder, study=STUDY) == EDITS[file]


@pytest.mark.parametrize("file", ["pyramid.py", "bars.py"])
def test_an_edit_of_a_family_or_source_trains_anew(finished: Path, tmp_path: Path, file: str):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    with open(folder / "mine" / file, "a") as code:
        code.write("\nEDITED = True\n")
    stale = planned(folder, study=STUDY)
    assert {f"Training {run}" for run in RUNS} <= stale
    assert ("Preparing dataset two" in stale) == (file == "bars.py")


def test_nothing_of_ones_own_is_run_when_a_study_is_planned(finished: Path, tmp_path: Path):
    """Each file ends in an error when it is run; a dry-run does not notice."""
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    for file in (folder / "mine").glob("*.py"):
        file.write_text(file.read_text() + "\nraise RuntimeError('it ran')\n")
    assert "Training runs/two/tower/relu/seed0" in planned(folder, study=STUDY)
