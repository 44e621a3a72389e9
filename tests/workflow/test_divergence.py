"""A training that diverges is a result: recorded, flagged and counted, never a failed study."""

from pathlib import Path

import pandas as pd
import pytest
from checkout import copy_project, snakemake

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("staleness")]

STUDY = """
study: diverging
seeds: 1
datasets: {digits: {source: sklearn, test: 120}}
architectures: {mlp: {family: mlp, hidden: [8]}, wild: {family: mlp, hidden: [6]}}
grids: [{datasets: [digits], architectures: [mlp, wild], activations: [relu]}]
training:
  default: {epochs: 1}
  overrides: [{on: {architecture: wild}, lr: 1.0e+30}]
samples: {few: {split: test, choose: first, n: 60}}
representations: {whole: [hidden1]}
neighbors: {k: 10}
embeddings: {pca: {method: pca}, late: {method: pca, on: {state: trained}}}
scores: {d_same: {}, neighborhood_hit: {}, saturation: {}, accuracy: {}}
tables: {separation: {kind: trained_untrained, scores: [d_same], on: {architecture: wild, embedding: pca}}}
"""


@pytest.mark.usefixtures("finished_study")
def test_a_diverged_network_leaves_rows_with_the_reason(tmp_path: Path):
    folder = copy_project(tmp_path / "project")
    (folder / "diverging.yaml").write_text(STUDY)
    done = snakemake(folder, "--cores", "2", study="diverging.yaml")
    assert done.returncode == 0, done.stdout
    root = folder / "results/diverging"
    scores = pd.read_parquet(root / "scores.parquet")
    lost = scores[(scores["architecture"] == "wild") & (scores["epoch"] == 1)]
    found = scores[(scores["architecture"] == "mlp") & (scores["epoch"] == 1)]
    assert len(lost) == len(found)
    assert set(lost["space"]) == {"run", "raw", "pca", "late"}
    assert lost["value"].isna().all()
    assert lost["degenerate"].str.startswith("diverged: losses, weights or outputs are no longer finite in epoch 1").all()
    assert found["value"].notna().all()
    summary = pd.read_csv(root / "summary.csv")
    missing = summary[(summary["architecture"] == "wild") & (summary["epoch"] == 1) & (summary["metric"] == "d_same")]
    assert (missing["n_missing"] == 1).all()
    assert (missing["n_runs"] == 0).all()
    networks = pd.read_csv(root / "networks.csv").set_index("architecture")
    assert networks.loc["wild", "status"] == "diverged"
    table = pd.read_csv(root / "tables/separation.csv")
    assert table["d_same"].iloc[-1].startswith("- / 0.")
