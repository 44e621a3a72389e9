"""Jobs that run on a machine without Snakemake: `layerscope pack`, `python ARCHIVE`, `layerscope unpack`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from checkout import copy_project, layerscope, planned, snakemake
from forked_jobs import folder_of_python

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("elsewhere")]

STUDY = "away.yaml"
TEXT = """
study: away
seeds: 2
datasets: {digits: {source: sklearn, test: 120}}
architectures: {mlp: {family: mlp, hidden: [4]}}
grids: [{}]
training: {default: {epochs: 2, lr: 0.1}}
samples: {look: {split: test, choose: first, n: 60}}
embeddings: {tsne: {method: tsne, perplexity: 5, iterations: 60, early_exaggeration_iterations: 20}}
scores: {neighborhood_hit: {k: 3}}
figures: none
tables: none
"""
RUN, INPUT = "results/away/runs/digits/mlp/relu", "results/away/inputs/digits"
RULES = ["train", "dump", "dump_input", "neighbors", "embed"]
EMBEDDED = "look/embeddings/tsne.h5"


# Runs an archive with another Python for its jobs than its own.
JOBS_BY = "import runpy, sys; sys.executable = sys.argv[1]; del sys.argv[:2]; runpy.run_path(sys.argv[0], run_name='__main__')"


def start(archive: Path, folder: Path, *options: str, forks: bool = True) -> subprocess.Popen:
    """Run an archive in a folder, on a machine that has no layerscope. forks: whether its jobs are (see forked_jobs)."""
    folder.mkdir(exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    python = [sys.executable, "-c", JOBS_BY, f"{folder_of_python()}/python"] if forks else [sys.executable]
    command = [*python, str(archive), "--into", "made", *options]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A checkout with the study and its prepared data."""
    folder = copy_project(tmp_path_factory.mktemp("home") / "project")
    (folder / STUDY).write_text(TEXT)
    done = snakemake(folder, "--cores", "1", "results/away/data/digits.h5", study=STUDY)
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def made(home: Path, tmp_path_factory) -> Path:
    """What all jobs of the study that can run elsewhere made there."""
    there = tmp_path_factory.mktemp("there")
    packed = layerscope(home, "pack", STUDY, "--rules", *RULES, "--into", there / "away.zip")
    assert f"{there / 'away.zip'}: 11 jobs (2 train, 2 dump, 1 dump_input, 3 neighbors, 3 embed), " in packed.stdout
    started = start(there / "away.zip", there, "--at-once", "2", forks=False)
    assert "11 of 11 jobs are done" in started.communicate()[0]
    assert started.returncode == 0
    return there / "made/away-made.zip"


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Path:
    """A copy of the checkout, which a test may change."""
    return shutil.copytree(home, tmp_path / "project", symlinks=True)


def test_what_is_made_elsewhere_has_the_bytes_of_home_and_is_taken_for_its_own(here: Path, made: Path):
    unpacked = shutil.copytree(here, here.with_name("unpacked"), symlinks=True)
    done = snakemake(here, "--cores", "1", f"{RUN}/seed0/{EMBEDDED}", f"{INPUT}/{EMBEDDED}", study=STUDY)
    assert done.returncode == 0, done.stdout
    taken = layerscope(unpacked, "unpack", STUDY, made)
    assert (taken.returncode, taken.stdout) == (0, "away: 11 jobs taken\n")
    names = [file.relative_to(here) for folder in (RUN, INPUT) for file in (here / folder).rglob("*") if file.is_file()]
    assert {"checkpoints.safetensors", "history.csv", "spectra.h5", "tsne.h5", ".tsne.h5.sha256"} < {name.name for name in names}
    assert [(unpacked / name).read_bytes() for name in names] == [(here / name).read_bytes() for name in names]
    made_there = ("Preparing", "Training", "Dumping", "Finding", "Embedding")
    assert not any(job.startswith(made_there) for job in planned(unpacked, study=STUDY))
    again = layerscope(unpacked, "unpack", STUDY, made)
    assert (again.returncode, again.stdout) == (0, "away: 0 jobs taken, 11 here already\n")
    # Their settings are on record, so that an edit redoes them.
    (unpacked / STUDY).write_text(TEXT.replace("lr: 0.1", "lr: 0.2"))
    assert "Training runs/digits/mlp/relu/seed0" in planned(unpacked, study=STUDY)


