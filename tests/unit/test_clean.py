"""`make clean` deletes results only where a person says so."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy2(PROJECT / "Makefile", tmp_path)
    (tmp_path / "workflow").mkdir()
    shutil.copy2(PROJECT / "workflow/clean.sh", tmp_path / "workflow")
    for folder in ("results/days/runs", "results/digits", "results/data", "results/reference/digits", ".snakemake"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "results/README.md").write_text("")
    return tmp_path


def clean(project: Path, *arguments: str, answer: str | None = None) -> subprocess.CompletedProcess:
    """answer: what a person types at a terminal; None where there is no terminal."""
    command = ["make", "--no-print-directory", "clean", *arguments]
    if answer is None:
        return subprocess.run(command, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    terminal, other_end = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    try:
        return subprocess.run(command, cwd=project, stdin=other_end, capture_output=True, text=True, check=False)
    finally:
        os.close(terminal)
        os.close(other_end)


def studies(project: Path) -> set[str]:
    return {path.name for path in (project / "results").iterdir()} - {"data", "reference", "README.md"}


def test_nothing_is_deleted_where_nobody_can_be_asked(project: Path):
    done = clean(project)
    assert done.returncode != 0
    assert "YES=1 deletes without a question" in done.stderr
    assert studies(project) == {"days", "digits"}
    assert (project / ".snakemake").exists()


@pytest.mark.parametrize("answer", ["", "n", "no", "what?"])
def test_nothing_is_deleted_unless_a_person_says_yes(project: Path, answer: str):
    assert clean(project, answer=answer).returncode != 0
    assert studies(project) == {"days", "digits"}


def test_what_is_to_be_deleted_is_named_with_its_size(project: Path):
    shown = clean(project, answer="n").stdout
    assert "results/days" in shown
    assert "results/digits" in shown
    assert "results/data" not in shown


@pytest.mark.parametrize("how", [{"answer": "y"}, {"arguments": ("YES=1",)}], ids=["asked", "by a script"])
def test_downloads_and_reference_runs_stay(project: Path, how: dict):
    assert clean(project, *how.get("arguments", ()), answer=how.get("answer")).returncode == 0
    assert studies(project) == set()
    assert (project / "results/data").exists()
    assert (project / "results/reference/digits").exists()
    assert not (project / ".snakemake").exists()


def test_one_study_can_be_named(project: Path):
    assert clean(project, "STUDY=digits", answer="y").returncode == 0
    assert studies(project) == {"days"}
    assert (project / ".snakemake").exists()


@pytest.fixture
def networks(project: Path) -> Path:
    """The kept descriptions of networks, which all studies share."""
    file = project / "results/.networks/0123.json"
    file.parent.mkdir()
    file.write_text("{}")
    return file.parent


def test_descriptions_of_networks_go_with_all_studies_only(project: Path, networks: Path):
    assert clean(project, "STUDY=digits", "YES=1").returncode == 0
    assert networks.exists()
    shown = clean(project, answer="n").stdout
    assert "results/.networks" in shown
    assert networks.exists()
    assert clean(project, answer="y").returncode == 0
    assert not networks.exists()


@pytest.mark.parametrize("name", ["nothing", "data", "reference", "../results/days", ".", ".networks"])
def test_what_is_no_study_is_not_deleted(project: Path, name: str):
    assert clean(project, f"STUDY={name}", "YES=1").returncode != 0
    assert studies(project) == {"days", "digits"}
    assert (project / "results/data").exists()
