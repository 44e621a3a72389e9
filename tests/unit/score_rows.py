"""Rows of scores as the aggregate holds them, for tests: one to start from, and how to find one again."""

from pathlib import Path

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.statistics.runs import runs_of
from layerscope.study.kinds import Kinds

OF_LAYER = {
    "study": "s",
    "dataset": "digits",
    "architecture": "mlp",
    "activation": "relu",
    "seed": 0.0,
    "sample": "look",
    "epoch": 5,
    "state": "trained",
    "layer": "hidden1",
    "depth": 1.0,
    "filter": "",
    "space": "raw",
    "draw": 1,
    "embedding_seed": np.nan,
    "metric": "hit",
    "value": 0.5,
    "n_points": 100,
    "chance": 0.1,
    "degenerate": "",
}
# What differs in the rows of a dataset's input, and of a fresh network.
OF_INPUT = {"architecture": "", "activation": "", "seed": np.nan, "epoch": 0, "state": "input", "layer": "input", "depth": 0.0}
UNTRAINED = {"epoch": 0, "state": "untrained"}
# What differs where a distance score is of an embedding of a convolution.
OF_CONVOLUTION = {
    "architecture": "cnn",
    "layer": "conv1",
    "space": "tsne",
    "embedding_seed": 42.0,
    "metric": "d_same",
    "chance": 1.0,
}


def only(frame, **keys):
    """The one row that has these values."""
    for key, value in keys.items():
        frame = frame[frame[key] == value]
    assert len(frame) == 1, frame.to_string()
    return frame.iloc[0]


def written(folder: Path, rows) -> dict[str, list[str]]:
    """Rows of scores as files that figures and tables read: all of them, and one row a run."""
    scores = pd.DataFrame(rows, columns=list(store.SCORE_TABLE_COLUMNS))
    scores.to_parquet(folder / "scores.parquet", index=False)
    runs_of(scores).to_parquet(folder / "runs.parquet", index=False)
    return {"score_table": [str(folder / "scores.parquet")], "runs": [str(folder / "runs.parquet")]}


def told_of(*metrics: str, **named: str) -> dict[str, dict]:
    """What figures are told of scores, as layerscope.jobs.params tells it. named: a score of another name → its metric."""
    kinds = Kinds().of("scores")
    return {
        name: {
            "label": kinds[metric].says("label"),
            "unit": kinds[metric].says("unit").removeprefix("1"),
            "range": kinds[metric].says("range", [None, None]),
            "higher_is_better": kinds[metric].says("higher_is_better"),
        }
        for name, metric in {**dict(zip(metrics, metrics, strict=True)), **named}.items()
    }
