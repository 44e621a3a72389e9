"""What jobs ask for follows the size of their work, and grows when they are tried again."""

from types import SimpleNamespace

import pytest
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from layerscope.explorer import drawn, observations
from layerscope.files.sources import PACKAGE
from layerscope.jobs import resources
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.resources import (
    LEAST_MEMORY,
    LEAST_MEMORY_HERE,
    LEAST_MINUTES,
    LEAST_MINUTES_OF_SCORES,
    LEAST_WITH_DEVICE,
)
from layerscope.models.network import build_network
from layerscope.models.size import network_size
from layerscope.saturation import covariance
from layerscope.stages import dump
from layerscope.study.kinds import Kinds
from layerscope.study.load import load_study
from layerscope.training import evaluation

STUDY = {
    "study": "sizes",
    "seeds": 1,
    "device": "cpu",
    "datasets": {
        "mine": {"source": "npz", "path": "mine.npz", "shape": [28, 28], "n": {"train": 6000, "test": 6000}, "classes": 10}
    },
    "architectures": {"mlp": {"family": "mlp", "hidden": [512, 256]}},
    "grids": [{"datasets": ["mine"], "architectures": ["mlp"], "activations": ["relu"]}],
    "training": {"default": {"lr": 0.1, "epochs": 10, "batch": 64}},
    "samples": {"some": {"split": "test", "choose": "first", "n": 2000}},
    "representations": {"whole": {"layers": "all"}},
    "neurons": {"layers": ["hidden2"]},
    "embeddings": {"tsne": {"method": "tsne", "engine": "exact"}},
    "scores": {"d_same": {}, "accuracy": {}},
    "comparisons": {"alike": {"between": "layers", "measures": ["cka"]}},
    "figures": {"hit": {"kind": "score_by_depth", "score": "d_same"}, "accuracies": {"kind": "training_curves"}},
    "tables": {"separation": {"kind": "trained_untrained", "scores": ["d_same"]}},
}
MANY_POINTS = {
    "samples__some": {"split": "test", "choose": "all"},
    "datasets__mine__n": {"train": 9, "test": 400_000},
    "embeddings__tsne": {"method": "pca"},
}
MANY_SCORES = {"embeddings__tsne__seeds": 300_000}
RUN = "runs/mine/mlp/relu/seed0"
KEYS = SimpleNamespace(
    dataset="mine",
    run=RUN,
    source=RUN,
    sample="some",
    space="raw",
    embedding="tsne",
    comparison="alike",
    figure="hit",
    film="hit",
    table="separation",
)


@pytest.fixture
def jobs(tmp_path):
    """The jobs of STUDY with some keys changed: `on path.to.key: value`."""

    def make(**changes):
        study = yaml.safe_load(yaml.safe_dump(STUDY))
        for path, value in changes.items():
            *blocks, key = path.split("__")
            block = study
            for name in blocks:
                block = block[name]
            block[key] = value
        file = tmp_path / "study.yaml"
        file.write_text(yaml.safe_dump(study))
        return Jobs(load_study(str(file), {}))

    return make


def rules():
    """The rules that ask for resources, by the files that they are in."""
    folder = PACKAGE.parent / "rules"
    texts = [part for file in folder.glob("*.smk") for part in file.read_text().split("\nrule ")]
    return {
        text.removeprefix("rule ").split(":")[0]
        for text in texts
        if "mem_mb=jobs.resources.memory" in text and "runtime=jobs.resources.runtime" in text
    }


