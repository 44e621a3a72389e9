"""A copy of the project in a temporary folder, and Snakemake run in it as a person would."""

import fcntl
import multiprocessing
import os
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from forked_jobs import folder_of_python

PROJECT = Path(__file__).parents[2]
PARTS = ("Snakefile", "config.yaml", "profiles", "envs", "workflow", "tests/workflow/tiny.yaml")
TINY = "tests/workflow/tiny.yaml"
# Compiled code is copied too, or every copy would compile it anew; another process may be writing some of it right now.
HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*", "*.tmp.*")


def copy_project(target: Path) -> Path:
    """The project's own files, without results, in `target`, and the images that the tiny study learns from."""
    for part in PARTS:
        source, copied = PROJECT / part, target / part
        copied.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copied, ignore=HALF_WRITTEN)
        else:
            shutil.copy2(source, copied)
    generator = np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 1100), ("test", 40)):
        labels = np.arange(n) % 2
        images = generator.integers(0, 100, (n, 32, 32), dtype=np.uint8)
        images[labels == 1, 8:24, 8:24] += 150
        arrays |= {f"x_{split}": images, f"y_{split}": labels}
    np.savez(target / "shapes.npz", **arrays)
    return target


def made_once(tmp_path_factory, name: str, make: Callable[[Path], str]) -> Path:
    """A folder that `make` fills, once for all test processes. What it returns is kept as `finished`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "finished").exists():
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "finished").write_text(make(folder))
    return folder


def finished(tmp_path_factory, name: str, study: str, text: str) -> Path:
    """A copy of the project in which a study of this file name and text is finished, once for all test processes."""

    def make(folder: Path) -> str:
        copy_project(folder)
        (folder / study).write_text(text)
        done = snakemake(folder, "--cores", "2", study=study)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return made_once(tmp_path_factory, name, make)


# Importing Snakemake takes as long as a dry-run: processes that have imported it, and what it imports to plan, are forked from
# one another.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["snakemake.cli", "snakemake.report.html_reporter", "jsonschema", "numpy"])


def snakemake(folder: Path, *arguments: str, study: str = TINY) -> subprocess.CompletedProcess:
    """Run Snakemake in a copy of the project; its output is in stdout, errors included. Jobs are forks (forked_jobs)."""
    with tempfile.NamedTemporaryFile() as output:
        command, process = _started(folder, arguments, study, output.name, f"{folder_of_python()}/python")
        process.join()
        return subprocess.CompletedProcess(command, process.exitcode, Path(output.name).read_text())


def snakemake_in_terminal(folder: Path, *arguments: str, columns: int = 80, lines: int = 24) -> subprocess.CompletedProcess:
    """Run Snakemake as in a terminal of this size; stdout is all that the terminal was sent, control characters included.

    Jobs are processes of their own, as they are where a person runs a study.
    """
    terminal, program = os.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    command, process = _started(folder, arguments, TINY, os.ttyname(program), sys.executable, TERM="xterm")
    sent = b""
    while process.is_alive() or select.select([terminal], [], [], 0)[0]:
        if select.select([terminal], [], [], 0.1)[0]:
            sent += os.read(terminal, 65536)
    for end in (terminal, program):
        os.close(end)
    return subprocess.CompletedProcess(command, process.exitcode, sent.decode())


def _started(
    folder: Path, arguments: tuple[str, ...], study: str, output: str, python: str, **variables: str
) -> tuple[list[str], Any]:
    """The command, and the process that runs it, has its jobs run by a Python, and writes to a file or a terminal."""
    path = os.pathsep.join([str(Path(python).parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **variables}
    for variable in ("PYTHONPATH", "LAYERSCOPE_PROGRESS"):
        environment.pop(variable, None)
    command = [*arguments, "--configfile", study]
    process = FORKS.Process(target=_run_snakemake, args=(str(folder), command, environment, output, python))
    process.start()
    return command, process


def _run_snakemake(folder: str, arguments: list[str], environment: dict[str, str], output: str, python: str) -> None:
    """As `python -m snakemake` in that folder, with its output in a file or a terminal."""
    written = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path = ["", *(path for path in sys.path if not Path(path).is_relative_to(PROJECT) or "site-packages" in path)]
    sys.argv = ["snakemake", *arguments]
    # The study puts the Python that runs Snakemake first on the path of its jobs.
    sys.executable = python
    from snakemake.cli import main

    main()


def layerscope(folder: Path, command: str, *words: object, **how) -> subprocess.CompletedProcess:
    """A command of layerscope in a copy of the project, by the code that is there. how: more for subprocess.run."""
    return subprocess.run(
        [sys.executable, "-m", "layerscope.command", command, *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "workflow")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **how,
    )


def planned(folder: Path, *arguments: str, study: str = TINY) -> set[str]:
    """What a dry-run would do: the messages of its jobs, for instance `Drawing figure hit`."""
    return jobs_of(plan(folder, *arguments, study=study))


def plan(folder: Path, *arguments: str, study: str = TINY) -> str:
    """What a dry-run says."""
    done = snakemake(folder, "-n", "--nolock", *arguments, study=study)
    assert done.returncode == 0, done.stdout
    return done.stdout


def jobs_of(plan: str) -> set[str]:
    """The messages of the jobs of a plan."""
    return set(re.findall(r"^Job \d+: (.*)$", plan, flags=re.MULTILINE))


def outputs(folder: Path) -> dict[str, bytes]:
    """Every declared output of the tiny study by its path: all files that are no logs and no measurements."""
    root = folder / "results" / "tiny"
    found = {}
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        name = str(file.relative_to(root))
        if not name.startswith(("logs/", "benchmarks/")):
            found[name] = file.read_bytes()
    return found