def test_jobs_stand_by_rule_and_name_each_after_those_it_reads_of(made: Path):
    with zipfile.ZipFile(made.parent.parent / "away.zip") as archive:
        jobs = json.loads(archive.read("jobs.json"))["jobs"]
    networks = [f"runs/digits/mlp/relu/seed{seed}" for seed in (0, 1)]
    assert [(job["rule"], job["outputs"][0].removeprefix("results/away/")) for job in jobs] == [
        *(("train", f"{network}/checkpoints.safetensors") for network in networks),
        ("dump_input", "inputs/digits/look/activations.h5"),
        *(("dump", f"{network}/look/activations.h5") for network in networks),
        *(("neighbors", f"{source}/look/neighbors.h5") for source in ("inputs/digits", *networks)),
        *(("embed", f"{source}/look/embeddings/tsne.h5") for source in ("inputs/digits", *networks)),
    ]


def test_values_of_the_command_line_hold_elsewhere_too(here: Path, made: Path):
    one = layerscope(here, "unpack", STUDY, made, "--config", "seeds=1")
    assert one.stdout.splitlines()[-1] == "away: 7 jobs taken, 4 left"
    rest = layerscope(here, "pack", STUDY, "--config", "seeds=2", "--into", "rest.zip")
    assert "rest.zip: 1 jobs (1 train), " in rest.stdout
    assert rest.stdout.endswith(f"layerscope unpack {STUDY} FILES --config seeds=2\n")


def test_it_can_come_in_parts_and_a_missing_part_is_told(here: Path, made: Path, tmp_path: Path):
    half = made.stat().st_size // 2 + 1
    parts = [tmp_path / "away-made.zip.001-of-002", tmp_path / "away-made.zip.002-of-002"]
    for number, part in enumerate(parts):
        part.write_bytes(made.read_bytes()[number * half : (number + 1) * half])
    for some in (parts[:1], parts[1:]):
        refused = layerscope(here, "unpack", STUDY, *some)
        assert refused.returncode == 1
        [line] = refused.stdout.splitlines()
        assert line.endswith("away-made.zip: 1 of its 2 parts are named; name all of them")
    assert layerscope(here, "unpack", STUDY, *reversed(parts)).stdout == "away: 11 jobs taken\n"


def test_parts_are_as_large_as_was_asked_and_replace_older_ones(made: Path):
    archive = made.parent.parent / "away.zip"
    for size, count in ((0.01, None), (1000, 1)):
        started = start(archive, archive.parent, "--part", str(size), "--into", "parts")
        assert started.wait() == 0
        parts = sorted((archive.parent / "parts").iterdir())
        assert all(part.stat().st_size <= size * 2**20 for part in parts)
        assert count in (None, len(parts))
        assert len(b"".join(part.read_bytes() for part in parts)) == pytest.approx(made.stat().st_size, abs=200)


def edit_study(here: Path, made: Path) -> Path:
    (here / STUDY).write_text(TEXT.replace("lr: 0.1", "lr: 0.2"))
    return made


def edit_code(here: Path, made: Path) -> Path:
    file = here / "workflow/layerscope/training/rates.py"
    file.write_text(f"{file.read_text()}\nANOTHER = 1\n")
    return made


def edit_data(here: Path, made: Path) -> Path:
    file = here / "results/away/data/digits.h5"
    file.write_bytes(file.read_bytes() + b"more")
    return made


def edit_prepared(here: Path, made: Path) -> Path:
    """The data are to be prepared anew, and are not yet."""
    (here / STUDY).write_text(TEXT.replace("test: 120", "test: 121"))
    return made


def damage(here: Path, made: Path) -> Path:
    """The archive with other checkpoints of seed 0."""
    other = here / "damaged.zip"
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"" if name == f"{RUN}/seed0/checkpoints.safetensors" else source.read(name))
    return other


