"""A study in which every kind is a file of one's own: it runs, and an edit of one redoes what uses it and nothing else."""

import shutil
from pathlib import Path

import h5py
import pandas as pd
import pytest
import torch
from checkout import HALF_WRITTEN, PROJECT, copy_project, made_once, planned, snakemake

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("own")]

OWN = PROJECT / "tests/workflow/own_kinds"
STUDY = "mine/study.yaml"
RUNS = [f"runs/two/tower/relu/seed{seed}" for seed in range(3)]
PRETRAINED = "runs/two/mine/tanh/seed0"
SOURCES = [*RUNS, PRETRAINED, "inputs/two"]


def weights(folder: Path) -> torch.nn.Module:
    """The network of net.py with weights that no training gave it."""
    torch.manual_seed(7)
    code = {}
    exec((folder / "net.py").read_text(), code)  # noqa: S102 (a file of these tests)
    return code["build"]((8, 8), 2, torch.nn.Tanh)


@pytest.fixture(scope="session")
def finished(finished_study: Path, tmp_path_factory) -> Path:
    def make(folder: Path) -> str:
        copy_project(folder)
        shutil.copytree(OWN, folder / "mine", ignore=HALF_WRITTEN)
        torch.save(weights(folder / "mine").state_dict(), folder / "mine/weights.pt")
        done = snakemake(folder, "--cores", "2", study=STUDY)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return made_once(tmp_path_factory, "finished_own", make)


def test_whose_code_runs_is_said(finished: Path):
    said = (finished / "finished").read_text()
    assert "mine/net.py is run once to look at mine" in said
    [line] = [line for line in said.splitlines() if "code of your own runs" in line]
    assert line.count("(SHA-256 ") == 8
    assert "mine/confidence.py (SHA-256 " in line


def test_every_kind_does_its_work(finished: Path):
    results = finished / "results/own"
    scores = pd.read_parquet(results / "scores.parquet").set_index("metric")
    assert set(scores.index) == {"confidence", "size", "accuracy", "d_same"}
    assert scores.loc["confidence", "chance"].round(4).unique() == [0.6931]
    assert set(scores.loc["size", "layer"]) == {"hidden1", "hidden2", "output", "1"}
    assert set(scores.loc["d_same", "space"]) == {"raw", "sheared"}
    assert len(pd.read_csv(results / "figures/dots.csv")) == 3
    assert list(pd.read_csv(results / "tables/best.csv")["score"]) == ["accuracy"]
    [verdict] = pd.read_csv(results / "claims.csv").to_dict("records")
    assert (verdict["statistic"], verdict["n"], verdict["verdict"]) == ("median", 3, "undecided")


AFTER_SCORES = {
    *("Aggregating all scores", "Judging the claims", "Drawing figure dots", "Writing table best"),
    *("Writing the explorer", "Writing the index"),
}
EDITS = {
    "confidence.py": {f"Scoring {run}" for run in (*RUNS, PRETRAINED)}
    | {f"Scoring the representations of {run} on look" for run in (*RUNS, PRETRAINED)}
    | AFTER_SCORES,
    "dots.py": {"Drawing figure dots", "Writing the index"},
    "highest.py": {"Writing table best", "Writing the index"},
    "shear.py": {f"Embedding {source} on look by sheared" for source in SOURCES}
    | {f"Scoring {source} on look in sheared" for source in SOURCES}
    | {f"Gathering {source} on look for the explorer" for source in SOURCES}
    | AFTER_SCORES,
    "median.py": {"Judging the claims", "Writing the index"},
}


@pytest.mark.parametrize("file", EDITS)
def test_an_edit_of_a_file_redoes_what_uses_it(finished: Path, tmp_path: Path, file: str):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    assert planned(folder, study=STUDY) == set()
    with open(folder / "mine" / file, "a") as code:
        code.write("\nEDITED = True\n")
    assert planned(folder, study=STUDY) == EDITS[file]


def test_a_network_of_ones_own_is_looked_at_as_its_weights_have_it(finished: Path):
    """It trains for no epoch: what is stored is what the module puts out with the given weights."""
    network = weights(finished / "mine").eval()
    with h5py.File(finished / "results/own" / PRETRAINED / "look/activations.h5") as file:
        assert sorted(file) == ["epoch0000", "index", "labels", "losses", "predictions"]
        stored = {name: file["epoch0000"][name][:] for name in ("1", "2", "output")}
    with h5py.File(finished / "results/own/data/two.h5") as file:
        inputs = torch.from_numpy(file["test/images"][:].astype("float32") / 255)[:, None]
    with torch.no_grad():
        for name, module in (("1", network[:2]), ("2", network[:3]), ("output", network)):
            torch.testing.assert_close(torch.from_numpy(stored[name]), module(inputs))
    scores = pd.read_parquet(finished / "results/own/scores.parquet")
    assert set(scores.loc[scores["architecture"] == "mine", "state"]) == {"pretrained"}


@pytest.mark.parametrize("file", ["net.py", "weights.pt"])
def test_an_edit_of_a_network_of_ones_own_makes_it_anew_and_no_other(finished: Path, tmp_path: Path, file: str):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    if file == "net.py":
        (folder / "mine/net.py").write_text((folder / "mine/net.py").read_text() + "\nEDITED = True\n")
    else:
        torch.save({name: 2 * tensor for name, tensor in weights(folder / "mine").state_dict().items()}, folder / "mine" / file)
    trained = {job for job in planned(folder, study=STUDY) if job.startswith("Training")}
    assert trained == {f"Training {PRETRAINED}"}


@pytest.mark.parametrize("file", ["pyramid.py", "bars.py"])
def test_an_edit_of_a_family_or_source_trains_anew(finished: Path, tmp_path: Path, file: str):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    with open(folder / "mine" / file, "a") as code:
        code.write("\nEDITED = True\n")
    stale = planned(folder, study=STUDY)
    assert {f"Training {run}" for run in RUNS} <= stale
    assert ("Preparing dataset two" in stale) == (file == "bars.py")


def test_nothing_of_ones_own_is_run_when_a_study_is_planned(finished: Path, tmp_path: Path):
    """Each file ends in an error when it is run; a dry-run does not notice. What builds a network is run in a process apart."""
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    for file in (file for file in (folder / "mine").glob("*.py") if file.name != "net.py"):
        file.write_text(file.read_text() + "\nraise RuntimeError('it ran')\n")
    assert "Training runs/two/tower/relu/seed0" in planned(folder, study=STUDY)
