"""Pictures that stay bytes: the same inputs, and so the same training, in a quarter of the memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_training import run, same

from layerscope import store
from layerscope.data.dataset import Dataset
from layerscope.data.observations import observations_of_split
from layerscope.files.provenance import provenance
from layerscope.training.evaluation import evaluate
from layerscope.training.pictures import LARGEST_AS_FLOATS, Pictures, inputs_of, on_device
from layerscope.training.train import train

SHAPES = {"grey": (90, 6, 6), "colour": (90, 3, 6, 6), "features": (90, 5)}


def prepared(folder, shape: str, dtype=np.uint8, normalise: str = "standardise"):
    """The observations of a prepared training split."""
    stored = np.random.default_rng(0).integers(0, 256, SHAPES[shape]).astype(dtype)
    dataset = Dataset({"train": (stored, np.arange(90) % 3)}, ["a", "b", "c"], 255.0, "made up", "00")
    store.write_data(folder / "data.h5", {"dataset": "mine"}, provenance(), dataset)
    return observations_of_split(str(folder / "data.h5"), "train", normalise)


@pytest.mark.parametrize("shape", ["grey", "colour"])
@pytest.mark.parametrize("normalise", ["unit", "standardise", "none"])
def test_every_input_has_the_bits_of_the_one_that_is_kept(tmp_path, shape: str, normalise: str):
    observations = prepared(tmp_path, shape, normalise=normalise)
    kept, pictures = inputs_of(observations), inputs_of(observations, largest_as_floats=0)
    assert isinstance(kept, torch.Tensor)
    assert isinstance(pictures, Pictures)
    assert pictures.stored.dtype == torch.uint8
    assert len(pictures) == 90
    for rows in (slice(None), slice(3, 7), torch.tensor([5, 2, 2, 80]), torch.arange(90) % 2 == 0):
        assert torch.equal(pictures[rows], kept[rows])
    assert all(torch.equal(*pair) for pair in zip(pictures.split(40), kept.split(40), strict=True))


@pytest.mark.parametrize(
    ("shape", "dtype", "largest"), [("colour", np.uint8, LARGEST_AS_FLOATS), ("colour", np.float32, 0), ("features", np.uint8, 0)]
)
def test_small_data_and_numbers_are_kept_as_they_are_received(tmp_path, shape: str, dtype, largest: int):
    observations = prepared(tmp_path, shape, dtype)
    inputs = inputs_of(observations, largest)
    assert torch.equal(inputs, torch.from_numpy(observations.inputs()))


@pytest.mark.parametrize("augmentation", [{}, {"crop": 1, "flip": True}])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_training_and_evaluation_are_the_same(tmp_path, augmentation: dict, memory_format: torch.memory_format):
    observations = prepared(tmp_path, "colour")
    labels, cpu = torch.from_numpy(observations.learned), torch.device("cpu")
    results = []
    for largest in (LARGEST_AS_FLOATS, 0):
        inputs = on_device(inputs_of(observations, largest), cpu, memory_format)
        assert inputs[:2].is_contiguous(memory_format=memory_format)
        splits = {"train": (inputs, labels), "test": (inputs, labels)}
        given = run(data=lambda n, seed: (torch.zeros(n, 3, 6, 6), torch.arange(n) % 3), augmentation=augmentation, epochs=2)
        results += train([replace(given, splits=splits, snapshots=[2])])
        assert evaluate(given.network, inputs, labels, 40) == evaluate(given.network, inputs[:], labels, 40)
    kept, made = results
    assert kept.history == made.history
    assert same(kept.snapshots[2], made.snapshots[2])
