"""A finished study is examined: every file is read, and compared with what the study asks for."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import TINY, layerscope

from layerscope.doctor import expected_files
from layerscope.files.seals import file_digest, seal_of
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("doctor")]

ROOT = Path("results/tiny")
RUN = ROOT / "runs/digits/mlp/relu/seed0"
OTHER = ROOT / "runs/digits/mlp/relu/seed1"
CNN = ROOT / "runs/digits/cnn/tanh/seed0"


def doctor(folder: Path, *options: str) -> subprocess.CompletedProcess:
    return layerscope(folder, "doctor", TINY, *options)


def flipped(file: Path) -> Callable[[Path], None]:
    """A byte in the middle of the longest stored chunk."""

    def edit(folder: Path) -> None:
        with h5py.File(folder / file) as stored:
            chunks = []

            def visit(_, found):
                if isinstance(found, h5py.Dataset) and found.chunks:
                    chunks.extend(found.id.get_chunk_info(number) for number in range(found.id.get_num_chunks()))

            stored.visititems(visit)
        longest = max(chunks, key=lambda chunk: chunk.size)
        with open(folder / file, "r+b") as raw:
            raw.seek(longest.byte_offset + longest.size // 2)
            byte = raw.read(1)
            raw.seek(-1, os.SEEK_CUR)
            raw.write(bytes([byte[0] ^ 0xFF]))

    return edit


def cut(file: Path) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        whole = (folder / file).read_bytes()
        (folder / file).write_bytes(whole[: 2 * len(whole) // 3])

    return edit


def bit_flipped(file: Path) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = bytearray((folder / file).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(content)

    return edit


def emptied(file: Path) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(b"")


def made_a_folder(file: Path) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).mkdir()

    return edit


def gone(file: Path) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def older_schema(file: Path) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with h5py.File(folder / file, "a") as stored:
            stored.attrs["params"] = str(stored.attrs["params"]).replace('"schema":1', '"schema":0')
        seal_of(folder / file).write_text(file_digest(folder / file))

    return edit


def left_over(file: Path) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(b"half")


def unsealed(damage: Callable[[Path], None], file: Path) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        damage(folder)
        seal_of(folder / file).unlink()

    return edit


def other_raw_data(folder: Path) -> None:
    with np.load(folder / "shapes.npz") as stored:
        arrays = dict(stored)
    arrays["x_test"][0, 0, 0] ^= 1
    np.savez(folder / "shapes.npz", **arrays)


def other_study(folder: Path) -> None:
    text = (folder / TINY).read_text()
    (folder / TINY).write_text(text.replace("perplexity: 5, early", "perplexity: 4, early"))


# Faults of different files stand together: all are told at once.
FAULTS: list[dict[str, tuple[Callable[[Path], None], str]]] = [
    {
        "a flipped bit": (flipped(RUN / "some/activations.h5"), "activations.h5 is damaged"),
        "a cut HDF5 file": (cut(RUN / "some/embeddings/pca.h5"), "pca.h5 is damaged"),
        "cut checkpoints": (cut(RUN / "checkpoints.safetensors"), "checkpoints.safetensors is damaged"),
        "a cut table": (cut(RUN / "history.csv"), "history.csv is damaged"),
        "other raw data": (other_raw_data, "shapes.h5 was made from other raw data (SHA-256"),
        "a missing figure": (gone(ROOT / "figures/hit.svg"), "figures/hit.svg is missing; snakemake makes it"),
        "a cut picture": (cut(ROOT / "figures/hit.png"), "figures/hit.png is damaged"),
        "a picture with a flipped bit": (bit_flipped(ROOT / "figures/grid.png"), "figures/grid.png is damaged"),
        "a cut drawing": (cut(ROOT / "figures/grid.svg"), "figures/grid.svg is damaged"),
        "a cut film": (cut(ROOT / "figures/moves.gif"), "figures/moves.gif is damaged"),
        "an empty table": (emptied(ROOT / "tables/separation.md"), "separation.md is empty"),
        "cut scores, no seal": (unsealed(cut(ROOT / "scores.parquet"), ROOT / "scores.parquet"), "scores.parquet is damaged"),
        "a folder for a dataset": (made_a_folder(ROOT / "data/digits.h5"), "digits.h5 cannot be read (Is a directory)"),
        "an older schema": (older_schema(RUN / "some/neighbors.h5"), "neighbors.h5 was made for other params"),
        "a temporary file": (left_over(RUN / ".history.csv.writing"), ".history.csv.writing is left over"),
        "an edited study": (other_study, "tsne.h5 was made for other params than the study has now"),
    },
    {
        "a cut table without a seal": (
            unsealed(cut(RUN / "history.csv"), RUN / "history.csv"),
            f"{RUN}/history.csv is cut short",
        ),
        "raw data gone": (
            gone(Path("shapes.npz")),
            "raw data of results/tiny/data/shapes.h5: dataset 'shapes': no file shapes.npz",
        ),
        "a lost seal": (
            gone(seal_of(OTHER / "history.csv")),
            f"{OTHER}/history.csv can be read, but has no SHA-256 beside it that tells whether it is whole; "
            "bring .history.csv.sha256",
        ),
        "a folder for a picture": (made_a_folder(ROOT / "figures/hit.png"), "hit.png cannot be read (Is a directory)"),
        "a folder for a history": (made_a_folder(CNN / "history.csv"), f"{CNN}/history.csv cannot be read (Is a directory)"),
    },
]


def test_nothing_is_wrong_with_a_finished_study(finished_study: Path):
    done = doctor(finished_study)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stdout
    assert done.stdout.endswith(" files, no faults\n")


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: ", ".join(faults))
def test_what_is_wrong_is_named_with_its_remedy(study_copy: Path, faults: dict):
    for edit, _ in faults.values():
        edit(study_copy)
    done = doctor(study_copy)
    assert done.returncode == 1
    assert [name for name, (_, message) in faults.items() if message not in done.stdout] == [], done.stdout
    # Without its raw data nothing of a study can be planned.
    planned = "will run again for that is not known: Snakemake ended" if "raw data gone" in faults else "jobs again for that:"
    assert planned in done.stdout
    assert "Traceback" not in done.stdout


def test_the_jobs_that_will_run_again_are_named(study_copy: Path):
    cut(RUN / "some/embeddings/pca.h5")(study_copy)
    again = doctor(study_copy).stdout.partition("jobs again for that:\n")[2]
    named = {line.strip() for line in again.splitlines()[:-1]}
    assert named == {
        "Embedding runs/digits/mlp/relu/seed0 on some by pca",
        "Scoring runs/digits/mlp/relu/seed0 on some in pca",
        "Aggregating all scores",
        "Judging the claims",
        "Drawing figure hit",
        "Drawing figure stillness",
        "Writing table separation",
        "Gathering runs/digits/mlp/relu/seed0 on some for the explorer",
        "Writing the explorer",
        "Writing the index",
    }


def test_activations_of_a_network_that_nothing_looks_at_are_not_missed(tmp_path: Path, monkeypatch):
    """Snakemake does not store them; those of the other network it does."""
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(
        "{study: some, seeds: 1, datasets: {digits: {source: sklearn, test: 120}},"
        " architectures: {mlp: {family: mlp, hidden: [6]}, bare: {family: mlp, hidden: [4]}},"
        " samples: {look: {split: test, choose: first, n: 50}}, embeddings: none, figures: none, tables: none,"
        " scores: {silhouette: {on: {architecture: mlp}}}}"
    )
    expected = {one.path for one in expected_files(Jobs(load_study(Path("study.yaml"), {})))}
    stored = "results/some/runs/digits/{}/relu/seed0/look/activations.h5"
    assert stored.format("mlp") in expected
    assert stored.format("bare") not in expected
