"""Choose the observations of a sample."""

from dataclasses import replace

import numpy as np

from layerscope.data.observations import Observations, observations_of_split
from layerscope.data.targets import STANDARDISE
from layerscope.errors import StudyError


def sample_rows(labels: np.ndarray, choose: str, n: int | None, seed: int, name: str, dataset: str, draw: int = 1) -> np.ndarray:
    """The rows of a split that belong to a sample: int64, ascending.

    choose: `all`, `first` n, `random` n, or `per_class` n of each class. Random choices depend on the seed and the labels
    only, not on any name, so that all networks of a dataset are compared on the same observations. draw: its number, from 1;
    each is a random stream of its own. name, dataset: used in messages. Raises StudyError where the split is too small, or is
    all drawn, so that a second draw is the first.
    """
    rows = _rows(labels, choose, n, np.random.default_rng(seed if draw == 1 else [seed, draw]), name, dataset)
    if draw > 1 and len(rows) == len(labels):
        raise StudyError(
            f"sample '{name}' takes all {len(rows)} observations of its split of '{dataset}', as all draws do; draw fewer"
        )
    return rows


def _rows(labels: np.ndarray, choose: str, n: int | None, generator: np.random.Generator, name: str, dataset: str) -> np.ndarray:
    available = len(labels)
    if choose == "all" or n is None:
        return np.arange(available)
    if choose == "per_class":
        rows = []
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            if len(members) < n:
                raise StudyError(f"sample '{name}' asks for {n} a class; class {label} of '{dataset}' has {len(members)}")
            rows.append(generator.permutation(members)[:n])
        return np.sort(np.concatenate(rows))
    if n > available:
        raise StudyError(f"sample '{name}' asks for {n} observations; its split of '{dataset}' has {available}")
    return np.arange(n) if choose == "first" else np.sort(generator.permutation(available)[:n])


def rows_of_sample(labels: np.ndarray, sample: dict, dataset: str) -> np.ndarray:
    """As sample_rows. sample: name, split, choose, n, seed and draw, as in job params."""
    chosen = (sample["choose"], sample.get("n"), sample.get("seed", 0))
    return sample_rows(labels, *chosen, sample["name"], dataset, sample.get("draw", 1))


def observations_of_sample(
    data: str, sample: dict, dataset: str, normalise: str, normalise_targets: str = STANDARDISE
) -> Observations:
    """The observations of a sample. sample: name, split, choose, n, seed and draw, as in job params."""
    whole = observations_of_split(data, sample["split"], normalise, normalise_targets)
    rows = rows_of_sample(whole.labels, sample, dataset)
    return replace(whole, rows=rows, labels=whole.labels[rows])