def flip(here: Path, made: Path) -> Path:
    """The archive with another byte within the compressed checkpoints of seed 0."""
    content = bytearray(made.read_bytes())
    with zipfile.ZipFile(made) as source:
        content[source.getinfo(f"{RUN}/seed0/checkpoints.safetensors").header_offset + 300] ^= 255
    other = here / "flipped.zip"
    other.write_bytes(content)
    return other


def lead_outside(here: Path, made: Path) -> Path:
    """The archive with a file that no job of the study writes."""
    other = here / "strange.zip"
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(other, "w") as target:
        told = json.loads(source.read("made.json"))
        for job in told["jobs"]:
            job["made"]["../outside"] = "0"
        for name in source.namelist():
            target.writestr(name, json.dumps(told) if name == "made.json" else source.read(name))
        target.writestr("../outside", b"")
    return other


@pytest.mark.parametrize(
    ("change", "reason", "count"),
    [
        (edit_study, "Snakemake would not run this job now: it was done here with another result, or", 2),
        (edit_code, "its code has changed", 2),
        (edit_data, "it read another results/away/data/digits.h5", 3),
        (edit_prepared, "results/away/data/digits.h5, which it read, is not made yet, or to be made anew", 3),
        (damage, f"{RUN}/seed0/checkpoints.safetensors is not what was written", 1),
        (flip, f"{RUN}/seed0/checkpoints.safetensors is not what was written", 1),
        (lead_outside, "../outside is no file of it", 3),
    ],
)
def test_what_snakemake_would_make_otherwise_is_left_with_the_reason(here, made, change, reason, count):
    done = layerscope(here, "unpack", STUDY, change(here, made))
    assert done.returncode == 1
    assert done.stdout.count(f"left, since {reason}") >= count, done.stdout
    assert not (here / RUN / "seed0/checkpoints.safetensors").exists()
    assert not (here.parent / "outside").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nothing", "is no archive, or is cut short; name what `python ARCHIVE` wrote, copied whole"),
        (None, "was not written by packed jobs, or is damaged; name what `python ARCHIVE` wrote"),
    ],
)
def test_of_two_archives_nothing_is_taken_where_one_is_none(here: Path, made: Path, content: bytes | None, said: str):
    other = here / "other.zip"
    other.write_bytes(content or (made.parent.parent / "away.zip").read_bytes())
    refused = layerscope(here, "unpack", STUDY, made, other)
    [line] = refused.stdout.splitlines()
    assert (refused.returncode, line) == (1, f"layerscope: {other} {said}")
    assert not (here / RUN).exists()


def test_what_snakemake_takes_not_for_its_own_does_not_stay(here: Path, made: Path):
    # A file that is damaged stops Snakemake before it works.
    (here / "results/away/.claims.csv.sha256").write_text("0" * 64)
    (here / "results/away/claims.csv").write_text("damaged")
    done = layerscope(here, "unpack", STUDY, made)
    assert done.returncode == 1
    [line] = done.stdout.splitlines()
    assert line.startswith("layerscope: nothing is taken, since Snakemake did not take it for its own (")
    assert not (here / RUN / "seed0/checkpoints.safetensors").exists()


def test_a_training_that_was_stopped_elsewhere_goes_on(here: Path, tmp_path: Path):
    text = TEXT.replace("seeds: 2", "seeds: 1").replace("epochs: 2", "epochs: 150, snapshots: [0, last]")
    (here / STUDY).write_text(text)
    layerscope(here, "pack", STUDY, "--into", "away.zip")
    undisturbed = start(here / "away.zip", tmp_path / "undisturbed")
    assert undisturbed.wait() == 0
    stopped = start(here / "away.zip", tmp_path / "stopped")
    state = tmp_path / "stopped/packed-away/files" / RUN / "seed0/.training.partial/state.safetensors"
    while not state.exists():
        assert stopped.poll() is None
        time.sleep(0.01)
    stopped.send_signal(signal.SIGTERM)
    assert "0 of 1 jobs are done; start again to go on" in stopped.communicate()[0]
    taken = layerscope(here, "unpack", STUDY, tmp_path / "stopped/made/away-made.zip")
    assert taken.stdout == "away: 0 jobs taken, 1 training goes on from there\n"
    state_here = here / RUN / "seed0/.training.partial/state.safetensors"
    assert state_here.read_bytes() == state.read_bytes()
    # Elsewhere again, from the state that came home.
    layerscope(here, "pack", STUDY, "--into", "again.zip")
    again = start(here / "again.zip", tmp_path / "again")
    assert again.wait() == 0
    # It went on there, and not from the beginning.
    log = tmp_path / "again/packed-away/files/results/away/logs/train/runs/digits/mlp/relu/seed0.log"
    assert "going on after epoch " in log.read_text()
    assert layerscope(here, "unpack", STUDY, tmp_path / "again/made/away-made.zip").stdout == "away: 1 job taken\n"
    assert not state_here.parent.exists()
    whole = tmp_path / "undisturbed/packed-away/files" / RUN / "seed0/checkpoints.safetensors"
    assert (here / RUN / "seed0/checkpoints.safetensors").read_bytes() == whole.read_bytes()


