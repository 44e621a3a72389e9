"""What a person sees at the command line: help without Snakemake, one message for a mistake."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from checkout import PROJECT, TINY, copy_project, planned, snakemake

from layerscope.jobs.machine_memory import machine_memory

# Nothing but a network, for as many epochs as a test wants.
STOPPED = """
study: stopped
seeds: 1
datasets: {digits: {source: sklearn, test: 120}}
architectures: {mlp: {family: mlp, hidden: [4]}}
embeddings: none
scores: {loss: {}}
figures: none
tables: none
training: {default: {snapshots: [0, last], epochs: EPOCHS}}
"""
OF_PACKAGE = ("--snakefile", str(PROJECT / "workflow/Snakefile"), "--workflow-profile", str(PROJECT / "profiles/default"))
STAGES = sorted(file.stem for file in (PROJECT / "workflow/layerscope/stages").glob("[a-z]*.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_explains_itself_without_snakemake(stage: str):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    done = subprocess.run(
        [sys.executable, "-m", f"layerscope.stages.{stage}", "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--params JSON" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "training={'default': {'lr': 1}}"], "--config training="),
        (["--config", "seeds=-1"], "seeds: -1 is too small"),
        (["--config", "device=gpu"], "device: 'gpu' is not allowed"),
    ],
)
def test_a_mistake_on_the_command_line_ends_in_one_line(tmp_path: Path, arguments: list[str], said: str):
    folder = copy_project(tmp_path / "project")
    done = snakemake(folder, "-n", *arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert len([line for line in done.stdout.splitlines() if said in line]) == 1
    assert 'File "' not in done.stdout


def test_another_study_replaces_the_default_one(tmp_path: Path):
    folder = copy_project(tmp_path / "project")
    done = snakemake(folder, "-n", "-q", "rules")
    assert done.returncode == 0, done.stdout
    assert "mnist5k" not in done.stdout


def bare_snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run Snakemake with its own messages, by its Python alone, in an environment that has nothing else."""
    environment = {"PATH": "/usr/bin:/bin", "LAYERSCOPE_PROGRESS": "off"}
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def provided_memory(said: str) -> int:
    """The MB that Snakemake says that all jobs may use together."""
    [line] = [line for line in said.splitlines() if line.startswith("Provided resources")]
    return int(re.search(r'mem_mb=Resource\("mem_mb", (\d+)\)', line)[1])


@pytest.mark.study
def test_an_environment_need_not_be_activated_and_jobs_share_the_memory(study_copy: Path):
    (study_copy / "results/tiny/figures/hit.svg").unlink()
    done = bare_snakemake(study_copy, "--cores", "1", "--configfile", TINY)
    assert done.returncode == 0, done.stdout
    assert (study_copy / "results/tiny/figures/hit.svg").exists()
    assert provided_memory(done.stdout) == machine_memory()


def test_a_failed_stage_ends_in_a_line_that_says_what_to_do(tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    params = '{"dataset":"mine","source":{"source":"npz","path":"nowhere.npz"},"validation":0}'
    command = [sys.executable, "-m", "layerscope.stages.prepare", "--params", params, "--data", str(tmp_path / "mine.h5")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "nowhere.npz" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_ones_own_that_is_missing_is_named_before_anything_is_planned(tmp_path: Path):
    folder = copy_project(tmp_path / "project")
    (folder / "shapes.npz").unlink()
    done = snakemake(folder, "-n")
    assert done.returncode != 0
    assert "datasets.shapes.path: there is no shapes.npz here or below results/data; put it there" in done.stdout
    assert 'File "' not in done.stdout


MNIST_TOO = ("datasets:\n", "datasets:\n  mnist: {source: torchvision, name: MNIST}\n")
ON_MNIST = ("grids:\n", "grids:\n  - {datasets: [mnist], architectures: [small], activations: [relu], seeds: [0]}\n")


def with_mnist(folder: Path) -> Path:
    text = (folder / TINY).read_text()
    for old, new in (MNIST_TOO, ON_MNIST):
        text = text.replace(old, new, 1)
    (folder / TINY).write_text(text)
    return folder


@pytest.mark.study
def test_a_dataset_out_of_reach_stops_the_study_before_anything_is_done(tmp_path: Path, monkeypatch):
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / "empty"))
    folder = with_mnist(copy_project(tmp_path / "project"))
    done = snakemake(folder, "--cores", "2")
    assert done.returncode != 0
    [line] = [line for line in done.stdout.splitlines() if line.startswith("layerscope: ")]
    assert line.startswith("layerscope: dataset 'MNIST' is missing: looked for ")
    assert not list((folder / "results/tiny").rglob("*.h5"))


