"""Damaged files, full disks, lost records, no network: one line names the file and the remedy, and nothing else is harmed."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import PROJECT, TINY, outputs, planned, snakemake
from test_doctor import doctor

from layerscope.files.seals import seal_of

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("damage")]

ROOT = "results/tiny"
RUN = f"{ROOT}/runs/digits/mlp/relu/seed0"


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def cut(content: bytes) -> bytes:
    return content[: 2 * len(content) // 3]


def cut_between_rows(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[:-1])


def emptied(_: bytes) -> bytes:
    return b""


# What each stage hands on to the next.
DAMAGED = {
    "a dataset, cut": (f"{ROOT}/data/digits.h5", cut),
    "checkpoints, one bit flipped": (f"{RUN}/checkpoints.safetensors", flipped),
    "checkpoints, cut": (f"{RUN}/checkpoints.safetensors", cut),
    "a history, cut between rows": (f"{RUN}/history.csv", cut_between_rows),
    "spectra, emptied": (f"{RUN}/spectra.h5", emptied),
    "activations, one bit flipped": (f"{RUN}/some/activations.h5", flipped),
    "neighbors, cut": (f"{RUN}/some/neighbors.h5", cut),
    "an embedding, one bit flipped": (f"{RUN}/some/embeddings/tsne.h5", flipped),
    "scores, one bit flipped": (f"{RUN}/some/scores/raw.csv", flipped),
    "scores, cut between rows": (f"{RUN}/some/scores/pca.csv", cut_between_rows),
    "all scores, one bit flipped": (f"{ROOT}/scores.parquet", flipped),
    "the summary, cut between rows": (f"{ROOT}/summary.csv", cut_between_rows),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_stops_a_study_before_anything_else(study_copy: Path, case: str):
    name, damage = DAMAGED[case]
    file = study_copy / name
    file.write_bytes(damage(file.read_bytes()))
    before = outputs(study_copy)
    done = snakemake(study_copy, "--cores", "1", "--forcerun", "table")
    assert done.returncode != 0
    assert said(done.stdout) == [f"layerscope: {name} is damaged: it is not what was written; delete it and run snakemake again"]
    assert outputs(study_copy) == before


def test_damage_that_kept_the_time_of_a_file_stops_the_job_that_reads_it(study_copy: Path):
    """As where a disk rots, or a cut copy is made by `cp -p`: the start of a study does not see it, `make doctor` does."""
    name = f"{RUN}/some/activations.h5"
    file = study_copy / name
    times = file.stat()
    # The start of a study read it since it was made.
    os.utime(seal_of(file))
    file.write_bytes(flipped(file.read_bytes()))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    damage = f"{name} is damaged: it is not what was written; delete it and run snakemake again"
    assert damage in doctor(study_copy).stdout
    done = snakemake(study_copy, f"{RUN}/some/neighbors.h5", "--cores", "1", "--forcerun", "neighbors")
    assert done.returncode != 0
    # The message of the job is said at once, and again last; its command is in Snakemake's log alone.
    message, job = f"layerscope neighbors: {damage}", f"neighbors (source={RUN.removeprefix(ROOT + '/')}, sample=some), log "
    lines = done.stdout.splitlines()
    assert lines.count(message) == 2
    assert lines[-1] == message
    assert lines[-2].startswith(job)
    assert lines[lines.index(message) - 1].partition(": ")[2].startswith("Finding neighbors in ")
    assert "layerscope.stages" not in done.stdout
    assert "\x1b" not in done.stdout
    [*_, log] = sorted((study_copy / ".snakemake/log").iterdir())
    assert "layerscope.stages.neighbors" in log.read_text()


def test_a_folder_in_the_place_of_a_file_is_named(study_copy: Path):
    name = f"{RUN}/some/embeddings/pca.h5"
    (study_copy / name).unlink()
    (study_copy / name).mkdir()
    done = snakemake(study_copy, "--cores", "1")
    assert done.returncode != 0
    remedy = "a folder stands where a file is wanted; move it away, and run the same command again"
    assert said(done.stdout) == [f"layerscope: {name} cannot be read (Is a directory): {remedy}"]


def test_seals_that_were_left_behind_are_missed(study_copy: Path):
    """As by a copy without hidden files: what was made is taken, and the person told."""
    (study_copy / f"{ROOT}/figures/hit.svg").unlink()
    for seal in study_copy.glob(f"{ROOT}/**/.*.sha256"):
        seal.unlink()
    done = snakemake(study_copy, "--cores", "1")
    assert done.returncode == 0, done.stdout
    [line] = said(done.stdout)
    assert line.startswith(f"layerscope: warning: {ROOT}/claims.csv and ")
    assert " more files have no SHA-256 beside them (.claims.csv.sha256): damage would go unnoticed. Copy hidden files" in line


def said(output: str) -> list[str]:
    """The lines that are for the person."""
    assert "Traceback" not in output
    return [line for line in output.splitlines() if line.startswith("layerscope")]


def test_the_remedy_ends_in_the_bytes_of_before(study_copy: Path):
    whole = outputs(study_copy)
    file = study_copy / RUN / "some/scores/raw.csv"
    file.write_bytes(flipped(file.read_bytes()))
    assert snakemake(study_copy, "--cores", "1").returncode != 0
    file.unlink()
    done = snakemake(study_copy, "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert outputs(study_copy) == whole


def run(folder: Path, command: list[str], limit: int | None = None, **environment: str) -> subprocess.CompletedProcess:
    """A command as Snakemake runs it, and no file longer than `limit` bytes."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT / "workflow"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        preexec_fn=limited,
    )


