"""A study that is killed again and again ends in the bytes of one that was left alone."""

import os
import random
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from checkout import TINY, copy_project, outputs, snakemake

SEED = 0
# How often a job of each rule is killed, in the order in which a study comes to them.
MOMENTS = {
    "prepare": 2,
    "train": 6,
    "dump": 3,
    "dump_input": 1,
    "neighbors": 2,
    "embed": 5,
    "neurons": 1,
    "score_run": 1,
    "score_raw": 2,
    "score_embedding": 2,
    "aggregate": 1,
    "claims": 1,
    "figure": 3,
    "film": 1,
    "table": 1,
}
KILLS = 20


def start(folder: Path, rule: str) -> subprocess.Popen:
    """A study on its way to the end of a rule's jobs, in a session of its own. Its output can be read line by line."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--until", rule, "--configfile", TINY],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen) -> None:
    """SIGKILL for a study and all that it has started: nothing of it can clean up."""
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=30)
    process.wait()


def seconds_of_jobs(folder: Path, rule: str) -> float:
    """The longest that a job of a rule took in a finished study."""
    measured = (folder / "results" / "tiny" / "benchmarks").glob(f"{rule.removesuffix('film')}*/**/*.tsv")
    lines = [file.read_text().splitlines()[1] for file in measured]
    return max((float(line.split("\t")[0]) for line in lines), default=3.0)


def killed_at(folder: Path, rule: str, wait: float) -> bool:
    """Run a study until a job of this rule begins, and a little longer; False where none did before its end."""
    process = start(folder, rule)
    seen = threading.Event()

    # Read to its end, or a full pipe would stop the study.
    def read() -> None:
        for line in process.stdout:
            if re.match(rf"(local)?rule {rule}:", line):
                seen.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while not seen.wait(0.05):
        if process.poll() is not None:
            return False
    time.sleep(wait)
    if process.poll() is not None:
        return False
    kill(process)
    reader.join()
    assert snakemake(folder, "--unlock").returncode == 0
    return True


@pytest.mark.crash
def test_a_study_killed_at_twenty_moments_ends_in_the_same_bytes(tmp_path: Path):
    whole = copy_project(tmp_path / "whole")
    done = snakemake(whole, "--cores", "2")
    assert done.returncode == 0, done.stdout
    killed = copy_project(tmp_path / "killed")
    generator = random.Random(SEED)
    moments = []
    for rule, times in MOMENTS.items():
        longest = seconds_of_jobs(whole, rule)
        for _ in range(times):
            wait = generator.uniform(0, longest)
            if killed_at(killed, rule, wait):
                moments.append(rule)
                print(f"killed {wait:.2f} s into: {rule}", flush=True)
    assert len(moments) >= KILLS, moments
    assert set(moments) == set(MOMENTS), moments
    done = snakemake(killed, "--cores", "2")
    assert done.returncode == 0, done.stdout
    expected, found = outputs(whole), outputs(killed)
    assert found.keys() == expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