@pytest.mark.study
def test_a_download_that_is_cut_short_stops_the_study_before_anything_is_done(tmp_path: Path, monkeypatch):
    raw = tmp_path / "files/MNIST/raw"
    raw.mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{part}-ubyte").write_bytes(bytes([0, 0, 8, 3 if "images" in part else 1]))
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / "files"))
    folder = with_mnist(copy_project(tmp_path / "project"))
    done = snakemake(folder, "--cores", "2")
    assert done.returncode != 0
    [line] = [line for line in done.stdout.splitlines() if line.startswith("layerscope")]
    assert line.startswith(f"layerscope: {raw}/train-images-idx3-ubyte is cut short; it was left where it is")
    assert not list((folder / "results/tiny").rglob("*.h5"))


@pytest.mark.study
def test_a_study_is_touched_without_the_raw_files_of_its_datasets(tmp_path: Path, monkeypatch):
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / "empty"))
    folder = with_mnist(copy_project(tmp_path / "project"))
    made = folder / "results/tiny/data/mnist.h5"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"")
    done = snakemake(folder, str(made.relative_to(folder)), "--touch", "--forcerun", "prepare", "--cores", "1")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == (
        "tiny: nothing was made; the files of 1 job that are there are taken as up to date from now on"
    )
    assert "Reason:" not in done.stdout
    again = snakemake(folder, str(made.relative_to(folder)), "--touch", "--forcerun", "prepare", "--cores", "1", "--quiet", "all")
    assert "taken as up to date" not in again.stdout


@pytest.mark.study
def test_a_figure_of_one_dataset_needs_no_other_one(tmp_path: Path):
    """Neither the plan of a figure nor its run asks for datasets that it does not show."""
    folder = with_mnist(copy_project(tmp_path / "project"))
    planned_jobs = planned(folder, "maps")
    assert {job for job in planned_jobs if job.startswith("Preparing")} == {"Preparing dataset digits"}


def layerscope(*arguments: str, **options) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    command = [sys.executable, "-m", "layerscope.command", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("command", ["check", "describe"])
def test_who_reads_the_first_lines_of_a_command_alone_is_told_no_error(command: str):
    read, write = os.pipe()
    os.close(read)
    named = ["cnn"] if command == "describe" else []
    done = layerscope(command, "config.yaml", *named, cwd=PROJECT, stdout=write)
    os.close(write)
    assert done.communicate()[1] == ""
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["seeds=1"], "config.yaml: no mistakes; 7 networks"),
        (["study=again", "seeds=[0,1]"], "config.yaml: no mistakes; 14 networks"),
        (["seeds"], "--config seeds: KEY=VALUE is wanted, such as seeds=3"),
        (["seeds=many"], "config.yaml: seeds: 'many' is text; a whole number or a list is wanted"),
        (["training=1"], "--config training=1: only study, seeds, device can be set on the command line"),
    ],
)
def test_commands_take_the_values_that_snakemake_is_given(values: list[str], said: str):
    done = layerscope("check", "config.yaml", "--config", *values, cwd=PROJECT, stdout=subprocess.PIPE)
    assert said in "".join(done.communicate())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file stands for a full disk here")
def test_a_full_disk_of_what_is_printed_is_said_in_one_line():
    with open("/dev/full", "w") as full:
        done = layerscope("check", "config.yaml", cwd=PROJECT, stdout=full)
    [line] = done.communicate()[1].splitlines()
    assert line == (
        "layerscope: what is printed cannot be written (No space left on device): free the disk, or have your quota raised, and "
        "run the same command again"
    )
    assert done.returncode == 1