@pytest.fixture(scope="session")
def commands(finished_study: Path) -> dict[str, list[str]]:
    """The command of every job by its message, as Snakemake would run it."""
    done = snakemake(finished_study, "-n", "-p", "--nolock", "--forceall")
    assert done.returncode == 0, done.stdout
    found = {}
    for job in done.stdout.split("\nJob ")[1:]:
        message = job.partition("\n")[0].partition(": ")[2]
        line = job.partition("Shell command: ")[2].partition(" 2>&1 | tee")[0]
        found[message] = ["bash", "-c", line]
    return found


FULL = {
    "prepare": ("Preparing dataset shapes", 100_000),
    "train": ("Training runs/digits/mlp/relu/seed0", 8_000),
    "dump": ("Dumping runs/digits/mlp/relu/seed0 on some", 10_000),
    "neighbors": ("Finding neighbors in runs/digits/mlp/relu/seed0 on some", 8_000),
    "embed": ("Embedding runs/digits/mlp/relu/seed0 on some by pca", 4_000),
    "score": ("Scoring the representations of runs/digits/mlp/relu/seed0 on some", 1_000),
    "aggregate": ("Aggregating all scores", 10_000),
    "figure": ("Drawing figure hit", 10_000),
}


@pytest.mark.parametrize("name", FULL)
def test_a_disk_that_is_full_ends_a_job_in_one_line(study_copy: Path, commands: dict[str, list[str]], name: str):
    message, limit = FULL[name]
    before = outputs(study_copy)
    # Compiled code is kept in files too; beside the copied code all of it is there.
    done = run(study_copy, commands[message], limit=limit, PYTHONPATH=str(study_copy / "workflow"))
    assert done.returncode == 1
    [line] = said(done.stdout)
    assert line.startswith(f"layerscope {name}: {ROOT}/")
    assert " cannot be written (" in line
    assert "File too large" in line
    assert "raise the largest size that files may have (ulimit -f), and run the same command again" in line
    after = outputs(study_copy)
    assert not [file for file in after if file.endswith(".writing")]
    assert {file: content for file, content in after.items() if ".partial/" not in file} == before


