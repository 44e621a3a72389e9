"""What an edit makes stale, by real dry-runs on a finished study: the table of the README, row by row."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from checkout import TINY, copy_project, jobs_of, plan, planned

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("staleness")]

MLP = ("runs/digits/mlp/relu/seed0", "runs/digits/mlp/relu/seed1")
CNN = ("runs/digits/cnn/tanh/seed0",)
VGG = ("runs/shapes/vgg/relu/seed0",)
CODER = ("runs/shapes/coder/relu/seed0",)
UNEVEN = ("runs/uneven/small/relu/seed0",)
INPUT = ("inputs/digits",)
SHOWN = {
    *("Drawing figure hit", "Drawing figure stillness", "Writing table separation", "Judging the claims"),
    *("Writing the explorer", "Writing the index"),
}
AFTER_SCORES = {"Aggregating all scores", *SHOWN}
OF_TSNE = {f"Drawing figure {name}" for name in ("grid", "confused", "knows", "insets")}
# Steps embedded together, of one network.
DYNAMIC = ("moving", "still")
OF_MAPS = {"Drawing figure maps"}


def training(*runs: str) -> set[str]:
    return {f"Training {run}" for run in runs} | {f"Scoring {run}" for run in runs}


def embedding(*sources: str, name: str) -> set[str]:
    jobs = {f"Embedding {source} on some by {name}" for source in sources}
    jobs |= {f"Scoring {source} on some in {name}" for source in sources}
    return jobs | {f"Gathering {source} on some for the explorer" for source in sources}


def looking(*runs: str) -> set[str]:
    """Everything between a network and the aggregate."""
    jobs = {f"Dumping {run} on some" for run in runs} | {f"Finding neighbors in {run} on some" for run in runs}
    jobs |= {f"Scoring {run} on some" for run in runs}
    jobs |= {f"Scoring the representations of {run} on some" for run in runs}
    jobs |= embedding(*runs, name="pca")
    jobs |= embedding(*(run for run in runs if run == MLP[0]), name="tsne")
    return jobs


def scoring(*sources: str) -> set[str]:
    """All scores of representations and embeddings."""
    jobs = {f"Scoring the representations of {source} on some" for source in sources}
    jobs |= {f"Scoring {source} on some in pca" for source in sources}
    jobs |= {f"Scoring {source} on some in tsne" for source in sources if source in (MLP[0], INPUT[0])}
    return jobs | {f"Scoring {source} on some in {name}" for source in sources if source == MLP[0] for name in DYNAMIC}


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text, f"{file} has no {old}"
        (folder / file).write_text(text.replace(old, new, 1))

    return edit


def in_study(old: str, new: str) -> Callable[[Path], None]:
    return replaced(TINY, old, new)


def code_edited(module: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with open(folder / "workflow/layerscope" / module, "a") as file:
            file.write("\nEDITED = True\n")

    return edit


def appended(file: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with open(folder / "workflow/layerscope" / file, "a") as written:
            written.write("\n")

    return edit


def touched(*files: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        for file in files:
            os.utime(folder / file)

    return edit


def keys_reordered(folder: Path) -> None:
    text = (folder / TINY).read_text()
    blocks = text.replace("{lr: 0.1, epochs: 2, batch: 64}", "{batch: 64, epochs: 2, lr: 0.1}")
    head, seeds, rest = blocks.partition("seeds: 2\n")
    (folder / TINY).write_text(head + rest + seeds)


def shapes_edited(folder: Path) -> None:
    with np.load(folder / "shapes.npz") as stored:
        arrays = dict(stored)
    arrays["x_train"][0, 0, 0] ^= 1
    np.savez(folder / "shapes.npz", **arrays)


EVERYWHERE = (*MLP, *CNN, *INPUT)
BIG_FILE = "results/tiny/data/shapes.h5"
CASES = {
    "one more dataset, and the learning rate of another network": (
        lambda folder: [
            edit(folder)
            for edit in (
                in_study("datasets:\n", "datasets:\n  more: {source: sklearn, test: 110}\n"),
                in_study("grids:\n", "grids:\n  - {datasets: [more], architectures: [small], activations: [relu], seeds: [0]}\n"),
                in_study("lr: 0.05", "lr: 0.06"),
            )
        ],
        {"Preparing dataset more"} | training("runs/more/small/relu/seed0", *CNN) | looking(*CNN) | AFTER_SCORES | OF_MAPS,
    ),
    "a figure's option": (
        in_study("score: neighborhood_hit, on: {dataset: digits", "title: Hits, score: neighborhood_hit, on: {dataset: digits"),
        {"Drawing figure hit", "Writing the index"},
    ),
    "a table's option": (
        in_study("scores: [d_same], on", "title: Separation, scores: [d_same], on"),
        {"Writing table separation", "Writing the index"},
    ),
    "a claim": (in_study("expect: positive", "expect: negative"), {"Judging the claims", "Writing the index"}),
    "a score's option": (in_study("neighborhood_hit: {k: 6}", "neighborhood_hit: {k: 7}"), scoring(*EVERYWHERE) | AFTER_SCORES),
    "a score that reads the weights, and another layer": (
        in_study(
            "  accuracy: {}\n",
            "  accuracy: {}\n  nc3: {on: {architecture: mlp, layer: hidden2}}\n"
            "  neighbors_changed: {k: 9, on: {architecture: mlp}}\n",
        ),
        {f"Scoring the representations of {run} on some beside others" for run in MLP} | AFTER_SCORES,
    ),
    "scores kept of every observation": (
        in_study("figures:\n", "observations: {scores: [neighborhood_hit], on: {architecture: mlp, embedding: raw}}\nfigures:\n"),
        {f"Scoring every observation of {source} on some in raw" for source in (*MLP, *INPUT)}
        | {f"Gathering {source} on some for the explorer" for source in (*MLP, *INPUT)}
        | {"Writing the explorer"},
    ),
    "an embedding's option": (
        in_study("iterations: 40, on", "iterations: 60, on"),
        embedding(MLP[0], *INPUT, name="tsne") | AFTER_SCORES | OF_TSNE,
    ),
    "the lambda of an evolution": (
        in_study("lambda: 1000", "lambda: 100"),
        embedding(MLP[0], name="still") | AFTER_SCORES | {"Making film moves"},
    ),
    "a film's module": (code_edited("figures/embedding_film.py"), {"Making film moves", "Writing the index"}),
    "how many trees look at neurons": (
        in_study("trees: 10", "trees: 12"),
        {f"Mapping the neurons of {MLP[0]} on some", "Drawing figure correlated", "Drawing figure knows", "Writing the index"},
    ),
    "one more seed": (
        in_study(
            "activations: [relu]}\n  - {datasets: [digits], architectures: [cnn]",
            "activations: [relu], seeds: [0, 1, 2]}\n  - {datasets: [digits], architectures: [cnn]",
        ),
        training("runs/digits/mlp/relu/seed2") | looking("runs/digits/mlp/relu/seed2") | AFTER_SCORES,
    ),
    "one more snapshot": (
        in_study("{on: {architecture: cnn}, lr: 0.05}", "{on: {architecture: cnn}, lr: 0.05, snapshots: [0, 1, last]}"),
        training(*CNN) | looking(*CNN) | AFTER_SCORES | OF_MAPS,
    ),
    "one more dataset": (
        lambda folder: [
            edit(folder)
            for edit in (
                in_study("datasets:\n", "datasets:\n  more: {source: sklearn, test: 110}\n"),
                in_study("grids:\n", "grids:\n  - {datasets: [more], architectures: [cnn], activations: [tanh], seeds: [0]}\n"),
            )
        ],
        {"Preparing dataset more", "Dumping the input of more on some"}
        | training("runs/more/cnn/tanh/seed0")
        | looking("runs/more/cnn/tanh/seed0")
        | {"Finding neighbors in inputs/more on some", "Scoring the representations of inputs/more on some"}
        | embedding("inputs/more", name="pca")
        | {"Gathering some of more for the explorer"}
        | AFTER_SCORES,
    ),
    "the learning rate of one architecture": (
        in_study("lr: 0.05", "lr: 0.06"),
        training(*CNN) | looking(*CNN) | AFTER_SCORES | OF_MAPS,
    ),
    "which phases are followed": (
        in_study("phases: [train, evaluation], epochs: all", "phases: [train, evaluation]"),
        training(*CODER) | AFTER_SCORES,
    ),
    "how often, where no training batch is followed": (
        in_study("lr: 0.05", "lr: 0.05, spectra: {every: 3}"),
        set(),
    ),
    "the threshold of a saturation": (
        in_study("saturation: {}", "saturation: {threshold: 0.9}"),
        {f"Scoring {run}" for run in (*MLP, *CNN, *VGG, *CODER, *UNEVEN)} | AFTER_SCORES,
    ),
    "the rates of classes": (in_study("lowest: 0.1", "lowest: 0.2"), training(*UNEVEN) | AFTER_SCORES),
    "the classes of a derived dataset": (
        in_study('classes: ["3", "8", "1"]', 'classes: ["3", "8"]'),
        {"Preparing dataset uneven"} | training(*UNEVEN) | AFTER_SCORES,
    ),
    "vgg.py": (code_edited("models/families/vgg.py"), training(*VGG) | AFTER_SCORES),
    "an engine": (
        code_edited("embedding/tsne_layerscope.py"),
        embedding(MLP[0], *INPUT, name="tsne") | AFTER_SCORES | OF_TSNE,
    ),
    "a figure's module": (code_edited("figures/score_by_depth.py"), {"Drawing figure hit", "Writing the index"}),
    "a score's module": (
        code_edited("scoring/kl.py"),
        {f"Scoring {source} on some in pca" for source in EVERYWHERE}
        | {f"Scoring {source} on some in tsne" for source in (MLP[0], *INPUT)}
        | {f"Scoring {MLP[0]} on some in {name}" for name in DYNAMIC}
        | AFTER_SCORES,
    ),
    "what the explorer's page runs": (appended("explorer/page/main.js"), {"Writing the explorer"}),
    "the template of the index": (appended("study_page/index.html"), {"Writing the index"}),
    "the formula of saturation": (
        code_edited("saturation/dimension.py"),
        {f"Scoring {run}" for run in (*MLP, *CNN, *VGG, *CODER, *UNEVEN)} | AFTER_SCORES,
    ),
    "a value in an array of one's own": (
        shapes_edited,
        {"Preparing dataset shapes"} | training(*VGG, *CODER) | AFTER_SCORES,
    ),
    "an array of one's own, written anew": (touched("shapes.npz"), set()),
    "store/layout.py": (code_edited("store/layout.py"), set()),
    "study/load.py": (code_edited("study/load.py"), set()),
    "key order": (keys_reordered, set()),
    "a comment": (in_study("seeds: 2", "seeds: 2  # two are few"), set()),
    "0.1 written 0.10": (in_study("lr: 0.1,", "lr: 0.10,"), set()),
    "5 written 5.0": (in_study("perplexity: 5,", "perplexity: 5.0,"), set()),
    "64 written 64.0": (in_study("batch: 64", "batch: 64.0"), set()),
    "touched results and sources": (
        touched(
            BIG_FILE,
            "results/tiny/runs/digits/mlp/relu/seed0/some/activations.h5",
            "workflow/layerscope/models/families/mlp.py",
        ),
        set(),
    ),
    "two values swapped": (
        in_study("early_exaggeration_iterations: 50, iterations: 40", "early_exaggeration_iterations: 40, iterations: 50"),
        embedding(MLP[0], *INPUT, name="tsne") | AFTER_SCORES | OF_TSNE,
    ),
    "one more sample": (
        in_study("samples:", "samples:\n  few: {split: test, choose: first, n: 50, on: {architecture: cnn}}"),
        {
            job.replace("on some", "on few")
            for job in {"Dumping the input of digits on some"}
            | {"Finding neighbors in inputs/digits on some"}
            | looking(*CNN)
            | scoring(*INPUT)
            | embedding(*INPUT, name="pca")
            if not job.endswith("in tsne")
        }
        | {"Gathering few of digits for the explorer"}
        | AFTER_SCORES,
    ),
    "one more draw of a sample": (
        in_study("n: 100}", "n: 100, draws: 2}"),
        {
            job.replace("on some", "on some_draw2")
            for job in {"Dumping the input of digits on some", "Finding neighbors in inputs/digits on some"}
            | looking(*MLP, *CNN)
            | scoring(*EVERYWHERE)
            | {f"Embedding {source} on some by {name}" for source in INPUT for name in ("pca", "tsne")}
            | {f"Embedding {MLP[0]} on some by {name}" for name in DYNAMIC}
            if not job.endswith("for the explorer")
        }
        | AFTER_SCORES,
    ),
}


# What the reasons at the end of a plan say of some of these edits, with equal reasons of many jobs in one line.
TOLD = {
    "the learning rate of one architecture": ["train digits/cnn/tanh/seed0: training.lr 0.05 → 0.06"],
    "a score's option": ["scores.neighborhood_hit.options.k 6 → 7: 12 jobs (4 score_raw, 8 score_embedding)"],
    "one more seed": [
        "not made yet: 9 jobs (1 train, 1 dump, 1 neighbors, 1 embed, 1 score_run, 1 score_sample, 1 score_raw, "
        "1 score_embedding, 1 explore_source)",
        "aggregate: expected[2].seeds [1] → [1, 2], networks[1].seeds [0, 1] → [0, 1, 2]",
        "explorer: catalogue.networks[1].seeds [1] → [1, 2]",
        "what comes after: 5 jobs (1 claims, 2 figure, 1 table, 1 index)",
    ],
    "a figure's option": ['figure hit: options.title "" → "Hits"'],
    "vgg.py": ["train shapes/vgg/relu/seed0: workflow/layerscope/models/families/vgg.py edited"],
    "a value in an array of one's own": ["prepare shapes: shapes.npz edited"],
    "two values swapped": ["options.early_exaggeration_iterations 50 → 40, options.iterations 40 → 50: 2 embed jobs"],
}


@pytest.mark.parametrize("case", CASES)
def test_an_edit_reruns_what_reads_it_and_nothing_else(study_copy: Path, case: str):
    edit, stale = CASES[case]
    edit(study_copy)
    told = plan(study_copy)
    assert jobs_of(told) == stale
    head, _, reasons = told.partition("\nWhat is to be done, and why:\n")
    assert bool(reasons) == bool(stale) == ("these jobs would take about " in reasons)
    for line in TOLD.get(case, []):
        assert f"  {line}" in reasons.splitlines()
    # Nothing is told by whole params, nor by lists of files.
    assert [line for line in head.splitlines() if len(line) > 300] == []


def test_the_touched_file_is_larger_than_snakemakes_own_limit_for_checksums(finished_study: Path):
    assert (finished_study / BIG_FILE).stat().st_size > 1_000_000


def test_the_job_counts_of_the_default_study_follow_from_its_config(tmp_path: Path):
    folder = copy_project(tmp_path / "fresh")
    networks = {("mnist5k", "mlp"): 2 * 3, ("digits", "mlp"): 2 * 3, ("mnist5k", "cnn"): 2 * 3}
    controls, datasets = 3, 2
    runs, embedded = sum(networks.values()) + controls, sum(networks.values()) + datasets
    sources = runs + datasets
    # One method, two more of inputs and of networks of ReLU, one network by another engine, and three perplexities of
    # three networks; controls are not embedded.
    of_relu = sum(networks.values()) // 2
    embeddings = embedded + 2 * (of_relu + datasets) + 1 + 3 * 3
    expected = {
        "Preparing": datasets,
        "Training": runs,
        "Dumping": sources,
        "Finding": sources,
        "Embedding": embeddings,
        # Every network as such and on its sample, every source in its own space and in every embedding.
        "Scoring": 2 * runs + sources + embeddings,
        "Aggregating": 1,
        "Judging": 1,
        "Drawing": 16,
        # Three seeds of two architectures.
        "Comparing": 6,
        # Every source that is embedded, every sample of a dataset, and all comparisons.
        "Gathering": embedded + datasets + 1,
        # Tables, the explorer and the index.
        "Writing": 5 + 2,
    }
    assert Counter(job.split()[0] for job in planned(folder, study="config.yaml")) == expected
