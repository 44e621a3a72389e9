"""`layerscope new` writes a study file with which the next command runs; `layerscope check` tells all mistakes of one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import PROJECT, copy_project, planned, snakemake
from PIL import Image

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("new")]


def layerscope(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "layerscope.command", *arguments]
    environment = {"PYTHONPATH": str(PROJECT / "workflow"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def pictures(folder: Path, mode: str = "L", split: bool = False) -> str:
    """Sixty pictures of 14 × 18 pixels: bright above, or bright below."""
    generator = np.random.default_rng(0)
    for place in ("train", "test") if split else ("",):
        for label, name in enumerate(("above", "below")):
            target = folder / "my pictures" / place / name
            target.mkdir(parents=True)
            for number in range(30):
                pixels = generator.integers(0, 90, (14, 18, 3), dtype=np.uint8)
                pixels[7 * label : 7 * label + 7] += 120
                picture = Image.fromarray(pixels if mode == "RGB" else pixels[..., 0])
                picture.save(target / f"{number}.png")
    return "my pictures"


def arrays(folder: Path) -> str:
    generator = np.random.default_rng(0)
    labels = np.arange(80) % 2
    images = generator.random((80, 6)).astype(np.float32) + labels[:, None]
    np.savez(folder / "vectors.npz", x_train=images[:50], y_train=labels[:50], x_test=images[50:], y_test=labels[50:])
    return "vectors.npz"


MADE = {
    "pictures": lambda folder: pictures(folder),
    "pictures that are split": lambda folder: pictures(folder, "RGB", split=True),
    "arrays of vectors": arrays,
    "a known dataset": lambda folder: "digits",
}


@pytest.mark.parametrize("case", MADE)
def test_what_is_written_is_a_study_without_mistakes(tmp_path: Path, case: str):
    what = MADE[case](tmp_path)
    done = layerscope(tmp_path, "new", what)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "study.yaml is written. Next: layerscope run --cores 4 study.yaml\n"
    assert layerscope(tmp_path, "check", "study.yaml").stdout.startswith("study.yaml: no mistakes; ")


@pytest.mark.usefixtures("finished_study")
def test_the_next_command_runs(tmp_path: Path):
    folder = copy_project(tmp_path / "project")
    what = pictures(folder)
    assert layerscope(folder, "new", what, "--file", "mine.yaml").returncode == 0
    quick = (folder / "mine.yaml").read_text().replace("epochs: 10", "epochs: 2")
    (folder / "mine.yaml").write_text(quick)
    assert len([job for job in planned(folder, study="mine.yaml") if job.startswith("Training ")]) == 6
    done = snakemake(folder, "--cores", "2", "--config", "seeds=1", study="mine.yaml")
    assert done.returncode == 0, done.stdout
    networks = pd.read_csv(folder / "results/my_pictures/networks.csv")
    assert len(networks) == 2
    assert "layerscope" in networks["versions"][0]
    assert (folder / "results/my_pictures/figures/layers.png").exists()


WRONG = {
    "nothing of that name": (lambda folder: "digitz", "did you mean 'digits'?"),
    "one class": (lambda folder: str(one_class(folder)), "has pictures of cats only; one subfolder for each class is wanted"),
    "arrays of other names": (
        lambda folder: other_arrays(folder),
        "must hold the arrays x_train and y_train: it has images, and no labels for it",
    ),
    "no archive": (lambda folder: no_archive(folder), "no.npz is no npz file; np.savez writes one"),
}


def one_class(folder: Path) -> str:
    (folder / "few" / "cats").mkdir(parents=True)
    Image.new("L", (8, 8)).save(folder / "few" / "cats" / "1.png")
    return "few"


def other_arrays(folder: Path) -> str:
    np.savez(folder / "other.npz", images=np.zeros((3, 4, 4)))
    return "other.npz"


def no_archive(folder: Path) -> str:
    (folder / "no.npz").write_bytes(b"no archive")
    return "no.npz"


@pytest.mark.parametrize("case", WRONG)
def test_what_no_study_can_use_is_said_in_one_line(tmp_path: Path, case: str):
    make, message = WRONG[case]
    done = layerscope(tmp_path, "new", make(tmp_path))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert message in line
    assert not (tmp_path / "study.yaml").exists()


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path):
    (tmp_path / "study.yaml").write_text("mine")
    done = layerscope(tmp_path, "new", "digits")
    assert done.returncode == 1
    assert "study.yaml is there already" in done.stderr
    assert (tmp_path / "study.yaml").read_text() == "mine"


def test_all_mistakes_of_a_study_are_told_at_once(tmp_path: Path):
    layerscope(tmp_path, "new", "digits")
    text = (tmp_path / "study.yaml").read_text()
    text = text.replace("lr: 0.001", "lr: quick").replace("perplexity: 30", "perplexity: many").replace("metric", "x")
    (tmp_path / "study.yaml").write_text(text.replace("kind: networks", "kind: network"))
    done = layerscope(tmp_path, "check", "study.yaml")
    assert done.returncode == 1
    *mistakes, more = done.stderr.splitlines()
    assert "more may be found once these are mended" in more
    keys = [line.split(": ")[2] for line in mistakes]
    assert keys == ["training.default.lr", "embeddings.tsne.perplexity", "tables.networks.kind"]