def test_every_rule_that_runs_a_stage_asks_for_memory_and_time():
    folder = PACKAGE.parent / "rules"
    stages = sum(file.read_text().count("python -m layerscope.stages.") for file in folder.glob("*.smk"))
    assert len(rules()) == stages


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_second_attempt_asks_for_twice_as_much(jobs, rule):
    made = jobs()
    assert made.resources.memory(KEYS, rule, 2) == 2 * made.resources.memory(KEYS, rule, 1) >= 2 * LEAST_MEMORY
    assert made.resources.runtime(KEYS, rule, 3) == 3 * made.resources.runtime(KEYS, rule, 1)
    assert made.resources.runtime(KEYS, rule, 1) >= (LEAST_MINUTES_OF_SCORES if rule.startswith("score") else LEAST_MINUTES)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("prepare", {"datasets__mine__n": {"train": 900_000, "test": 6000}}),
        ("train", {"datasets__mine__n": {"train": 900_000, "test": 6000}}),
        ("train", {"architectures__mlp__hidden": [9000, 9000]}),
        ("train", {"training__default__batch": 200_000}),
        ("train", {"training__default__snapshots": list(range(11)), "architectures__mlp__hidden": [4000, 4000]}),
        ("dump", {"architectures__mlp__hidden": [9000, 9000]}),
        ("neighbors", MANY_POINTS),
        ("embed", {"samples__some__n": 6000, "embeddings__tsne": {"method": "mds"}}),
        ("score_raw", MANY_POINTS),
        ("score_observations", MANY_POINTS),
        ("score_beside", MANY_POINTS),
        ("neurons", {"architectures__mlp__hidden": [512, 9000]}),
        ("compare", {"architectures__mlp__hidden": [90_000, 8]}),
        ("compare", {"comparisons__alike__measures": ["rsa"], "samples__some__n": 6000}),
        ("aggregate", MANY_SCORES),
        ("figure", MANY_SCORES),
        ("table", MANY_SCORES),
        ("explore_sample", {"datasets__mine__shape": [3, 800, 800]}),
        ("explore_source", {"architectures__mlp__hidden": [90_000, 8]}),
        ("explorer", MANY_SCORES),
    ],
)
def test_larger_work_asks_for_more_memory(jobs, rule, changes):
    assert jobs(**changes).resources.memory(KEYS, rule, 1) > jobs().resources.memory(KEYS, rule, 1)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("train", {"training__default__epochs": 5000}),
        ("train", {"architectures__mlp__hidden": [9000, 9000]}),
        ("neighbors", MANY_POINTS),
        ("embed", {"samples__some__n": 6000, "embeddings__tsne": {"method": "tsne", "engine": "exact", "iterations": 50_000}}),
        ("embed", {"embeddings__tsne__seeds": 500}),
        ("score_raw", MANY_POINTS),
        ("compare", MANY_POINTS),
        ("score_observations", MANY_POINTS),
        ("score_beside", MANY_POINTS),
    ],
)
def test_longer_work_asks_for_more_time(jobs, rule, changes):
    assert jobs(**changes).resources.runtime(KEYS, rule, 1) > jobs().resources.runtime(KEYS, rule, 1)


def test_a_figure_asks_for_no_more_than_it_reads(jobs):
    """Other scores than its own, or none at all, where it is made from no table of scores."""
    many = jobs(**MANY_SCORES, scores__d_same={"on": {"embedding": "raw"}}, scores__d_different={})
    assert many.resources.memory(KEYS, "aggregate", 1) > LEAST_MEMORY
    assert many.resources.memory(KEYS, "figure", 1) == LEAST_MEMORY
    of_history = SimpleNamespace(figure="accuracies")
    assert jobs(**MANY_SCORES).resources.memory(of_history, "figure", 1) == LEAST_MEMORY


def test_more_threads_ask_for_less_time(jobs):
    long = {"training__default__epochs": 5000, "architectures__mlp__hidden": [2000, 2000]}
    assert jobs(**long, threads=4).resources.runtime(KEYS, "train", 1) < jobs(**long).resources.runtime(KEYS, "train", 1)


def test_libraries_of_a_device_take_memory_of_the_host(jobs):
    asked = [jobs(device=device).resources.memory(KEYS, "train", 1) for device in ("cpu", "auto", "cuda")]
    assert asked[1] == LEAST_WITH_DEVICE
    assert asked[0] < asked[1] < asked[2]


