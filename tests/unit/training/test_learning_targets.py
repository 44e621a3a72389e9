"""Networks that learn numbers: closed forms, and what scikit-learn finds on the same data."""

import math

import h5py
import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from torch.nn import functional

from layerscope import store
from layerscope.data.dataset import Dataset
from layerscope.data.observations import observations_of_split
from layerscope.files.provenance import provenance
from layerscope.models.network import build_network
from layerscope.scoring.regression import score
from layerscope.scoring.shared.score_input import NetworkInput
from layerscope.stages.dump import stream_snapshot
from layerscope.training.evaluation import evaluate
from layerscope.training.run import TrainingRun
from layerscope.training.train import train

NOISE = 0.1
OPTIONS = {
    **{"optimizer": "sgd", "lr": 0.1, "lr_decay": 0.0, "momentum": 0.9, "weight_decay": 0.0, "batch": 50, "epochs": 30},
    "augmentation": {},
    "spectra": {"phases": [], "every": 1, "layers": "all", "maps": "mean", "epochs": "snapshots"},
}
LINEAR = {
    **{"family": "mlp", "hidden": [8], "dropout": 0.0, "batch_norm": False},
    **{"output_activation": "identity", "initialisation": "default"},
}


@pytest.fixture
def file(tmp_path):
    """A prepared dataset of two targets, y = 1000 X W + 500 + noise of a tenth of a unit before the scaling."""
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(5, 2))
    splits = {}
    for split, n in (("train", 1000), ("validation", 300), ("test", 500)):
        x = generator.normal(size=(n, 5)).astype(np.float32)
        splits[split] = (x, 1000 * (x @ weights + NOISE * generator.normal(size=(n, 2))) + 500)
    dataset = Dataset(splits, [], 1.0, "made up", "00", targets=["price", "rent"])
    store.write_data(tmp_path / "data.h5", {"dataset": "mine"}, provenance(), dataset)
    return str(tmp_path / "data.h5")


@pytest.fixture
def observed(file):
    return {split: observations_of_split(file, split, "none") for split in ("train", "validation", "test")}


def run(observed, activation="identity", **options):
    """One network without a nonlinearity, and how to train it."""
    splits = {split: (torch.from_numpy(one.inputs()), torch.from_numpy(one.learned)) for split, one in observed.items()}
    network = build_network("net", LINEAR, (5,), observed["train"].outputs, activation, 0)
    epochs = {**OPTIONS, **options}["epochs"]
    return TrainingRun(network, splits, {**OPTIONS, **options}, [0, epochs], seed=0)


def rows(result, split):
    return {row["epoch"]: row for row in result.history if row["split"] == split}


def test_a_linear_network_reaches_the_noise(observed):
    """In units of the variance of the training targets: (1000 · noise)² over it."""
    [result] = train([run(observed, schedule={"shape": "cosine", "warmup": 0, "lowest": 0})])
    expected = ((1000 * NOISE / observed["train"].target_scale) ** 2).mean()
    assert result.status == "ok"
    assert rows(result, "test")[30]["loss"] == pytest.approx(expected, rel=0.15)
    fitted = LinearRegression().fit(observed["train"].inputs(), observed["train"].learned)
    of_fit = np.square(fitted.predict(observed["test"].inputs()) - observed["test"].learned).mean()
    assert rows(result, "test")[30]["loss"] == pytest.approx(of_fit, rel=0.03)
    # The fresh network predicts about the mean.
    assert 0.8 < rows(result, "test")[0]["loss"] < 1.6


def test_the_loss_is_the_mean_squared_error_and_there_is_no_accuracy(observed):
    given = run(observed)
    inputs, learned = given.splits["test"]
    loss, accuracy = evaluate(given.network, inputs, learned)
    with torch.no_grad():
        outputs = given.network(inputs).numpy()
    assert loss == pytest.approx(np.square(outputs - learned.numpy()).mean(), rel=1e-5)
    assert math.isnan(accuracy)
    [result] = train([given])
    assert all(math.isnan(row["accuracy"]) for row in result.history)
    assert rows(result, "test")[0]["loss"] == loss


def test_a_step_is_the_gradient_of_the_squared_error(observed):
    given = run(observed, epochs=1, batch=1000, momentum=0.0)
    start = {name: tensor.clone() for name, tensor in given.network.state_dict().items()}
    inputs, learned = given.splits["train"]
    loss = functional.mse_loss(given.network(inputs), learned)
    gradients = dict(zip(start, torch.autograd.grad(loss, list(given.network.parameters())), strict=True))
    [result] = train([given])
    for name, tensor in result.snapshots[1].items():
        torch.testing.assert_close(tensor, start[name] - 0.1 * gradients[name])


def test_targets_as_they_are_make_the_same_steps_diverge(file):
    """What the default is for: errors of thousands, squared, at a rate of 0.1."""
    as_they_are = {split: observations_of_split(file, split, "none", "none") for split in ("train", "test")}
    [result] = train([run(as_they_are)])
    assert result.status == "diverged"


def test_a_training_ends_by_its_validation_loss(observed):
    [result] = train([run(observed, epochs=60, patience=3, lr=0.3)])
    assert "is kept, by its validation loss" in result.reason
    losses = {epoch: row["loss"] for epoch, row in rows(result, "validation").items()}
    assert losses[60] == min(losses.values())


def test_predictions_are_stored_in_the_units_of_the_data(observed):
    given = run(observed)
    train([given])
    test = observed["test"]
    with h5py.File("memory", "w", driver="core", backing_store=False) as stored:
        stream_snapshot(given.network, stored, 30, ["output"], test, torch.device("cpu"))
        predicted, losses = stored["predictions/epoch0030"][:], stored["losses/epoch0030"][:]
    assert (predicted.shape, predicted.dtype, losses.shape) == ((500, 2), np.float32, (500,))
    assert r2_score(test.labels, predicted) > 0.98
    errors = np.square((predicted - test.labels) / test.target_scale).mean(axis=1)
    np.testing.assert_allclose(losses, errors, rtol=1e-2, atol=1e-5)
    # The score from the history is scikit-learn's, of the targets as they are learned.
    history = {"loss": float(losses.mean()), "accuracy": math.nan}
    found = score(NetworkInput(history=history, targets=test.learned.astype(float)), {"r2": ("r2", {})})["r2"]
    scaled = (predicted - test.target_shift) / test.target_scale
    assert found.value == pytest.approx(r2_score(test.learned, scaled, multioutput="variance_weighted"), abs=1e-4)
    assert found.chance == 0
