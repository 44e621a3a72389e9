"""A study of three lines, which name a folder of pictures: it runs, and says what it was given by default."""

from pathlib import Path

import pandas as pd
import pytest
from checkout import copy_project, snakemake
from PIL import Image
from test_new import layerscope, pictures

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("new")]

STUDY = """study: mine
datasets:
  pictures: {source: images, path: my pictures}
"""
FIGURES = {
    *("datasets", "training", "mlp_layers", "cnn_layers", "hit_by_depth", "separation_by_depth", "kl_by_depth"),
    *("probe_by_depth", "saturation_by_depth"),
}


@pytest.mark.usefixtures("finished_study")
def test_data_alone_are_a_study(tmp_path: Path):
    folder = copy_project(tmp_path / "project")
    pictures(folder, "RGB")
    (folder / "mine.yaml").write_text(STUDY)
    checked = layerscope(folder, "check", "mine.yaml")
    assert checked.stdout == "mine.yaml: no mistakes; 6 networks, 9 figures, 1 tables\n"
    done = snakemake(folder, "--cores", "2", "--config", "seeds=1", study="mine.yaml")
    assert done.returncode == 0, done.stdout
    for said in checked.stderr.splitlines():
        assert done.stdout.count(said) == 1
    root = folder / "results/mine"
    assert {path.stem for path in (root / "figures").glob("*.png")} == FIGURES
    for path in (root / "figures").glob("*.png"):
        assert Image.open(path).getbbox() is not None
    scores = pd.read_parquet(root / "scores.parquet")
    assert set(scores["space"]) == {"run", "raw", "tsne"}
    assert scores.loc[scores["metric"] == "kl", "value"].notna().all()
    networks = pd.read_csv(root / "tables/networks.csv")
    assert sorted(networks["architecture"].unique()) == ["cnn", "mlp"]
    assert (networks.loc[networks["sample"] == "train", "accuracy"] > 0.9).all()