def test_small_jobs_ask_for_less_on_the_machine_of_a_person(jobs):
    small, large = jobs(), jobs(architectures__mlp__hidden=[8000, 8000])
    on_cluster = large.resources.memory(KEYS, "train", 1)
    for made in (small, large):
        made.resources.on_cluster = False
    assert small.resources.memory(KEYS, "index", 1) == LEAST_MEMORY_HERE
    assert LEAST_MEMORY_HERE < small.resources.memory(KEYS, "train", 1) < LEAST_MEMORY
    assert large.resources.memory(KEYS, "train", 1) == on_cluster > LEAST_WITH_DEVICE


def test_an_embedding_asks_for_a_device_where_its_option_says_so(jobs):
    asked = [
        jobs(embeddings__tsne={"method": "tsne", **options}).resources.gpus_to_embed(KEYS)
        for options in ({}, {"engine": "pytorch"}, {"engine": "pytorch", "device": "cuda"})
    ]
    assert asked == [0, 0, 1]


def test_a_dataset_of_unknown_size_is_taken_for_a_large_one(jobs):
    known = STUDY["datasets"]["mine"]
    unknown = {key: value for key, value in known.items() if key != "n"}
    assert jobs(datasets__mine=unknown).resources.runtime(KEYS, "train", 1) >= jobs().resources.runtime(KEYS, "train", 1)


def test_an_engine_may_cost_less_beyond_some_number_of_points(jobs):
    """All pairs of 10,000 points take more memory than the graph of some more, and much more time than three such descents."""
    engine = {"method": "tsne", "engine": "layerscope"}
    border, beyond, restarted = (
        jobs(datasets__mine__n={"train": 100_000, "test": 20_000}, samples__some__n=n, embeddings__tsne={**engine, **options})
        for n, options in ((10_000, {}), (12_000, {}), (12_000, {"restarts": 3}))
    )
    needs = [found.resources.need("embed", KEYS) for found in (border, beyond, restarted)]
    assert needs[1].memory < needs[0].memory
    assert needs[1].seconds < needs[2].seconds < needs[0].seconds


def test_every_engine_declares_its_cost():
    """Without one an embedding asks for as much as if it went over all pairs of points."""
    assert all(kind.says("cost") for kind in Kinds().of("embeddings").values())


@pytest.mark.parametrize(
    ("family", "options", "shape", "maps"),
    [
        ("mlp", {"hidden": [12, 6], "dropout": 0, "batch_norm": False}, (1, 6, 6), 0),
        (
            "cnn",
            {
                "convolutions": [{"channels": 3, "kernel": 3, "padding": "same", "pool": 2, "dropout": 0}],
                "hidden": [7],
                "dropout": 0,
                "batch_norm": False,
                "ceil_mode": True,
            },
            (2, 8, 8),
            2 * 3 * 8 * 8 + 3 * 4 * 4,
        ),
    ],
)
def test_the_size_of_a_network_counts_its_weights_products_and_values_of_maps(family, options, shape, maps):
    options = {"family": family, "initialisation": "default", "output_activation": "identity", **options}
    network = build_network("it", options, shape, 3, "relu", 0)
    size = network_size(network.plan, shape)
    weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    assert size.parameters == sum(weight.numel() for weight in weights)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *shape))
    assert size.operations == counter.get_total_flops()
    assert size.maps == maps


def test_batches_are_those_of_the_stages():
    """Planning imports no stage, so the estimates hold copies of their constants."""
    assert resources.EVALUATION_BATCH == evaluation.EVALUATION_BATCH
    assert resources.DUMP_BATCH == dump.BATCH
    assert resources.DRAWN == drawn.LARGEST
    assert resources.OBSERVATIONS_SHOWN == observations.PART
    assert resources.ROWS_FOLLOWED == covariance.FEWEST_ROWS_MERGED