NET = """
from torch import nn


def build(shape, classes, activation):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 4), activation(), nn.Linear(4, classes))
"""


def test_code_and_networks_of_ones_own_go_along(here: Path, tmp_path: Path):
    own = "seeds: 1\ncode: [nets/net.py]\narchitectures: {mlp: {family: module, file: nets/net.py}}\n"
    rest = "\n".join(line for line in TEXT.splitlines() if not line.startswith(("seeds", "architectures")))
    (here / "nets").mkdir()
    (here / "nets/net.py").write_text(NET)
    (here / STUDY).write_text(f"{rest}\n{own}")
    packed = layerscope(here, "pack", STUDY, "--rules", "train", "dump", "--into", "away.zip")
    assert "2 jobs (1 train, 1 dump), " in packed.stdout
    started = start(here / "away.zip", tmp_path / "there")
    assert "2 of 2 jobs are done" in started.communicate()[0]
    made = tmp_path / "there/made/away-made.zip"
    edited = shutil.copytree(here, tmp_path / "edited", symlinks=True)
    (edited / "nets/net.py").write_text(NET.replace("4)", "5)").replace("(4", "(5"))
    left = layerscope(edited, "unpack", STUDY, made)
    assert (left.returncode, left.stdout.count("left, since")) == (1, 2), left.stdout
    taken = layerscope(here, "unpack", STUDY, made)
    assert (taken.returncode, taken.stdout) == (0, "away: 2 jobs taken\n")
    assert not any(job.startswith(("Training", "Dumping runs")) for job in planned(here, study=STUDY))


def test_a_job_that_fails_elsewhere_is_told_and_the_others_are_kept(home: Path, made: Path, tmp_path: Path):
    archive = tmp_path / "broken.zip"
    with zipfile.ZipFile(made.parent.parent / "away.zip") as source, zipfile.ZipFile(archive, "w") as target:
        plan = json.loads(source.read("jobs.json"))
        # Two jobs read what it writes.
        [broken] = [job for job in plan["jobs"] if job["message"] == "Dumping the input of digits on look"]
        broken["command"] = f"python -c 'raise SystemExit(\"no room\")' 2>&1 | tee {broken['log']}"
        for name in source.namelist():
            target.writestr(name, json.dumps(plan) if name == "jobs.json" else source.read(name))
    started = start(archive, tmp_path)
    said = started.communicate()[0]
    assert started.returncode == 1
    place = tmp_path / "packed-away/files" / broken["log"]
    assert f"failed: {broken['message']}: no room ({place})\n" in said
    assert "8 of 11 jobs are done" in said


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["trains"], "--rules trains: did you mean 'train'?"),
        (["dump"], f"2 files that these jobs read are not made yet, or to be made anew ({RUN}/seed0/checkpoints.safetensors"),
    ],
)
def test_what_cannot_be_packed_is_refused(here: Path, rules: list[str], said: str):
    refused = layerscope(here, "pack", STUDY, "--rules", *rules, "--into", "away.zip")
    assert refused.returncode == 1
    [line] = refused.stdout.splitlines()
    assert said in line
    assert not (here / "away.zip").exists()