def test_a_training_goes_on_unless_its_own_code_was_edited(study_copy: Path, commands: dict[str, list[str]]):
    """It cannot write its last file; then it can."""
    whole = outputs(study_copy)
    spectra = study_copy / RUN / "spectra.h5"
    spectra.unlink()
    spectra.mkdir()
    code = study_copy / "workflow/layerscope"

    def trained(edited: str) -> subprocess.CompletedProcess:
        with open(code / edited, "a") as source:
            source.write("# edited\n")
        return run(study_copy, commands["Training runs/digits/mlp/relu/seed0"], PYTHONPATH=str(code.parent))

    for edited, goes_on in [
        ("models/families/cnn.py", False),
        ("models/families/cnn.py", True),
        ("models/families/mlp.py", False),
    ]:
        done = trained(edited)
        assert done.returncode == 1
        assert f"{RUN}/spectra.h5 cannot be written (Is a directory)" in said(done.stdout)[0]
        assert ("going on after epoch 2" in done.stdout) == goes_on
    spectra.rmdir()
    done = trained("store/networks.py")
    assert done.returncode == 0, done.stdout
    assert "going on after epoch 2" in done.stdout
    assert outputs(study_copy) == whole


def test_a_dump_goes_on_from_its_finished_snapshots(study_copy: Path, commands: dict[str, list[str]]):
    """The disk has room for each snapshot, and not for all of them in one file; then it has."""
    whole = outputs(study_copy)
    file = study_copy / RUN / "some/activations.h5"
    parts = file.with_name(f".{file.name}.partial")
    dumping = commands["Dumping runs/digits/mlp/relu/seed0 on some"]
    done = run(study_copy, dumping, limit=3 * file.stat().st_size // 4)
    assert f"{RUN}/some/activations.h5 cannot be written (File too large)" in said(done.stdout)[0]
    finished = {part.name: part.stat().st_mtime_ns for part in parts.glob("epoch*.h5")}
    assert sorted(finished) == ["epoch0000.h5", "epoch0002.h5"]
    (parts / "epoch0002.h5").unlink()
    kept = (parts / "epoch0000.h5").stat().st_ino
    run(study_copy, dumping, limit=3 * file.stat().st_size // 4)
    assert (parts / "epoch0000.h5").stat().st_ino == kept
    assert run(study_copy, dumping).returncode == 0
    assert outputs(study_copy) == whole


@pytest.fixture
def read_only(study_copy: Path) -> Callable[[], subprocess.CompletedProcess]:
    """Run a study whose results cannot be written to: for root by a mount of its own, for others by permissions."""

    def run_read_only() -> subprocess.CompletedProcess:
        results = study_copy / "results"
        words = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", TINY]
        if os.geteuid() == 0:
            script = 'mount --bind results results && mount -o remount,ro,bind results && exec "$@"'
            words = ["unshare", "--mount", "sh", "-c", script, "sh", *words]
        else:
            for folder in [results, *results.rglob("*/")]:
                folder.chmod(0o555)
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        environment.pop("PYTHONPATH", None)
        try:
            return subprocess.run(
                words, cwd=study_copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
        finally:
            if os.geteuid() != 0:
                for folder in [results, *results.rglob("*/")]:
                    folder.chmod(0o755)

    return run_read_only


READ_ONLY = {
    "a file that is there": (
        ("score: neighborhood_hit, on", "title: Hits, score: neighborhood_hit, on"),
        f"{ROOT}/figures/hit.svg",
    ),
    "a new file": (
        ("figures:", "figures:\n  again: {kind: score_by_depth, score: neighborhood_hit, on: {dataset: digits, embedding: raw}}"),
        f"layerscope: {ROOT} cannot be written to; mend its permissions, or mount it for writing, and run snakemake again",
    ),
}


@pytest.mark.parametrize("case", READ_ONLY)
def test_results_that_cannot_be_written_to_are_left_alone(study_copy: Path, read_only, case: str):
    edit, message = READ_ONLY[case]
    (study_copy / TINY).write_text((study_copy / TINY).read_text().replace(*edit))
    # Snakemake itself names files that are there and must be made anew.
    (study_copy / ROOT / "index.html").unlink()
    before = outputs(study_copy)
    done = read_only()
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert message in [line.strip() for line in done.stdout.splitlines()]
    assert outputs(study_copy) == before


def test_a_second_snakemake_in_the_same_folder_is_refused(study_copy: Path):
    whole = outputs(study_copy)
    (study_copy / ROOT / "figures/hit.svg").unlink()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    first = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", TINY],
        cwd=study_copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in first.stdout:
        if "Drawing figure hit" in line:
            break
    # Held, so that it has not ended before the second one looks.
    first.send_signal(signal.SIGSTOP)
    try:
        second = snakemake(study_copy, "--cores", "1")
    finally:
        first.send_signal(signal.SIGCONT)
    first.communicate()
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout
    assert "--unlock" in second.stdout
    assert first.returncode == 0
    assert outputs(study_copy) == whole


def test_lost_records_are_noticed_and_can_be_made_anew(study_copy: Path):
    whole = outputs(study_copy)
    shutil.rmtree(study_copy / ".snakemake/metadata")
    text = (study_copy / TINY).read_text()
    (study_copy / TINY).write_text(text.replace("trees: 10", "trees: 12"))
    done = snakemake(study_copy, "-n")
    [line] = said(done.stdout)
    assert line.startswith("layerscope: warning: .snakemake/metadata has no records of how results/tiny was made")

    faults = [line.split()[0] for line in doctor(study_copy).stdout.splitlines() if "made for other params" in line]
    assert faults == [f"{RUN}/some/neurons.h5"]
    (study_copy / faults[0]).unlink()
    mapped = "Mapping the neurons of runs/digits/mlp/relu/seed0 on some"
    assert planned(study_copy) == {mapped, "Drawing figure correlated", "Drawing figure knows", "Writing the index"}
    assert snakemake(study_copy, "--cores", "2").returncode == 0
    assert snakemake(study_copy, "--touch", "--cores", "1").returncode == 0
    assert said(snakemake(study_copy, "-n").stdout) == []
    (study_copy / TINY).write_text(text)
    assert mapped in planned(study_copy)
    done = snakemake(study_copy, "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert outputs(study_copy) == whole


OUT_OF_REACH = {
    "half a download": ("MNIST/raw/train-images-idx3-ubyte", b"\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c\0\0\0\x1c" + bytes(784 * 9)),
    "another file": ("MNIST/raw/train-images-idx3-ubyte", b"<html>not found</html>"),
}


@pytest.mark.parametrize("case", OUT_OF_REACH)
def test_a_wrong_download_is_named_and_left_where_it_is(tmp_path: Path, case: str):
    name, content = OUT_OF_REACH[case]
    raw = tmp_path / "raw files" / name
    raw.parent.mkdir(parents=True)
    for part in ("train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw.parent / f"{part}-ubyte").write_bytes(b"")
    raw.write_bytes(content)
    [line] = prepare_mnist(tmp_path, LAYERSCOPE_DATA=str(tmp_path / "raw files"))
    assert "train-images-idx3-ubyte is" in line
    assert "move it away to have it fetched anew" in line
    assert raw.read_bytes() == content


def test_no_network_is_said_with_the_ways_around_it(tmp_path: Path):
    proxy = "http://127.0.0.1:9"
    [line] = prepare_mnist(tmp_path, LAYERSCOPE_DATA=str(tmp_path / "nowhere"), http_proxy=proxy, https_proxy=proxy)
    assert "dataset 'MNIST' is missing: looked for" in line
    assert "Three ways to provide it" in line


def prepare_mnist(folder: Path, **environment: str) -> list[str]:
    params = '{"dataset":"MNIST","schema":1,"source":{"source":"torchvision","name":"MNIST"},"validation":0}'
    preparing = [sys.executable, "-m", "layerscope.stages.prepare", "--params", params, "--data", "results/data.h5"]
    done = run(folder, preparing, **environment)
    assert done.returncode == 1
    assert not (folder / "results" / "data.h5").exists()
    return said(done.stdout)
