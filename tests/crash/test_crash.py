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
# The first words of the messages of jobs, in the order in which a study comes to them, and how often one of each is killed.
MOMENTS = {
    "Preparing dataset": 2,
    "Training": 6,
    "Dumping": 3,
    "Finding neighbors": 2,
    "Embedding": 4,
    "Mapping the neurons": 1,
    "Scoring": 4,
    "Aggregating": 1,
    "Judging": 1,
    "Drawing": 3,
    "Making film": 1,
    "Writing": 1,
}
KILLS = 20
LONGEST_WAIT = 2.5


def start(folder: Path) -> subprocess.Popen:
    """A study on its way, in a session of its own. Its output can be read line by line."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", TINY],
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


def killed_at(folder: Path, words: str, wait: float) -> bool:
    """Run a study until a job with this message begins, and a little longer; False where none did before its end."""
    process = start(folder)
    # Else a full pipe would stop the study.
    seen = threading.Event()

    def read() -> None:
        for line in process.stdout:
            if re.match(rf"Job \d+: {words}", line):
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
    for words, times in MOMENTS.items():
        for _ in range(times):
            wait = generator.uniform(0, LONGEST_WAIT)
            if killed_at(killed, words, wait):
                moments.append(words)
                print(f"killed {wait:.2f} s into: {words}", flush=True)
    assert len(moments) >= KILLS, moments
    assert len(set(moments)) >= len(MOMENTS) - 2, moments
    done = snakemake(killed, "--cores", "2")
    assert done.returncode == 0, done.stdout
    expected, found = outputs(whole), outputs(killed)
    assert found.keys() == expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
