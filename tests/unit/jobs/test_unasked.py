"""Files that a study asks for no longer are found by their names, and told in few lines."""

import re
from pathlib import Path

import pytest

from layerscope import store
from layerscope.files.seals import SEALED, seal_of
from layerscope.jobs.every_job import files_of_jobs
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.unasked import Unasked, counted, unasked_files, unasked_lines
from layerscope.prune import remove
from layerscope.study.load import build_study

SIZE = 100
ONE = {"dataset": "digits", "architecture": "wide", "activation": "relu", "seed": 0}


def study(**changes) -> Jobs:
    """The jobs of a small study with some blocks changed."""
    content = {
        "study": "mine",
        "seeds": 4,
        "datasets": {"digits": {"source": "sklearn", "test": 360}, "few": {"from": "digits", "classes": ["0", "1"]}},
        "architectures": {"wide": {"family": "mlp", "hidden": [16]}, "small": {"family": "mlp", "hidden": [4]}},
        "grids": [{"datasets": ["digits", "few"], "architectures": ["wide", "small"], "activations": ["relu", "tanh"]}],
        "training": {"default": {"epochs": 2, "snapshots": [0, 2]}},
        "samples": {"some": {"split": "test", "choose": "first", "n": 50}},
        "representations": {"whole": {"layers": "all"}},
        "embeddings": {"pca": {"method": "pca"}, "mds": {"method": "mds"}},
        "scores": {"d_same": {}},
        "figures": {
            "same": {"kind": "score_by_depth", "score": "d_same", "on": {"embedding": "raw"}},
            "points": {"kind": "embedding_grid", "on": {**ONE, "embedding": "pca"}},
        },
        **changes,
    }
    return Jobs(build_study(content, Path()))


@pytest.fixture
def finished(tmp_path: Path, monkeypatch) -> set[str]:
    """The working directory has a file of SIZE bytes for every file of the whole study. Returns their paths."""
    monkeypatch.chdir(tmp_path)
    found = set()
    for job in files_of_jobs(study()):
        sealed = [str(seal_of(output)) for output in job.outputs if output.endswith(SEALED)]
        found |= {*job.outputs, *sealed, job.log, job.benchmark}
    for file in found:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_bytes(b"." * SIZE)
    return found


def paths(jobs: Jobs) -> set[str]:
    return {str(file.path) for file in unasked_files(jobs)}


def lines(jobs: Jobs) -> list[str]:
    return unasked_lines(jobs, unasked_files(jobs))


def test_the_whole_study_asks_for_every_file(finished: set[str]):
    assert paths(study()) == set()
    assert lines(study()) == []


def test_a_few_networks_are_told_one_by_one(finished: set[str]):
    grids = [{"datasets": ["digits", "few"], "architectures": ["wide"], "activations": ["relu", "tanh"]}]
    jobs = study(grids=grids, architectures={"wide": {"family": "mlp", "hidden": [16]}})
    of_small = {file for file in finished if "/small/" in file}
    assert paths(jobs) == of_small
    explored = {file for file in of_small if "explore" in file}
    assert lines(jobs) == [
        f"results/mine/{place}/{dataset}/small: {len(files) // 2} files, {len(files) // 2 * SIZE / 1000:.1f} kB"
        for place, files in (("explorer/sources/runs", explored), ("runs", of_small - explored))
        for dataset in ("digits", "few")
    ]


def test_a_seed_of_many_networks_is_told_in_one_line(finished: set[str]):
    jobs = study(seeds=3)
    of_seed = {file for file in finished if "/seed3" in file}
    assert paths(jobs) == of_seed
    explored = {file for file in of_seed if "explore" in file}
    assert lines(jobs) == [
        f"results/mine/{place}/*/*/*/seed3: {len(files)} files, {len(files) * SIZE / 1000:.1f} kB"
        for place, files in (("explorer/sources/runs", explored), ("runs", of_seed - explored))
    ]


def test_an_embedding_of_many_networks_is_told_in_one_line_for_its_files_and_one_for_its_scores(finished: set[str]):
    jobs = study(embeddings={"pca": {"method": "pca"}})
    of_embedding = {file for file in finished if "/mds." in file or "/.mds." in file}
    assert paths(jobs) == of_embedding
    # 32 networks and 2 inputs, each with a file, its SHA-256, a log and measurements.
    assert lines(jobs) == [
        "results/mine/inputs/digits/some/embeddings/mds.h5: 4 files, 400 bytes",
        "results/mine/inputs/digits/some/scores/mds.csv: 4 files, 400 bytes",
        "results/mine/inputs/few/some/embeddings/mds.h5: 4 files, 400 bytes",
        "results/mine/inputs/few/some/scores/mds.csv: 4 files, 400 bytes",
        "results/mine/runs/*/*/*/*/some/embeddings/mds.h5: 128 files, 12.8 kB",
        "results/mine/runs/*/*/*/*/some/scores/mds.csv: 128 files, 12.8 kB",
    ]


