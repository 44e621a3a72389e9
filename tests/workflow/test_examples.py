"""The example studies of networks of one's own: planned as they ship, and one of them run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import PROJECT, copy_project, planned, snakemake
from safetensors.torch import save_file

from layerscope.torchvision_import import import_torchvision

EXAMPLES = sorted(file.stem for file in (PROJECT / "workflow/studies/examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project with weights and pictures of a person's own."""
    folder = copy_project(tmp_path_factory.mktemp("examples") / "project")
    weights = import_torchvision().models.resnet18(weights=None).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / "resnet18.safetensors")
    generator = np.random.default_rng(0)
    splits = (("train", 300), ("test", 1000))
    pictures = {f"x_{split}": generator.integers(256, size=(n, 3, 32, 32), dtype=np.uint8) for split, n in splits}
    np.savez(folder / "cifar10_part.npz", **pictures, **{f"y_{split}": np.arange(n) % 10 for split, n in splits})
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_planned_as_it_ships(project: Path, name: str):
    jobs = planned(project, study=f"workflow/studies/examples/{name}.yaml")
    assert sum(job.startswith("Training ") for job in jobs) == 3
    assert {"Judging the claims", "Drawing figure layers", "Drawing figure depth"} <= jobs


def test_a_transformer_learns_an_order_that_counts_do_not_tell(project: Path):
    """One network, to its scores: what its blocks make of a sequence, beside how often each token stands in it."""
    study = "workflow/studies/examples/transformer.yaml"
    sources = ("runs/marks/transformer/relu/seed0", "inputs/marks")
    raw = [f"results/transformer/{source}/all_test/scores/raw.csv" for source in sources]
    done = snakemake(project, "--cores", "2", *raw, study=study)
    assert done.returncode == 0, done.stdout
    network, counts = (pd.read_csv(project / file) for file in raw)
    hits = network[network["metric"] == "neighborhood_hit"].set_index(["layer", "epoch"])["value"]
    assert hits["blocks.1", 8] > 0.8
    assert hits["blocks.1", 0] < 0.3
    assert counts.loc[counts["metric"] == "neighborhood_hit", "value"].item() < 0.3