@pytest.mark.parametrize("command", [["new", "digits", "--file"], ["judge", "config.yaml", "--into"]])
def test_a_file_where_a_folder_is_wanted_is_said_in_one_line(tmp_path: Path, command: list[str]):
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file/study.yaml")
    runs = ["--runs", "results/reference/digits/runs.parquet"] if command[0] == "judge" else []
    done = layerscope(*command, place, *runs, cwd=PROJECT, stdout=subprocess.DEVNULL)
    [line] = done.communicate()[1].splitlines()
    assert line.startswith(f"layerscope: {tmp_path / 'file'}")
    assert line.endswith("a file stands where a folder is wanted; move it away, and run the same command again")


def test_a_command_that_is_interrupted_says_so_in_one_line(tmp_path: Path):
    study = tmp_path / "study.yaml"
    os.mkfifo(study)
    # Where tests run in the background, a shell lets them ignore the signal.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    done = layerscope("check", str(study), stdout=subprocess.DEVNULL, preexec_fn=heard)
    with open(study, "w"):
        # The command has opened the file, and waits for its content.
        done.send_signal(signal.SIGINT)
        assert done.communicate(timeout=60)[1] == "layerscope: interrupted; run the same command again to go on\n"
    assert done.returncode == 1


@pytest.mark.study
@pytest.mark.parametrize("times", [1, 2])
def test_a_study_that_is_stopped_by_its_person_goes_on(tmp_path: Path, times: int):
    """A terminal sends Ctrl-C to all processes at once; some people press it twice."""
    study = tmp_path / "study.yaml"
    study.write_text(STOPPED.replace("EPOCHS", "3000"))
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    how = {"cwd": tmp_path, "preexec_fn": heard, "start_new_session": True}
    done = layerscope("run", "study.yaml", stdout=subprocess.PIPE, **how)
    state = tmp_path / "results/stopped/runs/digits/mlp/relu/seed0/.training.partial/state.safetensors"
    while not state.exists():
        assert done.poll() is None
        time.sleep(0.05)
    for _ in range(times):
        os.killpg(done.pid, signal.SIGINT)
        time.sleep(0.5)
    said = "".join(done.communicate(timeout=60))
    assert done.returncode != 0
    assert "run the same command again to go on" in said, said
    assert "Traceback" not in said
    assert not [*(tmp_path / ".snakemake").glob("locks/*")]
    study.write_text(STOPPED.replace("EPOCHS", "5"))
    again = bare_snakemake(tmp_path, *OF_PACKAGE, "--cores", "1", "--resources", "mem_mb=3000", "--configfile", "study.yaml")
    assert again.returncode == 0, again.stdout
    assert provided_memory(again.stdout) == 3000


# A Snakemake that takes its time to end.
SLOW_SNAKEMAKE = """
import signal, time
from pathlib import Path

def end(*_):
    time.sleep(1)
    Path("ended").touch()
    raise SystemExit(1)

signal.signal(signal.SIGINT, end)
Path("started").touch()
time.sleep(60)
"""


def test_snakemake_is_not_killed_by_whoever_asked_it(tmp_path: Path):
    """It would leave the folder locked: pack, unpack and doctor wait until it has ended."""
    (tmp_path / "snakemake").mkdir()
    (tmp_path / "snakemake/__init__.py").touch()
    (tmp_path / "snakemake/__main__.py").write_text(SLOW_SNAKEMAKE)
    ask = "from layerscope.jobs.snakemake_command import ask_snakemake; ask_snakemake('study.yaml', '-n')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PROJECT / "workflow")])}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    asking = subprocess.Popen(
        [sys.executable, "-c", ask],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
        start_new_session=True,
    )
    while not (tmp_path / "started").exists():
        assert asking.poll() is None
        time.sleep(0.05)
    os.killpg(asking.pid, signal.SIGINT)
    assert asking.communicate(timeout=60)[1].splitlines()[-1] == "KeyboardInterrupt"
    assert (tmp_path / "ended").exists()
