"""A study of numbers to predict, from a person's table to its figures."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import copy_project, snakemake

from layerscope import results

pytestmark = [pytest.mark.study]

STUDY = """
study: houses
seeds: 1
datasets:
  houses: {source: table, path: houses.csv, task: regression, label: [price, size], test: 80}
architectures:
  mlp: {family: mlp, hidden: [16]}
training:
  default: {lr: 0.05, epochs: 15, batch: 32}
embeddings:
  pca: {method: pca}
scores:
  loss: {}
  r2: {}
  linear_probe_r2: {}
  trustworthiness: {}
  saturation: {}
figures:
  grid: {kind: embedding_grid, on: {embedding: pca}}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("regression") / "project")
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.normal(size=(300, 4)), columns=list("abcd"))
    table["price"] = 250_000 + 80_000 * (table["a"] - table["b"]) + 8_000 * generator.normal(size=300)
    table["size"] = 100 + 20 * table["c"] + 2 * generator.normal(size=300)
    table.to_csv(folder / "houses.csv", index=False)
    (folder / "houses.yaml").write_text(STUDY)
    done = snakemake(folder, "--cores", "2", study="houses.yaml")
    assert done.returncode == 0, done.stdout
    return folder


def test_numbers_are_learned_looked_at_and_scored(finished: Path):
    study = results.open(finished / "results/houses")
    [network] = study.networks()
    assert study.network_table()["status"].tolist() == ["ok"]
    scores = study.scores()
    assert np.isfinite(scores["value"]).all()
    trained = scores[scores["state"] == "trained"].set_index(["metric", "sample", "layer", "space"])["value"]
    # The noise is a hundredth of the variance of either target.
    assert 0.97 < trained["r2", "test", "", "run"] < 1
    assert trained["r2", "all_test", "", "run"] == pytest.approx(trained["r2", "test", "", "run"], abs=1e-4)
    assert trained["loss", "test", "", "run"] == pytest.approx(trained["loss", "all_test", "", "run"], rel=1e-4)
    assert trained["linear_probe_r2", "all_test", "output", "raw"] > 0.97
    assert trained["trustworthiness", "all_test", "hidden1", "pca"] > 0.6
    assert 0 < trained["saturation", "test", "hidden1", "run"] <= 1
    assert study.history(network)["accuracy"].isna().all()


def test_predictions_and_targets_are_in_the_units_of_the_table(finished: Path):
    study = results.open(finished / "results/houses")
    [network] = study.networks()
    targets = study.targets(network, "all_test")
    table = pd.read_csv(finished / "houses.csv")
    assert targets.columns.tolist() == ["price", "size"]
    assert set(targets["price"]) < set(table["price"])
    last = list(study.predictions(network, "all_test"))[-1]
    assert last.classes is None
    errors = (last.targets - targets.to_numpy()).std(axis=0)
    assert (errors < [20_000, 5]).all()


def test_the_figure_shows_prices(finished: Path):
    table = pd.read_csv(finished / "results/houses/figures/grid.csv")
    assert table["target"].between(-100_000, 600_000).all()
    assert set(table["layer"]) == {"input", "hidden1", "output"}


def test_the_log_says_in_which_units_losses_are(finished: Path):
    log = (finished / "results/houses/logs/train/runs/houses/mlp/relu/seed0.log").read_text()
    assert "losses are squared errors of these: price (mean 2" in log
    prepared = (finished / "results/houses/logs/prepare/houses.log").read_text()
    assert "the targets are numbers, over the training split: price (mean 2" in prepared


def test_the_doctor_finds_nothing(finished: Path):
    command = [sys.executable, "-m", "layerscope.command", "doctor", "houses.yaml"]
    environment = {"PYTHONPATH": str(finished / "workflow"), "PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(command, cwd=finished, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
