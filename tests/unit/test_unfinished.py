"""Work that was interrupted goes on where it was, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import layerscope
from layerscope.errors import StudyError
from layerscope.unfinished import Resumable

PARAMS = {"a": 1, "b": [0.1, "x"]}
PACKAGE = Path(layerscope.__file__).parents[1]


def keep(target, params=PARAMS, names=("one",)):
    with Resumable(target, params) as resumable:
        for name in names:
            resumable.keep(name, {"x": np.arange(3), "y": np.eye(2)}, {"status": "ok", "kl": 0.5})


def keep_and_be_interrupted(target):
    with Resumable(target, PARAMS) as resumable:
        resumable.keep("seed0/a", {"x": np.arange(3)}, {"kl": 0.5})
        raise KeyboardInterrupt


def kept(target, params=PARAMS, name="one"):
    with Resumable(target, params) as resumable:
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


def test_parts_of_other_params_are_thrown_away(tmp_path):
    keep(tmp_path / "e.h5")
    assert kept(tmp_path / "e.h5", {**PARAMS, "a": 2}) is None
    assert kept(tmp_path / "e.h5") is None


def test_parts_of_params_in_another_order_are_kept(tmp_path):
    keep(tmp_path / "e.h5")
    assert kept(tmp_path / "e.h5", dict(reversed(PARAMS.items()))) is not None


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
    with Resumable(tmp_path / "e.h5", PARAMS) as resumable:
        resumable.keep("one", {"x": np.arange(3)}, {})
        resumable.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_job_goes_on_where_it_was(tmp_path):
    """Killed outright: nothing is closed, and the finished part is there all the same."""
    code = (
        "import os, sys, numpy as np; from layerscope.unfinished import Resumable\n"
        f"r = Resumable({str(tmp_path / 'e.h5')!r}, {PARAMS!r}).__enter__()\n"
        "r.keep('one', {'x': np.arange(3)}, {}); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, check=False)
    assert killed.returncode == -9
    code = (
        "from layerscope.unfinished import Resumable; import numpy\n"
        f"r = Resumable({str(tmp_path / 'e.h5')!r}, {PARAMS!r}).__enter__(); print(r.get('one'))"
    )
    read = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, check=True
    )
    assert "array([0, 1, 2])" in read.stdout


def test_a_second_job_leaves_the_parts_of_the_first_alone(tmp_path):
    code = (
        "from layerscope.unfinished import Resumable; import numpy as np, sys\n"
        f"r = Resumable({str(tmp_path / 'e.h5')!r}, {PARAMS!r}).__enter__()\n"
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
    with pytest.raises(StudyError, match=r"\.e\.h5\.partial is in the hands of another job"):
        kept(tmp_path / "e.h5")
    assert first.communicate("")[0] == "[0 1 2]\n"
    assert first.returncode == 0


def test_parts_made_from_other_inputs_are_thrown_away(tmp_path):
    given = tmp_path / "given.h5"
    given.write_bytes(b"old")
    with Resumable(tmp_path / "e.h5", PARAMS, [given]) as resumable:
        resumable.keep("one", {"x": np.arange(3)}, {})
    with Resumable(tmp_path / "e.h5", PARAMS, [given]) as resumable:
        assert resumable.get("one") is not None
    given.write_bytes(b"new")
    with Resumable(tmp_path / "e.h5", PARAMS, [given]) as resumable:
        assert resumable.get("one") is None
