"""Another workflow takes this one in by Snakemake's own means, and a part of the tiny study is made in it."""

from pathlib import Path

import pytest
from checkout import PROJECT, TINY, copy_project, snakemake

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("module")]

CALLER = """
import yaml

with open("tiny.yaml") as file:
    study = yaml.safe_load(file)
for block in ("embeddings", "scores", "figures", "tables"):
    study[block] = {{name: entry for name, entry in study[block].items() if name in ("pca", "neighborhood_hit", "hit")}}

module layerscope:
    snakefile: {snakefile!r}
    config: study

use rule * from layerscope as layerscope_*

rule both:
    default_target: True
    input:
        "results/tiny/figures/hit.png",
        "results/tiny/claims.csv",
    output: "report.txt"
    shell: "echo made of {{input}} > {{output}}"
"""


def test_a_study_is_part_of_another_workflow(tmp_path: Path):
    layerscope = copy_project(tmp_path / "layerscope")
    caller = tmp_path / "caller"
    caller.mkdir()
    (caller / "Snakefile").write_text(CALLER.format(snakefile=str(layerscope / "Snakefile")))
    (caller / "tiny.yaml").write_bytes((PROJECT / TINY).read_bytes())
    (caller / "shapes.npz").write_bytes((layerscope / "shapes.npz").read_bytes())
    done = snakemake(caller, "--cores", "2", "--snakefile", "Snakefile", study="tiny.yaml")
    assert done.returncode == 0, done.stdout
    assert (caller / "report.txt").read_text() == "made of results/tiny/figures/hit.png results/tiny/claims.csv\n"
    assert "Training runs/digits/mlp/relu/seed0" in done.stdout
    assert "Traceback" not in done.stdout
