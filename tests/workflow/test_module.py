"""Another workflow takes this one in by Snakemake's own means and makes the tiny study, on one core: the same bytes as on two."""

from pathlib import Path

import pytest
from checkout import PROJECT, TINY, copy_project, outputs, snakemake

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("module")]

CALLER = """
import yaml

with open("tiny.yaml") as file:
    study = yaml.safe_load(file)

module layerscope:
    snakefile: {snakefile!r}
    config: study

use rule * from layerscope as layerscope_*

rule whole:
    default_target: True
    input:
        rules.layerscope_all.input,
        picture="results/tiny/figures/hit.png",
        claims="results/tiny/claims.csv",
    output: "report.txt"
    shell: "echo made of {{input.picture}} {{input.claims}} > {{output}}"
"""


@pytest.fixture(scope="module")
def caller(finished_study: Path, tmp_path_factory) -> tuple[Path, str]:
    """The folder of another workflow in which the tiny study is finished, and what Snakemake said."""
    folder = tmp_path_factory.mktemp("module")
    layerscope = copy_project(folder / "layerscope")
    caller = folder / "caller"
    caller.mkdir()
    (caller / "Snakefile").write_text(CALLER.format(snakefile=str(layerscope / "Snakefile")))
    (caller / "tiny.yaml").write_bytes((PROJECT / TINY).read_bytes())
    (caller / "shapes.npz").write_bytes((layerscope / "shapes.npz").read_bytes())
    done = snakemake(caller, "--cores", "1", "--snakefile", "Snakefile", study="tiny.yaml")
    assert done.returncode == 0, done.stdout
    return caller, done.stdout


def test_a_study_is_part_of_another_workflow(caller: tuple[Path, str]):
    folder, said = caller
    assert (folder / "report.txt").read_text() == "made of results/tiny/figures/hit.png results/tiny/claims.csv\n"
    assert "Training runs/digits/mlp/relu/seed0" in said
    assert "Traceback" not in said


def test_the_same_study_gives_the_same_bytes_on_one_core(finished_study: Path, caller: tuple[Path, str]):
    """The finished study was made on two cores, and by its own Snakefile."""
    here, there = outputs(finished_study), outputs(caller[0])
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
