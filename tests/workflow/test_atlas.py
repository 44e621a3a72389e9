"""The atlas is made of the runs of other studies, and anew once there are more of them."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from checkout import PROJECT, copy_project, planned, snakemake

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("atlas")]

ATLAS = "workflow/studies/atlas.yaml"
DIGITS = PROJECT / "results/reference/digits/runs.parquet"


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "results/atlas/tables/foretelling.csv", keep_default_na=False)


def kinds_of_networks(rows: pd.DataFrame) -> list[str]:
    chosen = (rows["foretold"] == "linear_probe") & (rows["by"] == "silhouette")
    return rows.loc[chosen, "kinds of networks"].tolist()


def test_studies_that_are_run_later_are_taken_in(tmp_path: Path):
    folder = copy_project(tmp_path / "project")
    (folder / "results/digits").mkdir(parents=True)
    shutil.copy(DIGITS, folder / "results/digits")
    done = snakemake(folder, "--cores", "1", study=ATLAS)
    assert done.returncode == 0, done.stdout
    assert not planned(folder, study=ATLAS)
    first = table(folder)
    assert kinds_of_networks(first) == ["6"]
    assert first.loc[first["by"] == "nc1", "verdict"].tolist() == ["in no study"]
    for made in ("figures/foretold.png", "index.html"):
        assert (folder / "results/atlas" / made).stat().st_size > 1000

    # Other networks than those of digits: the copy of a number counts once.
    other = folder / "results/other"
    other.mkdir()
    runs = pd.read_parquet(DIGITS)
    runs.assign(value=runs["value"] ** 2).to_parquet(other / "runs.parquet")
    assert planned(folder, study=ATLAS) == {"Writing table foretelling", "Drawing figure foretold", "Writing the index"}
    assert snakemake(folder, "--cores", "1", study=ATLAS).returncode == 0
    both = table(folder)
    assert kinds_of_networks(both) == ["12"]
