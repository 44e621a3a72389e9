"""The tiny study on a real SLURM of this one machine, through profiles/slurm: the same bytes as without it, whatever happens.

Run by `make test-slurm`, as root, where Debian's packages slurm-wlm and munge are installed.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from checkout import TINY, copy_project, outputs, snakemake

CLUSTER = Path(__file__).with_name("cluster.sh")
# The test cluster has no accounting, and nobody waits for its jobs but this test.
QUICK = (
    "--profile",
    "profiles/slurm",
    "--slurm-no-account",
    "--slurm-init-seconds-before-status-checks",
    "2",
    "--seconds-between-status-checks",
    "2",
    "--latency-wait",
    "10",
)
PATIENCE = 600
ENDLESS = """
study: endless
seeds: 1
device: cpu
datasets: {digits: {source: sklearn, test: 300}}
architectures: {mlp: {family: mlp, hidden: [16]}}
grids: [{datasets: [digits], architectures: [mlp], activations: [relu]}]
training: {default: {lr: 0.1, epochs: 1000000, batch: 64}}
"""

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """A SLURM that is up for as long as these tests last."""
    subprocess.run(["bash", str(CLUSTER), "start"], check=True)
    yield
    subprocess.run(["bash", str(CLUSTER), "stop"], check=True)


def jobs() -> list[dict[str, str]]:
    """What SLURM knows of every job since it was started, the oldest first: JobId, JobState, Comment, TimeLimit, TRES, ..."""
    shown = subprocess.run(["scontrol", "show", "job", "--oneliner"], capture_output=True, text=True, check=True).stdout
    found = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in shown.splitlines() if line.startswith("JobId")]
    return sorted(found, key=lambda job: int(job["JobId"]))


def jobs_of(rule: str, *states: str) -> list[dict[str, str]]:
    return [
        job
        for job in jobs()
        if job["Comment"].startswith(f"rule_{rule}_wildcards_") and (not states or job["JobState"] in states)
    ]


def minutes(limit: str) -> int:
    """days-hours:minutes:seconds as minutes."""
    days, _, rest = limit.rpartition("-")
    hours, of_hour, _ = rest.split(":")
    return int(days or 0) * 1440 + int(hours) * 60 + int(of_hour)


def wait_for(what: str, found: Callable[[], object]) -> object:
    """What `found` returns, once it is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = found()
        if result:
            return result
        time.sleep(0.5)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


def submitting(folder: Path, study: str) -> subprocess.Popen:
    """A study on its way on the cluster; what Snakemake says goes to the file `said` in its folder."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    with open(folder / "said", "a") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *QUICK, "--configfile", study],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What a shell starts in the background ignores Ctrl-C, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def ended(process: subprocess.Popen, folder: Path) -> str:
    """What a study on its way has said when it is over."""
    process.wait(PATIENCE)
    return (folder / "said").read_text()


def test_a_study_ends_in_the_same_bytes_though_a_job_is_cancelled_and_the_study_is_stopped(tmp_path: Path):
    here = copy_project(tmp_path / "here")
    done = snakemake(here, "--cores", "2")
    assert done.returncode == 0, done.stdout

    there = copy_project(tmp_path / "there")
    study = submitting(there, TINY)
    [cancelled, *_] = wait_for("a running training", lambda: jobs_of("train", "RUNNING"))
    subprocess.run(["scancel", cancelled["JobId"]], check=True)
    wait_for("the cancelled training again", lambda: [job for job in jobs_of("train") if same_work(job, cancelled)][1:])
    wait_for("an embedding", lambda: jobs_of("embed", "RUNNING"))
    study.send_signal(signal.SIGINT)
    assert study.wait(PATIENCE) != 0
    wait_for("an empty queue", lambda: not [job for job in jobs() if job["JobState"] in ("RUNNING", "PENDING", "COMPLETING")])

    study = submitting(there, TINY)
    said = ended(study, there)
    assert study.returncode == 0, said
    expected, found = outputs(here), outputs(there)
    assert found.keys() == expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []

    for rule, wanted in {"train": True, "dump": True, "neighbors": False, "embed": False, "figure": False}.items():
        assert {job.get("TresPerJob") == "gres:gpu:1" for job in jobs_of(rule)} == {wanted}, rule
    # Of the first attempts, which SLURM would kill for a little more than a small job needs.
    assert {min(int(job["MinMemoryNode"].removesuffix("M")) for job in jobs_of(rule)) for rule in ("train", "dump")} == {1600}
    logs = there / "results" / "tiny" / "logs"
    assert all('"cuda_visible_devices":"0"' in log.read_text() for log in (logs / "train").rglob("*.log"))
    grouped = [job for job in jobs() if job["Comment"].startswith("rule_scores")]
    assert 0 < len(grouped) < len(list((logs / "score_embedding").rglob("*.log")))


def same_work(job: dict[str, str], other: dict[str, str]) -> bool:
    return job["Comment"] == other["Comment"]


def text_of(file: Path) -> str:
    """What a file holds now; nothing while there is none, as between two attempts of a job, whose log Snakemake takes away."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def test_a_training_over_its_time_limit_goes_on_with_more_time(tmp_path: Path):
    folder = copy_project(tmp_path / "endless")
    (folder / "endless.yaml").write_text(ENDLESS)
    study = submitting(folder, "endless.yaml")
    partial = folder / "results/endless/runs/digits/mlp/relu/seed0/.training.partial/state.safetensors"
    [first] = wait_for("a state of the training", lambda: partial.exists() and jobs_of("train", "RUNNING"))
    subprocess.run(["scontrol", "update", f"JobId={first['JobId']}", "TimeLimit=1"], check=True)
    [second] = wait_for(
        "a second attempt", lambda: [job for job in jobs_of("train", "RUNNING") if int(job["JobId"]) > int(first["JobId"])]
    )
    assert {job["JobId"]: job["JobState"] for job in jobs()}[first["JobId"]] == "TIMEOUT"
    assert minutes(second["TimeLimit"]) == 2 * minutes(first["TimeLimit"])
    assert float(second["MinMemoryNode"].removesuffix("M")) == 2 * float(first["MinMemoryNode"].removesuffix("M"))
    log = folder / "results/endless/logs/train/runs/digits/mlp/relu/seed0.log"
    wait_for("the first lines of its log", lambda: "going on after epoch" in text_of(log))
    told = re.compile(r"train digits/mlp/relu/seed0: epoch (\d+)/1000000, loss [\d.e-]+, accuracy [\d.]+")
    epochs = wait_for("two lines of its progress", lambda: told.findall(text_of(folder / "said"))[1:])
    assert int(epochs[-1]) > 0
    study.send_signal(signal.SIGINT)
    assert study.wait(PATIENCE) != 0
    wait_for("a cancelled job", lambda: not jobs_of("train", "RUNNING"))
