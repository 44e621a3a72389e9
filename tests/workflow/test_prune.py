"""What a study asks for no longer is listed by the doctor and removed by `layerscope prune`; everything else stays."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import TINY, layerscope, planned, snakemake
from test_doctor import doctor

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("doctor")]

ROOT = Path("results/tiny")
SEED1 = "runs/digits/mlp/relu/seed1"
MAPS = "  maps: {kind: filter_maps, on: {dataset: digits, architecture: cnn, sample: some, state: trained, layer: conv1}}\n"
UNEVEN = (
    '  uneven: {from: digits, classes: ["3", "8", "1"], rates: {lowest: 0.1, highest: 0.5}}\n',
    "  - {datasets: [uneven], architectures: [small], activations: [relu], seeds: [0]}\n",
)


def prune(folder: Path, *options: str, **how) -> subprocess.CompletedProcess:
    return layerscope(folder, "prune", TINY, *options, **{"stdin": subprocess.DEVNULL, **how})


def take_out(folder: Path, *lines: str) -> None:
    text = (folder / TINY).read_text()
    for line in lines:
        assert line in text
        text = text.replace(line, "")
    (folder / TINY).write_text(text)


def take_out_seed_1(folder: Path) -> None:
    text = (folder / TINY).read_text()
    (folder / TINY).write_text(text.replace("seeds: 2\n", "seeds: 1\n"))


def files(folder: Path) -> set[str]:
    """All files of the study, hidden ones too, relative to its folder."""
    return {str(file.relative_to(folder / ROOT)) for file in (folder / ROOT).rglob("*") if not file.is_dir()}


def sizes(folder: Path, names: set[str]) -> int:
    return sum((folder / ROOT / name).lstat().st_size for name in names)


def about(names: set[str], what: str) -> set[str]:
    """Those of the files that are of one seed, figure or dataset, with seals, logs and measurements."""
    return {name for name in names if re.search(rf"(^|[/.]){what}([/.]|$)", name)}


def told(output: str) -> dict[str, tuple[int, str]]:
    """Place → (number of files, size), of the lines that name places."""
    return {
        place: (int(number), size)
        for place, number, size in re.findall(r"^ *(?:logs of )?(results/\S+): (\d+) files?, ([\d.]+ \w+)$", output, re.MULTILINE)
    }


def kilobytes(size: int) -> str:
    return f"{size / 1000:.1f} kB"


def test_a_finished_study_has_nothing_to_prune(finished_study: Path):
    done = prune(finished_study)
    assert (done.returncode, done.stdout) == (
        0,
        f"tiny: nothing to remove; {TINY} asks for every file that layerscope has written\n",
    )


def test_a_figure_that_was_taken_out_is_no_fault_and_removed(study_copy: Path):
    take_out(study_copy, MAPS)
    before, of_figure = files(study_copy), about(files(study_copy), "maps")
    assert of_figure == {
        "figures/maps.svg",
        "figures/maps.png",
        "figures/maps.csv",
        "figures/.maps.csv.sha256",
        "logs/figure/maps.log",
        "benchmarks/figure/maps.tsv",
    }
    size = kilobytes(sizes(study_copy, of_figure))
    examined = doctor(study_copy)
    assert examined.returncode == 0
    assert examined.stdout.splitlines() == [
        f"{TINY} asks no longer for 6 files, {size}; `layerscope prune {TINY}` removes them:",
        f"  results/tiny/figures/maps.*: 6 files, {size}",
        "tiny: 108 files, no faults",
    ]
    assert files(study_copy) == before
    done = prune(study_copy, "--yes")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"results/tiny/figures/maps.*: 6 files, {size}",
        f"tiny: 6 files, {size} that {TINY} asks for no longer",
        f"tiny: 6 files, {size} removed",
    ]
    assert files(study_copy) == before - of_figure
    assert planned(study_copy) == {"Writing the index"}


def test_values_of_the_command_line_are_asked_for_as_those_of_the_file(finished_study: Path):
    run = "results/tiny/runs/digits/mlp/relu"
    one, three = (prune(finished_study, "--config", f"seeds={seeds}").stdout for seeds in (1, 3))
    assert f"{run}/seed1" in told(one)
    assert f"that {TINY} --config seeds=1 asks for no longer" in one
    assert f"nothing to remove; {TINY} --config seeds=3 asks for every file" in three
    examined = doctor(finished_study, "--config", "seeds=1").stdout
    assert f"`layerscope prune {TINY} --config seeds=1` removes them:" in examined
    assert f"{run}/seed2/checkpoints.safetensors is missing" in doctor(finished_study, "--config", "seeds=3").stdout


def test_seeds_and_datasets_that_were_taken_out_leave_nothing_behind(study_copy: Path):
    take_out(study_copy, *UNEVEN, "  small: {family: mlp, hidden: [4]}\n")
    take_out_seed_1(study_copy)
    before = files(study_copy)
    of_seed, of_dataset = about(before, "seed1"), about(before, "uneven")
    explored = {name for name in of_seed if "explore" in name}
    of_run = {name for name in of_dataset if "runs/uneven" in name}
    assert told(prune(study_copy).stdout) == {
        "results/tiny/runs/digits/mlp/relu/seed1": (
            len(of_seed - explored),
            kilobytes(sizes(study_copy, of_seed - explored)),
        ),
        "results/tiny/explorer/sources/runs/digits/mlp/relu/seed1": (3, kilobytes(sizes(study_copy, explored))),
        "results/tiny/runs/uneven": (len(of_run), kilobytes(sizes(study_copy, of_run))),
        "results/tiny/data/uneven.h5": (4, kilobytes(sizes(study_copy, of_dataset - of_run))),
    }
    assert snakemake(study_copy, "--cores", "2").returncode == 0
    assert prune(study_copy, "--yes").returncode == 0
    assert files(study_copy) == before - of_seed - of_dataset
    assert [folder for folder in (study_copy / ROOT).rglob("*/") if not any(folder.iterdir())] == []
    assert planned(study_copy) == set()
    assert doctor(study_copy).stdout == "tiny: 95 files, no faults\n"


OWN = [
    "notes.txt",
    "figures/poster.png",
    "figures/maps.pdf",
    "tables/notes.md",
    "data/own.h5",
    f"{SEED1}/notes.md",
    "logs/mine.log",
]
UNFINISHED = "runs/digits/mlp/relu/seed0/some/.neighbors.h5.partial/identity.json"
ABANDONED = [
    f"{SEED1}/.training.partial/state.safetensors",
    f"{SEED1}/some/embeddings/.pca.h5.partial/identity.json",
    f"{SEED1}/..history.csv.sha256.0123abcd.writing",
]


def test_files_of_ones_own_and_unfinished_work_stay(study_copy: Path):
    take_out(study_copy, MAPS)
    take_out_seed_1(study_copy)
    before = files(study_copy)
    removed = about(before, "maps") | about(before, "seed1") | {*ABANDONED}
    for name in [*OWN, UNFINISHED, *ABANDONED]:
        (study_copy / ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (study_copy / ROOT / name).write_text("mine")
    named = doctor(study_copy).stdout
    # Only what is left of a job that the study still asks for is a fault.
    assert [line.split()[0] for line in named.splitlines() if "is left over" in line] == [str(ROOT / Path(UNFINISHED).parent)]
    assert sum(number for number, _ in told(named).values()) == len(removed)
    assert prune(study_copy, "--yes").returncode == 0
    assert files(study_copy) == (before | {*OWN, UNFINISHED}) - removed
    assert [file.name for file in (study_copy / ROOT / SEED1).iterdir()] == ["notes.md"]


def test_weights_that_the_study_begins_with_stay(study_copy: Path):
    take_out_seed_1(study_copy)
    text = (study_copy / TINY).read_text()
    weights = str(ROOT / SEED1 / "checkpoints.safetensors")
    begins = f'hidden: [16, 8], weights: {weights}, fresh: ["**"]}}'
    # Networks that begin with weights are pretrained at epoch 0, which the claim compares with.
    text = text.replace("[trained, untrained]", "[trained, pretrained]")
    (study_copy / TINY).write_text(text.replace("hidden: [16, 8]}", begins))
    assert prune(study_copy, "--yes").returncode == 0
    assert about(files(study_copy), "seed1") == {f"{SEED1}/checkpoints.safetensors", f"{SEED1}/.checkpoints.safetensors.sha256"}


def test_what_a_link_leads_to_is_left_alone(study_copy: Path, tmp_path: Path):
    take_out(study_copy, *UNEVEN, "  small: {family: mlp, hidden: [4]}\n")
    before = files(study_copy)
    (study_copy / ROOT / "data").rename(tmp_path / "data")
    (study_copy / ROOT / "data").symlink_to(tmp_path / "data")
    done = prune(study_copy, "--yes")
    assert done.returncode == 0
    assert done.stdout.startswith("results/tiny/data is a link: what it leads to is left alone, since others may use it\n")
    assert (tmp_path / "data/uneven.h5").exists()
    assert about(before, "uneven") >= {"data/uneven.h5", "logs/prepare/uneven.log"}
    assert about(files(study_copy), "uneven") == set()
    assert "results/tiny/data is a link; what it leads to was not checked" in doctor(study_copy).stdout


@pytest.mark.parametrize(("answer", "stays"), [("y", False), ("", True), ("n", True)])
def test_a_person_is_asked(study_copy: Path, answer: str, stays: bool):
    take_out(study_copy, MAPS)
    terminal, other_end = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    done = prune(study_copy, stdin=other_end)
    os.close(terminal)
    os.close(other_end)
    assert "Remove these files? [y/N] " in done.stdout
    assert done.returncode == stays
    assert (study_copy / ROOT / "figures/maps.svg").exists() == stays


def test_nothing_is_removed_where_nobody_can_be_asked(study_copy: Path):
    take_out(study_copy, MAPS)
    before = files(study_copy)
    done = prune(study_copy)
    assert done.returncode == 1
    assert "results/tiny/figures/maps.*: 6 files" in done.stdout
    assert "nothing is removed: nobody can be asked here; --yes removes without a question" in done.stdout
    assert files(study_copy) == before


@pytest.fixture
def locked(study_copy: Path) -> Callable[[str], None]:
    """Leave the lock that a Snakemake in progress holds on a file."""

    def lock(file: str) -> None:
        locks = study_copy / ".snakemake/locks"
        locks.mkdir(exist_ok=True)
        (locks / "0.output.lock").write_text(f"results/tiny2/scores.parquet\n{file}\n")

    return lock


def test_nothing_is_removed_while_snakemake_works_on_the_study(study_copy: Path, locked):
    take_out(study_copy, MAPS)
    before = files(study_copy)
    locked("results/tiny/figures/hit.svg")
    done = prune(study_copy, "--yes")
    assert done.returncode == 1
    assert done.stdout.startswith("layerscope: nothing is removed: Snakemake works on results/tiny/ and has locked it")
    assert files(study_copy) == before
    locked("results/other/figures/hit.svg")
    assert prune(study_copy, "--yes").returncode == 0


def test_a_file_that_cannot_be_removed_is_named_and_the_others_are_gone(study_copy: Path):
    take_out(study_copy, MAPS)
    take_out_seed_1(study_copy)
    before = files(study_copy)
    figures = study_copy / ROOT / "figures"
    command = [sys.executable, "-m", "layerscope.command", "prune", "--yes", TINY]
    environment = {**os.environ, "PYTHONPATH": str(study_copy / "workflow")}
    if os.geteuid() == 0:
        script = f'mount --bind {figures} {figures} && mount -o remount,ro,bind {figures} && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, "sh", *command]
    else:
        figures.chmod(0o555)
    done = subprocess.run(command, cwd=study_copy, env=environment, capture_output=True, text=True, check=False)
    figures.chmod(0o755)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert re.findall(r"results/\S+", line) == [f"results/tiny/figures/maps.{suffix}" for suffix in ("csv", "png", "svg")]
    # The seal and the logs stay, by which the next prune knows the files.
    assert files(study_copy) == before - about(before, "seed1")
    assert told(prune(study_copy, "--yes").stdout).keys() == {"results/tiny/figures/maps.*"}
    assert about(files(study_copy), "maps") == set()


def test_logs_of_what_was_removed_by_hand_are_told_as_such(study_copy: Path):
    take_out(study_copy, MAPS)
    for file in (study_copy / ROOT / "figures").glob("*maps.*"):
        file.unlink()
    assert "\n  logs of results/tiny/figures/maps.*: 2 files, " in f"\n{doctor(study_copy).stdout}"
