"""The scores of every observation as they are compared: one value for each network, the mean over embeddings."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from layerscope import store
from layerscope.states import state as state_of
from layerscope.statistics.keys import RUN


@dataclass(frozen=True)
class ObservedLayer:
    """One score of every observation in one layer of a network, or of a network as such.

    keys: RUN, sample, space, epoch, state, layer, depth and metric, as columns of runs have them. values: (n,) float64, the mean
    over the embedding seeds that have one. rows: (n,) int64, in the split. labels: (n,) int64, None of a regression.
    """

    keys: dict
    values: np.ndarray
    rows: np.ndarray
    labels: np.ndarray | None


def observed_layers(sources: Collection[str], scores: Collection[str]) -> Iterator[ObservedLayer]:
    """The named scores in files of scores of observations, file by file, ordered by epoch, depth and score."""
    for source in sources:
        params = store.file_params(source)
        rows, labels = store.read_observations(source)
        by_layer: dict[tuple, list[store.ObservationScores]] = {}
        for one in store.observation_scores(source, scores):
            by_layer.setdefault((one.epoch, one.depth, one.layer, one.score), []).append(one)
        for (epoch, depth, layer, score), of_seeds in sorted(by_layer.items()):
            keys = {**_keys(params), "epoch": epoch, "state": _state(params, epoch), "layer": layer, "depth": depth}
            values = mean_of_known(np.stack([one.values for one in of_seeds]))
            yield ObservedLayer({**keys, "filter": "", "metric": score}, values, rows, labels)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """(n,) the mean of each column of values (m, n) over the rows that are finite there; NaN where none is."""
    known = np.isfinite(values)
    return np.where(known, values, 0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)


def _keys(params: Mapping) -> dict:
    keys = params["keys"]
    return {key: keys[key] for key in (*RUN, "sample")} | {"space": params["space"]}


def _state(params: Mapping, epoch: int) -> str:
    if not params["keys"]["architecture"]:
        return "input"
    return state_of(epoch, params["snapshots"], params.get("pretrained", False))
