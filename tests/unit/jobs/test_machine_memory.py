"""How much memory all jobs of a machine may use: what is built in, or what a container leaves of it."""

import os
import subprocess
import sys

import psutil
import pytest

from layerscope.files.sources import PACKAGE
from layerscope.jobs.machine_memory import machine_memory

ASKING = """
from layerscope.jobs.machine_memory import runs_here

print("here:", runs_here(workflow))

rule all:
"""


def test_it_is_that_of_the_machine():
    assert machine_memory(limits=()) == psutil.virtual_memory().total // 10**6


@pytest.mark.parametrize(("written", "expected"), [("1500000000\n", 1500), ("max\n", None), (f"{2**63 - 4096}\n", None)])
def test_a_container_may_have_less(tmp_path, written: str, expected: int | None):
    limit = tmp_path / "memory.max"
    limit.write_text(written)
    found = machine_memory(limits=(tmp_path / "none", limit))
    assert found == (machine_memory(limits=()) if expected is None else expected)


@pytest.mark.parametrize(
    ("options", "here"), [(["--cores", "2"], True), (["--jobs", "2"], True), (["--executor", "slurm", "--jobs", "2"], False)]
)
def test_jobs_of_a_cluster_are_known_while_the_snakefile_is_read(tmp_path, options: list[str], here: bool):
    (tmp_path / "Snakefile").write_text(ASKING)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "all", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"here: {here}" in done.stdout + done.stderr
