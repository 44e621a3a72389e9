"""Activations that people bring, handed on for the observations of a sample."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from layerscope import store
from layerscope.data.dataset import Dataset
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.stages import dump_given

N = 20
LABELS = np.arange(N) % 2
CLASSES = ["cat", "dog"]
MAPS = np.random.default_rng(0).normal(size=(N, 2, 3, 4)).astype(np.float32)


@pytest.fixture
def taken(tmp_path):
    """The activations file that the stage makes of arrays, for a dataset with a test split of N observations."""
    splits = {split: (np.zeros((N, 4), np.float32), LABELS) for split in ("train", "test")}
    store.write_data(tmp_path / "data.h5", {}, provenance(), Dataset(splits, CLASSES, 1.0, "", ""))

    def take(rows=None, layout=None, shape=(2, 3, 4), **arrays):
        np.savez(tmp_path / "given.npz", **{"maps": MAPS, **arrays})
        params = {
            "architecture": "mine",
            "dataset": "pets",
            "sample": {"name": "some", "split": "test", "choose": "first" if rows else "all", **({"n": rows} if rows else {})},
            "epochs": [1],
            "layers": {"maps": [1, list(shape)]},
            **({"layout": layout} if layout else {}),
        }
        target = str(tmp_path / "activations.h5")
        arguments = SimpleNamespace(
            params=params, data=str(tmp_path / "data.h5"), given=[str(tmp_path / "given.npz")], activations=target
        )
        dump_given.main(arguments)
        return target

    return take


def layer(file) -> np.ndarray:
    return store.read_layer_rows(file, 1, "maps", np.arange(len(store.read_labels(file))))


def test_the_rows_of_the_sample_are_taken(taken):
    file = taken(rows=7, labels=LABELS, predictions=1 - LABELS)
    assert layer(file).tolist() == MAPS[:7].tolist()
    assert store.read_labels(file).tolist() == LABELS[:7].tolist()
    [predicted] = store.predictions(file)
    assert predicted.classes.tolist() == (1 - LABELS[:7]).tolist()


def test_an_index_says_which_rows_they_are(taken):
    order = np.random.default_rng(1).permutation(N)
    file = taken(maps=MAPS[order], labels=LABELS[order], index=order)
    assert layer(file).tolist() == MAPS.tolist()


def test_channels_that_stand_last_are_brought_first(taken):
    file = taken(maps=np.moveaxis(MAPS, 1, -1), layout="channels_last")
    assert layer(file).tolist() == MAPS.tolist()


def test_without_a_layout_an_observation_is_one_vector(taken):
    assert layer(taken(shape=(24,))).tolist() == MAPS.reshape(N, 24).tolist()


@pytest.mark.parametrize("labels", [LABELS, np.array(CLASSES)[LABELS]])
def test_labels_are_those_of_the_dataset_by_number_or_by_name(taken, labels):
    assert store.read_labels(taken(labels=labels)).tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("arrays", "rows", "said"),
    [
        ({"labels": 1 - LABELS}, None, "labels differ from those of datasets.pets for 20 observations, the first in row 0"),
        ({"maps": MAPS[:9]}, None, "has 9 observations, its split 20; say in an array `index`"),
        ({"maps": MAPS[:9], "index": np.arange(9)}, 12, "lacks 3 of the 12 observations of the sample"),
        ({"index": np.arange(N) + 1}, None, "index names row 20, its split has 20 observations"),
        ({"predictions": LABELS + 5}, None, "predictions has 5, 6, which is no class"),
    ],
)
def test_what_does_not_fit_the_dataset_is_refused(taken, arrays, rows, said):
    with pytest.raises(StudyError, match=re.escape(said)):
        taken(rows=rows, **arrays)
