"""What the machine refuses is neither forgotten, nor called wrong, nor to be removed: unfinished work, seals, raw data."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_machine_faults import PROJECT

from layerscope.errors import StudyError
from layerscope.files import seals
from layerscope.files.csv_tables import write_rows
from layerscope.files.unfinished import Resumable, identity
from layerscope.store.reading import reading

REMEDIES = {errno.EACCES: "give yourself access to it", errno.EIO: "the disk or the network file system fails"}
RESUMED = """
import sys
from pathlib import Path
import torch
from layerscope.errors import StudyError
from layerscope.files.unfinished import Resumable
from layerscope.training.resume import UnfinishedTraining
try:
    {what}
except StudyError as error:
    print(error)
"""
PARTS = "with Resumable('e.h5', 'mine') as parts: print(parts.get('one'))"
TRAINING = "with UnfinishedTraining(Path('state'), 'mine') as training: print(training.read())"
LOADED = """
import sys
from pathlib import Path
from importlib import import_module
from layerscope.errors import StudyError
source = import_module('layerscope.data.sources.{source}')
try:
    source.load({name!r}, {options!r}, Path('.'))
except StudyError as error:
    print(error)
"""


# Unfinished work


@pytest.mark.parametrize("victim", ["one.npz", "identity.json"])
@pytest.mark.parametrize("number", REMEDIES)
def test_finished_parts_that_the_machine_refuses_are_kept(failing_machine, tmp_path, victim, number):
    with Resumable(tmp_path / "e.h5", "mine") as parts:
        parts.keep("one", {"x": np.arange(3)}, {})
    call = "open" if number == errno.EACCES else "read"
    said = failing_machine(RESUMED.format(what=PARTS), tmp_path, victim, call, number)
    assert f"{victim} cannot be read ({os.strerror(number)}): {REMEDIES[number]}" in said
    with Resumable(tmp_path / "e.h5", "mine") as parts:
        assert parts.get("one") is not None


def test_the_state_of_a_training_that_the_machine_refuses_is_kept(failing_machine, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.safetensors").write_bytes(b"of five days")
    said = failing_machine(RESUMED.format(what=TRAINING), tmp_path, "state.safetensors", "open", errno.EACCES)
    assert "state.safetensors cannot be read (Permission denied): give yourself access to it" in said


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_holds_up_no_work(failing_machine, tmp_path, number):
    assert failing_machine(RESUMED.format(what=PARTS), tmp_path, "lock", "flock", number) == "None"


def test_a_lock_that_the_machine_refuses_is_named(failing_machine, tmp_path):
    said = failing_machine(RESUMED.format(what=PARTS), tmp_path, "lock", "flock", errno.EIO)
    assert "cannot be used (Input/output error): the disk or the network file system fails" in said


# Seals


@pytest.mark.parametrize("seal", [b"\xff", b"", b"0" * 64])
def test_a_damaged_seal_is_named_before_finished_parts_are_thrown_away(tmp_path, seal):
    write_rows(tmp_path / "t.csv", ["a"], [{"a": 1}])
    seals.seal_of(tmp_path / "t.csv").write_bytes(seal)
    with pytest.raises(StudyError, match=r"t\.csv is damaged"):
        identity({}, [], [tmp_path / "t.csv"])


def test_a_sealed_input_is_hashed_once_by_a_job(tmp_path, monkeypatch):
    write_rows(tmp_path / "t.csv", ["a"], [{"a": 1}])
    hashed = []
    digest = seals.file_digest
    monkeypatch.setattr(seals, "file_digest", lambda source: hashed.append(source) or digest(source))
    first = identity({}, [], [str(tmp_path / "t.csv")])
    assert seals.intact(str(tmp_path / "t.csv"))
    assert identity({}, [], [str(tmp_path / "t.csv")]) == first
    assert len(hashed) == 1


CHECKED = "from layerscope.files.seals import damaged_since; print(*damaged_since('.'), sep='\\n')"


def touched_table(folder: Path) -> None:
    """A good file whose time is later than that of its seal."""
    write_rows(folder / "t.csv", ["a"], [{"a": 1}])
    later = (folder / "t.csv").stat().st_mtime_ns + 10**9
    os.utime(folder / "t.csv", ns=(later, later))


def test_a_good_file_with_the_seal_of_someone_else_stops_no_study(failing_machine, tmp_path):
    touched_table(tmp_path)
    assert failing_machine(CHECKED, tmp_path, ".t.csv.sha256", "utimensat", errno.EPERM) == ""


def test_a_folder_that_cannot_be_listed_is_not_passed_over(failing_machine, tmp_path):
    (tmp_path / "runs").mkdir()
    touched_table(tmp_path / "runs")
    said = failing_machine(CHECKED, tmp_path, "runs", "opendir", errno.EACCES)
    assert "runs cannot be read (Permission denied): give yourself access to it" in said


def test_a_lack_of_memory_while_a_file_is_read_is_no_damage(tmp_path):
    with pytest.raises(MemoryError), reading(tmp_path / "picture.png", Exception):
        raise MemoryError


# Raw data


def lay_out(folder: Path) -> None:
    """A dataset of each kind of source."""
    for name in ("ant", "bee"):
        (folder / "mine" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (4, 4), number).save(folder / "mine" / name / f"{number}.png")
    blank = {f"x_{split}": np.zeros((6, 4, 4)) for split in ("train", "test")}
    np.savez(folder / "mine.npz", **blank, **{f"y_{split}": np.arange(6) % 2 for split in ("train", "test")})
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").write_bytes(b"\0\0\x08\x03")


RAW = {
    "a picture": ("images", "mine", {"path": "mine", "size": [4, 4], "colour": False, "test": 2}, "bee/1.png"),
    "an npz file": ("npz", "mine", {"path": "mine.npz"}, "mine.npz"),
    "a download": ("torchvision", "MNIST", {"name": "MNIST"}, "train-images-idx3-ubyte"),
}


@pytest.mark.parametrize("case", RAW)
@pytest.mark.parametrize("number", REMEDIES)
def test_raw_data_that_the_machine_refuses_is_not_called_wrong(failing_machine, tmp_path, case, number):
    source, name, options, victim = RAW[case]
    lay_out(tmp_path)
    call = "open" if number == errno.EACCES else "read"
    said = failing_machine(LOADED.format(source=source, name=name, options=options), tmp_path, victim, call, number)
    assert f"{victim} cannot be read ({os.strerror(number)}): {REMEDIES[number]}" in said
    assert "remove" not in said
    assert "missing" not in said


# The commit


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_package_inside_the_repository_of_something_else_names_no_commit(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "init"], check=True, capture_output=True)
    subprocess.run([*git, "commit", "--allow-empty", "-m", "mine"], check=True, capture_output=True)
    shutil.copytree(PROJECT / "workflow", tmp_path / "installed", ignore=shutil.ignore_patterns("__pycache__"))
    script = "import json; from layerscope.files.provenance import commit; print(json.dumps(commit()))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ""
