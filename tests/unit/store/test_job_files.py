"""By its name it is known which job has written a file, and what a hidden file lies beside."""

from pathlib import Path

import pytest

from layerscope import store

RUN = "runs/digits/mlp/relu/seed0"


def test_a_job_writes_outputs_a_log_and_its_measurements():
    files = store.job_files("mine", "embed", source=RUN, sample="some", embedding="pca")
    assert files == store.JobFiles(
        outputs=(f"results/mine/{RUN}/some/embeddings/pca.h5",),
        log=f"results/mine/logs/embed/{RUN}/some/pca.log",
        benchmark=f"results/mine/benchmarks/embed/{RUN}/some/pca.tsv",
    )


@pytest.mark.parametrize(
    ("name", "logs"),
    [
        ("data/digits.h5", ["prepare/digits"]),
        (f"{RUN}/spectra.h5", [f"train/{RUN}"]),
        (f"{RUN}/some/activations.h5", [f"dump/{RUN}/some", f"dump_given/{RUN}/some"]),
        ("inputs/digits/some/activations.h5", ["dump_input/digits/some"]),
        (f"{RUN}/some/scores/pca.csv", [f"score_embedding/{RUN}/some/pca"]),
        (f"{RUN}/some/observations/pca.h5", [f"score_observations/{RUN}/some/pca"]),
        (f"{RUN}/some/scores/beside.csv", [f"score_beside/{RUN}/some", f"score_embedding/{RUN}/some/beside"]),
        ("inputs/digits/some/observations/raw.h5", ["score_observations/inputs/digits/some/raw"]),
        ("scores.parquet", ["aggregate"]),
        ("figures/hit.png", ["figure/hit"]),
        ("figures/moves.gif", ["film/moves"]),
        ("figures/hit.csv", ["figure/hit", "film/hit"]),
        ("logs/table/separation.log", ["table/separation"]),
        (f"explorer/sources/{RUN}/some.js", [f"explore_source/{RUN}/some"]),
        ("explorer/samples/digits/some.js", ["explore_sample/digits/some"]),
        ("explorer/index.html", ["explorer"]),
        ("index.html", ["index"]),
        (f"benchmarks/score_sample/{RUN}/some.tsv", [f"score_sample/{RUN}/some"]),
    ],
)
def test_the_job_of_a_file_is_known_by_its_name(name: str, logs: list[str]):
    assert [job.log for job in store.jobs_of_file("mine", f"results/mine/{name}")] == [
        f"results/mine/logs/{log}.log" for log in logs
    ]


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "figures/hit.pdf",
        "figures/old/hit.png",
        "tables/a b.md",
        "logs/mine.log",
        "runs/digits/mlp/relu/seed/history.csv",
    ],
)
def test_no_job_writes_files_with_other_names(name: str):
    assert store.jobs_of_file("mine", f"results/mine/{name}") == []


@pytest.mark.parametrize(
    ("hidden", "file"),
    [
        (f"{RUN}/.history.csv.sha256", f"{RUN}/history.csv"),
        (f"{RUN}/.history.csv.0123abcd.writing", f"{RUN}/history.csv"),
        (f"{RUN}/..history.csv.sha256.0123abcd.writing", f"{RUN}/history.csv"),
        (f"{RUN}/.training.partial/state.safetensors", f"{RUN}/checkpoints.safetensors"),
        (f"{RUN}/some/.neighbors.h5.partial/part.npz", f"{RUN}/some/neighbors.h5"),
        (f"{RUN}/some/.neighbors.h5.partial/.part.npz.0123abcd.writing", f"{RUN}/some/neighbors.h5"),
    ],
)
def test_a_hidden_file_belongs_to_the_file_beside_it(hidden: str, file: str):
    assert store.accompanied(Path(hidden)) == Path(file)


@pytest.mark.parametrize("name", [f"{RUN}/history.csv", ".notes", "figures/.hit.csv.swp", ".history.csv.writing"])
def test_other_files_belong_to_none(name: str):
    assert store.accompanied(Path(name)) == Path(name)
