"""Scores of every observation, and scores that read more than their layer, on a finished study: made, shown and read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import TINY, outputs, snakemake

from layerscope import results
from layerscope.selection import RUN_KEYS

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

SCORES = """
  nc3: {on: {architecture: mlp, layer: hidden2}}
  turned: {metric: neighbors_changed, k: 9, on: {architecture: mlp}}
"""
KEPT = """
observations: {scores: [neighborhood_hit, kl, displacement, accuracy, turned], on: {architecture: mlp}}
"""
FIGURE = """
  crossing: {kind: crossing_observations, score: neighborhood_hit, on: {architecture: mlp, sample: some, embedding: raw}}
"""
TABLE = """
  classes: {kind: scores_by_class, scores: [neighborhood_hit, accuracy], on: {architecture: mlp}}
"""


@pytest.fixture
def asking(study_copy: Path) -> Path:
    """The finished tiny study, that asks for scores of every observation, and for what shows them."""
    text = (study_copy / TINY).read_text()
    for block, added in (("scores", SCORES), ("figures", FIGURE), ("tables", TABLE)):
        text = text.replace(f"\n{block}:\n", f"\n{block}:{added}", 1)
    (study_copy / TINY).write_text(text + KEPT)
    return study_copy


def rows_of(folder: Path, network: dict, sample: str) -> pd.DataFrame:
    """The rows of all files of scores of one network on a sample."""
    keys = "/".join(str(network[key]) for key in RUN_KEYS[:-1])
    files = folder.glob(f"results/tiny/runs/{keys}/seed{network['seed']}/{sample}/scores/*.csv")
    return pd.concat([pd.read_csv(file, keep_default_na=False, na_values={"embedding_seed": ["", "nan"]}) for file in files])


def test_they_are_made_from_what_is_there_and_their_means_are_the_scores(asking: Path):
    before = outputs(asking)
    done = snakemake(asking, "--cores", "2", "crossing", "classes", "aggregate")
    assert done.returncode == 0, done.stdout
    after = outputs(asking)
    other = {name.removeprefix(".").removesuffix(".sha256") for name in before if before[name] != after[name]}
    assert other <= {"scores.parquet", "runs.parquet", "summary.csv", "tests.csv"}
    study = results.open(asking / "results/tiny")
    compared = 0
    for network in (one for one in study.networks() if one["architecture"] == "mlp"):
        rows = rows_of(asking, network, "some")
        for space in ("run", "raw", "pca"):
            for one in study.observations(network, "some", space):
                same = (rows["metric"] == one.score) & (rows["epoch"] == one.epoch) & (rows["space"] == space)
                layer = (rows["layer"] == one.layer) & (rows["filter"] == "")
                seed = (
                    rows["embedding_seed"].isna() if one.embedding_seed is None else rows["embedding_seed"] == one.embedding_seed
                )
                [value] = pd.to_numeric(rows[same & layer & seed]["value"])
                np.testing.assert_allclose(one.values.mean(), value, rtol=1e-12)
                compared += 1
    assert compared > 40
    collapse = study.runs("nc3")
    assert set(collapse["layer"]) == {"hidden2"}
    assert collapse["value"].between(0, 4).all()
    classes = pd.read_csv(asking / "results/tiny/tables/classes.csv")
    assert {"neighborhood_hit", "accuracy"} == {*classes["score"]}
    crossing = pd.read_csv(asking / "results/tiny/figures/crossing.csv")
    assert set(crossing["change"]) <= {"gained", "lost"}
    assert (crossing["networks"] == 2).all()
