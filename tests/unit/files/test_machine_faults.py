"""A fault of the machine is no fault of a file: it is named as what it is, and nobody is told to delete a good file."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from failing_machine import Run

from layerscope import store
from layerscope.doctor import Fault, files_again
from layerscope.errors import is_out_of_memory
from layerscope.files.csv_tables import write_rows
from layerscope.files.whole import replacing

PROJECT = Path(__file__).parents[3]
READERS = {
    "layers.h5": "list(store.representations(file))",
    "history.csv": "store.read_history(file)",
    "rows.csv": "csv_tables.read_rows(file)",
    "scores.parquet": "store.read_score_table(file)",
    "checkpoints.safetensors": "store.snapshot_epochs(file)",
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A folder with one good, sealed file of each kind."""
    keys = {"study": "s", "sample": "look", "dataset": "d", "architecture": "a", "activation": "relu", "seed": 0}
    with store.create_hdf5(tmp_path / "layers.h5", "activations", {"keys": keys}, {}) as file:
        store.write_observations(file, np.zeros(4, np.int64), np.arange(4))
        layer = store.create_layer(file, 0, "hidden1", 4, (3,), 1, "linear")
        layer[...] = np.arange(12).reshape(4, 3)
    write_rows(tmp_path / "history.csv", store.HISTORY_COLUMNS, [])
    write_rows(tmp_path / "rows.csv", ("a", "b"), [{"a": 1, "b": 2}])
    with replacing(tmp_path / "scores.parquet", sealed=True) as temporary:
        table = store.ParquetTable(temporary)
        table.add(pd.DataFrame({column: ["x"] for column in store.SCORE_TABLE_COLUMNS}))
        table.close()
    store.write_checkpoints(tmp_path / "checkpoints.safetensors", {}, {}, {0: {"w": torch.zeros(3)}})
    return tmp_path


def read(failing_machine: Run, file: Path, call: str, number: int) -> str:
    """What a person is told who reads a file on a machine where a call is answered by an error number; "" for no error."""
    program = (
        "import sys; from layerscope import store; from layerscope.files import csv_tables\n"
        f"from layerscope.errors import StudyError; file = {str(file)!r}\n"
        f"try: {READERS[file.name]}\n"
        "except StudyError as error: print(type(error).__name__, error)"
    )
    return failing_machine(program, file.parent, file.name, call, number)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("call", "number", "remedy"),
    [
        ("open", errno.EACCES, "give yourself access to it"),
        ("read", errno.EIO, "the disk or the network file system fails"),
        ("open", errno.EAGAIN, "no locks or is busy"),
        ("open", errno.EMFILE, "let more files be open at once"),
        ("open", errno.ESTALE, "the disk or the network file system fails"),
    ],
    ids=["no permission", "a failing disk", "busy", "too many open files", "a lost network file system"],
)
def test_a_good_file_is_not_called_damaged(failing_machine, whole, name, call, number, remedy):
    said = read(failing_machine, whole / name, call, number)
    assert said.startswith(f"MachineError {whole / name} cannot be read ({os.strerror(number)}): "), said
    assert remedy in said
    assert "damaged" not in said
    assert "delete" not in said


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EAGAIN, errno.ENOSYS])
def test_finished_files_are_read_without_locks(failing_machine, whole, name, number):
    assert read(failing_machine, whole / name, "flock", number) == ""


def test_the_same_folder_with_a_changed_file_is_called_damaged(failing_machine, whole):
    with open(whole / "layers.h5", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    said = read(failing_machine, whole / "layers.h5", "none", 0)
    assert said == (f"StudyError {whole / 'layers.h5'} is damaged: it is not what was written; delete it and run snakemake again")


def test_jobs_run_where_there_is_no_git(tmp_path):
    """Slim containers have none; the log then names no commit."""
    script = (
        "import sys; sys.argv = ['stage', '--params', '{}']; from layerscope.commandline import run_stage, stage_parser\n"
        "run_stage(lambda _: print('ran'), stage_parser(''))"
    )
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(PROJECT / "workflow"), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
    assert '"commit":""' in done.stderr


def test_the_commit_is_that_of_layerscope_wherever_it_is_called(tmp_path):
    script = "from layerscope.files.provenance import commit; print(commit())"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    found = [
        subprocess.run([sys.executable, "-c", script], env=environment, cwd=folder, capture_output=True, text=True, check=True)
        for folder in (PROJECT, tmp_path)
    ]
    assert found[0].stdout == found[1].stdout


OUT_OF_MEMORY = {
    "Python": MemoryError(),
    "NumPy": np._core._exceptions._ArrayMemoryError((2**40,), np.dtype("f8")),
    "PyTorch": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
    ),
    "cuBLAS": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
}


@pytest.mark.parametrize("library_name", OUT_OF_MEMORY)
def test_a_lack_of_memory_is_known_whichever_library_says_so(library_name):
    assert is_out_of_memory(OUT_OF_MEMORY[library_name])


def test_other_errors_are_no_lack_of_memory():
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory is only what this text says"))


def test_a_job_that_runs_out_of_memory_in_torch_says_what_to_do():
    script = (
        "import sys, torch; sys.argv = ['stage', '--params', '{}']\n"
        "from layerscope.commandline import run_stage, stage_parser\n"
        "run_stage(lambda _: torch.empty(2**55), stage_parser(''))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("layerscope stage: out of memory (")
    assert "run fewer jobs at once" in last
    assert "Traceback" not in done.stderr


def test_jobs_are_run_again_for_every_file_that_a_fault_names(tmp_path):
    for name in ("a.h5", "b.h5"):
        (tmp_path / name).write_text("")
    paths = (str(tmp_path / "a.h5"), str(tmp_path / "b.h5"))
    mixed = Fault(f"{', '.join(paths)}: versions unlike those of the other files", paths)
    gone = Fault("c.h5 is missing", (str(tmp_path / "c.h5"),))
    assert files_again([mixed, Fault("raw data of d.h5: there is none"), gone]) == list(paths)
