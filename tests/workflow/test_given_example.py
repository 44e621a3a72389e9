"""The example of activations from elsewhere in the documentation, run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
from checkout import PROJECT, copy_project, snakemake

from layerscope import results

PAGE = (PROJECT / "docs/own-networks.md").read_text().partition("## Activations from elsewhere")[2]


def test_the_example_runs_as_it_is_documented(tmp_path: Path, monkeypatch):
    project = copy_project(tmp_path / "project")
    monkeypatch.chdir(project)
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [study] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": "workflow"})
    Path("mine.yaml").write_text(study)
    done = snakemake(project, "--cores", "2", study="mine.yaml")
    assert done.returncode == 0, done.stdout
    made = results.open("results/mine")
    assert [(one["architecture"], one["seed"]) for one in made.networks()] == [("mine", 0), ("mine", 1), ("mine", 2)]
    assert set(made.network_table()["status"]) == {"given"}
    hits = made.runs("neighborhood_hit")
    assert set(hits["state"]) == {"trained"}
    by_layer = hits[hits["space"] == "raw"].groupby("layer")["value"].mean()
    assert by_layer["block1"] > 0.8
    drawn = pd.read_csv("results/mine/figures/layers.csv")
    assert len(drawn) == 2 * 90
    assert Path("results/mine/figures/hit_by_depth.png").exists()