def test_a_sample_that_got_another_name_leaves_its_folders(finished: set[str]):
    jobs = study(samples={"others": {"split": "test", "choose": "first", "n": 50}})
    assert paths(jobs) == {file for file in finished if "/some/" in file or file.endswith(("/some.log", "/some.tsv", "/some.js"))}
    assert [line.partition(":")[0] for line in lines(jobs)] == [
        "results/mine/explorer/samples/digits/some.js",
        "results/mine/explorer/samples/few/some.js",
        "results/mine/explorer/sources/inputs/digits/some.js",
        "results/mine/explorer/sources/inputs/few/some.js",
        "results/mine/explorer/sources/runs/*/*/*/*/some.js",
        "results/mine/inputs/digits/some",
        "results/mine/inputs/few/some",
        "results/mine/runs/*/*/*/*/some",
    ]


def test_what_is_no_longer_read_by_anything_is_asked_for_no_longer(finished: set[str]):
    """Without embeddings nothing reads neighbors; without scores there is no aggregate; without anything to show no index."""
    jobs = study(embeddings={}, scores={}, figures={})
    left = finished - paths(jobs)
    assert not [file for file in left if "neighbors" in file or "/scores" in file or "runs.parquet" in file]
    assert {file for file in left if not re.search("/runs/|/inputs/|/dump_input/", file)} == {
        f"results/mine/{name}"
        for dataset in ("digits", "few")
        for name in (
            f"data/{dataset}.h5",
            f"data/.{dataset}.h5.sha256",
            f"logs/prepare/{dataset}.log",
            f"benchmarks/prepare/{dataset}.tsv",
        )
    }


def test_a_figure_that_became_a_film_leaves_its_pictures(finished: set[str]):
    film = {"kind": "embedding_film", "on": {**ONE, "embedding": "steps", "layer": "hidden1"}}
    embeddings = {"steps": {"method": "dynamic_tsne", "over": "epochs", "lambda": 0.1, "on": {"layer": "hidden"}}}
    jobs = study(embeddings={"pca": {"method": "pca"}, "mds": {"method": "mds"}, **embeddings}, figures={"points": film})
    of_figure = {file for file in paths(jobs) if "points" in file}
    assert of_figure == {
        "results/mine/figures/points.svg",
        "results/mine/figures/points.png",
        "results/mine/logs/figure/points.log",
        "results/mine/benchmarks/figure/points.tsv",
    }
    assert [line for line in lines(jobs) if "points" in line] == [
        "results/mine/figures/points.png: 1 file, 100 bytes",
        "results/mine/figures/points.svg: 3 files, 300 bytes",
    ]


def test_a_file_that_no_job_is_known_to_have_written_is_left_alone(finished: set[str]):
    """With neither a SHA-256 nor the log of its job it may be a person's own, whatever its name."""
    for file in ("logs/figure/points.log", "figures/.points.csv.sha256"):
        Path("results/mine", file).unlink()
    jobs = study(figures={"same": {"kind": "score_by_depth", "score": "d_same", "on": {"embedding": "raw"}}})
    assert paths(jobs) == {"results/mine/benchmarks/figure/points.tsv"}


def test_another_study_is_not_looked_at(finished: set[str]):
    other = store.job_files("other", "figure", figure="gone")
    for file in (*other.outputs, other.log):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_bytes(b"")
    assert paths(study()) == set()


def test_removal_leaves_no_empty_folder_and_nothing_else_is_gone(finished: set[str]):
    jobs = study(seeds=3)
    files = unasked_files(jobs)
    assert remove(files, Path("results/mine")) == {}
    assert {str(file) for file in Path().rglob("*") if file.is_file()} == {file for file in finished if "/seed3" not in file}
    assert [folder for folder in Path().rglob("*/") if not any(folder.iterdir())] == []


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([0], "1 file, 0 bytes"),
        ([999], "1 file, 999 bytes"),
        ([1000, 500], "2 files, 1.5 kB"),
        ([2_000_000_000_000_000], "1 file, 2000.0 TB"),
    ],
)
def test_sizes_are_told_in_readable_units(sizes: list[int], said: str):
    assert counted([Unasked(Path("any"), size, (Path("any"),), False) for size in sizes]) == said
