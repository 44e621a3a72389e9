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
# Rule → the first words of its jobs' messages, and how often one of them is killed, in the order in which a study comes to them.
MOMENTS = {
    "prepare": ("Preparing dataset", 2),
    "train": ("Training", 6),
    "dump": ("Dumping runs", 3),
    "dump_input": ("Dumping the input", 1),
    "neighbors": ("Finding neighbors", 2),
    "embed": ("Embedding", 5),
    "neurons": ("Mapping the neurons", 1),
    "score_run": ("Scoring runs", 1),
    "score_raw": ("Scoring the representations", 2),
    "score_embedding": ("Scoring", 2),
    "aggregate": ("Aggregating", 1),
    "claims": ("Judging", 1),
    "figure": ("Drawing", 3),
    "film": ("Making film", 1),
    "table": ("Writing", 1),
}
KILLS = 20
# The share of kills that jobs outlive.
ALONE = 0.25


def start(folder: Path, rule: str, *more: str) -> subprocess.Popen:
    """A study on its way to the end of a rule's jobs, in a session of its own. Its output can be read line by line."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--until", rule, *more, "--configfile", TINY],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen, alone: bool) -> None:
    """SIGKILL for Snakemake, alone or with all that it has started: nothing of it can clean up."""
    started = [] if alone else psutil.Process(process.pid).children(recursive=True)
    family = [*started, psutil.Process(process.pid)]
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=30)
    process.wait()


def seconds_of_jobs(folder: Path, rule: str) -> float:
    """The longest that a job of a rule took in a finished study."""
    measured = folder / "results" / "tiny" / "benchmarks"
    # Films are measured among the figures.
    name = rule.replace("film", "figure")
    files = [file for file in measured.rglob("*.tsv") if str(file.relative_to(measured)).startswith(name)]
    lines = [file.read_text().splitlines()[1] for file in files]
    return max(float(line.split("\t")[0]) for line in lines)


def killed_at(folder: Path, rule: str, words: str, wait: float, alone: bool, *more: str) -> bool:
    """Run a study until a job of this rule begins, and a little longer; False where it was over before that.

    alone: whether the jobs live on, beside those of the next Snakemake.
    """
    process = start(folder, rule, *more)
    seen = threading.Event()

    # Read to its end, or a full pipe would stop the study.
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
    kill(process, alone)
    if not alone:
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
    for rule, (words, times) in MOMENTS.items():
        longest = seconds_of_jobs(whole, rule)
        for _ in range(times):
            wait, alone = generator.uniform(0, longest), generator.random() < ALONE
            if killed_at(killed, rule, words, wait, alone):
                moments.append(rule)
                print(f"killed {wait:.2f} s into: {rule}{', Snakemake alone' if alone else ''}", flush=True)
        # All its jobs may have ended before they could be killed.
        if rule not in moments and killed_at(killed, rule, words, longest / 4, False, "--forcerun", rule):
            moments.append(rule)
    assert len(moments) >= KILLS, moments
    assert len(set(moments)) >= len(MOMENTS) - 2, moments
    done = snakemake(killed, "--cores", "2")
    assert done.returncode == 0, done.stdout
    expected, found = outputs(whole), outputs(killed)
    assert found.keys() == expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
