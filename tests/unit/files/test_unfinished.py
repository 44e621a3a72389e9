"""Work that was interrupted goes on where it was, and nowhere else."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import layerscope
from layerscope.errors import StudyError
from layerscope.files.unfinished import Resumable, identity
from layerscope.training.resume import UnfinishedTraining

PACKAGE = Path(layerscope.__file__).parents[1]


def keep(target, made_for="mine", names=("one",)):
    with Resumable(target, made_for) as resumable:
        for name in names:
            resumable.keep(name, {"x": np.arange(3), "y": np.eye(2)}, {"status": "ok", "kl": 0.5})


def keep_and_be_interrupted(target):
    with Resumable(target, "mine") as resumable:
        resumable.keep("seed0/a", {"x": np.arange(3)}, {"kl": 0.5})
        raise KeyboardInterrupt


def kept(target, made_for="mine", name="one"):
    with Resumable(target, made_for) as resumable:
        return resumable.get(name)


def test_finished_parts_survive_an_interruption(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        keep_and_be_interrupted(tmp_path / "e.h5")
    arrays, attributes = kept(tmp_path / "e.h5", name="seed0/a")
    np.testing.assert_array_equal(arrays["x"], np.arange(3))
    assert attributes == {"kl": 0.5}
    assert not (tmp_path / "e.h5").exists()


def test_a_part_that_was_not_finished_is_not_there(tmp_path):
    keep(tmp_path / "e.h5")
    assert kept(tmp_path / "e.h5", name="two") is None


def test_parts_may_lie_in_one_another_s_folder(tmp_path):
    keep(tmp_path / "e.h5", names=("seed0/a/whole", "seed0/a/filter0000"))
    arrays, _ = kept(tmp_path / "e.h5", name="seed0/a/whole")
    assert set(arrays) == {"x", "y"}
    assert kept(tmp_path / "e.h5", name="seed0/a") is None


def test_a_part_can_be_kept_anew(tmp_path):
    keep(tmp_path / "e.h5", names=("one", "one"))
    assert kept(tmp_path / "e.h5")[1] == {"status": "ok", "kl": 0.5}


def test_parts_of_another_identity_are_thrown_away(tmp_path):
    keep(tmp_path / "e.h5")
    assert kept(tmp_path / "e.h5", "another") is None
    assert kept(tmp_path / "e.h5") is None


@pytest.mark.parametrize("damage", ["emptied", "cut", "flipped"])
def test_a_damaged_part_is_not_there(tmp_path, damage):
    keep(tmp_path / "e.h5", names=("one", "two"))
    part = tmp_path / ".e.h5.partial" / "one.npz"
    content = bytearray(part.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    part.write_bytes(content[: {"emptied": 0, "cut": len(content) // 2, "flipped": None}[damage]])
    assert kept(tmp_path / "e.h5") is None
    assert kept(tmp_path / "e.h5", name="two") is not None
    keep(tmp_path / "e.h5")
    assert kept(tmp_path / "e.h5") is not None


def test_parts_of_an_unknown_job_are_thrown_away(tmp_path):
    keep(tmp_path / "e.h5")
    (tmp_path / ".e.h5.partial" / "identity.json").write_bytes(b"\xff")
    assert kept(tmp_path / "e.h5") is None


def test_a_file_where_the_parts_should_lie_is_taken_away(tmp_path):
    (tmp_path / ".e.h5.partial").write_bytes(b"parts of an older version")
    keep(tmp_path / "e.h5")
    assert kept(tmp_path / "e.h5") is not None


def test_nothing_is_left_when_all_parts_are_discarded(tmp_path):
    with Resumable(tmp_path / "e.h5", "mine") as resumable:
        resumable.keep("one", {"x": np.arange(3)}, {})
        resumable.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_job_goes_on_where_it_was(tmp_path):
    """Killed outright: nothing is closed, and the finished part is there all the same."""
    code = (
        "import os, sys, numpy as np; from layerscope.files.unfinished import Resumable\n"
        f"r = Resumable({str(tmp_path / 'e.h5')!r}, 'mine').__enter__()\n"
        "r.keep('one', {'x': np.arange(3)}, {}); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, check=False)
    assert killed.returncode == -9
    code = (
        "from layerscope.files.unfinished import Resumable; import numpy\n"
        f"r = Resumable({str(tmp_path / 'e.h5')!r}, 'mine').__enter__(); print(r.get('one'))"
    )
    read = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, check=True
    )
    assert "array([0, 1, 2])" in read.stdout


def test_a_second_job_leaves_the_parts_of_the_first_alone(tmp_path):
    code = (
        "from layerscope.files.unfinished import Resumable; import numpy as np, sys\n"
        f"r = Resumable({str(tmp_path / 'e.h5')!r}, 'mine').__enter__()\n"
        "r.keep('one', {'x': np.arange(3)}, {}); print('kept', flush=True); sys.stdin.read(); print(r.get('one')[0]['x'])"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PACKAGE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout.readline() == "kept\n"
    with pytest.raises(StudyError, match=r"\.e\.h5\.partial is in use by another job"):
        kept(tmp_path / "e.h5")
    assert first.communicate("")[0] == "[0 1 2]\n"
    assert first.returncode == 0


def test_two_trainings_of_one_network_do_not_meet(tmp_path):
    first, second = (UnfinishedTraining(tmp_path / "state", "mine") for _ in range(2))
    refused = pytest.raises(StudyError, match=r"state is in use by another job; wait until it ends, or stop it")
    with first, refused, second:
        pass
    with second:
        second.discard()
    assert list(tmp_path.iterdir()) == []


# What it belongs to


def test_the_order_of_params_is_of_no_matter():
    assert identity({"a": 1, "b": [0.1, "x"]}, []) == identity({"b": [0.1, "x"], "a": 1}, [])


def test_other_params_are_another_job():
    assert identity({"a": 1}, []) != identity({"a": 2}, [])


def test_other_content_of_an_input_file_is_another_job(tmp_path):
    given = tmp_path / "given.h5"
    given.write_bytes(b"old")
    before = identity({}, [], [given])
    given.touch()
    assert identity({}, [], [given]) == before
    given.write_bytes(b"new")
    assert identity({}, [], [given]) != before


EDITS = {
    "stages/train.py": True,
    "training/train.py": True,
    "models/families/mlp.py": True,
    "saturation/tracker.py": True,
    "models/cnn.py": False,
    "store/networks.py": False,
    "files.py": False,
}


@pytest.mark.parametrize(("edited", "another"), EDITS.items())
def test_edited_code_behind_a_job_is_another_job(tmp_path, edited, another):
    """The sources are those whose edits make finished files stale too."""
    copied = shutil.copytree(PACKAGE / "layerscope", tmp_path / "layerscope", ignore=shutil.ignore_patterns("__pycache__"))
    modules = ["layerscope.stages.train", "layerscope.models.families.mlp"]

    def read():
        code = f"from layerscope.files.unfinished import identity; print(identity({{}}, {modules}))"
        done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=True)
        return done.stdout

    before = read()
    with open(copied / edited, "a") as source:
        source.write("\n# edited\n")
    assert (read() != before) == another
