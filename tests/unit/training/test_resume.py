"""A training that is interrupted after any epoch ends as if it had not been, to the last bit."""

import numpy as np
import pytest
import torch

from layerscope.models.network import build_network
from layerscope.training.resume import STATE, UnfinishedTraining
from layerscope.training.run import TrainingRun
from layerscope.training.train import train, train_until_accepted

MLP = {"family": "mlp", "hidden": [12, 6], "dropout": 0.3, "batch_norm": True}
CNN = {"family": "cnn", "convolutions": [{"channels": 3, "kernel": 3, "padding": "same", "pool": 2, "dropout": 0.2}]}
DEFAULTS = {"initialisation": "default", "output_activation": "identity", "ceil_mode": True, "hidden": []}
OPTIONS = {
    "optimizer": "sgd",
    "lr": 0.05,
    "lr_decay": 0.01,
    "momentum": 0.9,
    "weight_decay": 0.001,
    "batch": 16,
    "epochs": 4,
    "augmentation": {"crop": 1, "flip": True},
    "spectra": {"phases": ["train", "evaluation"], "every": 1, "layers": "all", "maps": "mean", "epochs": "all"},
}


def splits():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(120) % 3
    images = torch.rand(120, 1, 6, 6, generator=generator) + labels[:, None, None, None]
    return {"train": (images[:90], labels[:90]), "test": (images[90:], labels[90:])}


def run(family="mlp", attempt=0, **more):
    options = {**DEFAULTS, "dropout": 0, "batch_norm": False, **(MLP if family == "mlp" else CNN)}
    network = build_network(family, options, (1, 6, 6), 3, "relu", attempt)
    asked = {**OPTIONS, **more.pop("options", {})}
    return TrainingRun(network, splits(), asked, [0, 2, 4], seed=1, attempt=attempt, **more)


def killed_after(unfinished, epoch, attempt=0):
    """What keeps a state and, once it has kept that of an epoch, falls over."""

    def keep(state):
        unfinished.keep(state)
        if (state.attempt, state.epoch) == (attempt, epoch):
            raise InterruptedError

    return keep


def same(first, second):
    assert first.history == second.history
    assert (first.status, first.attempts) == (second.status, second.attempts)
    assert list(first.snapshots) == list(second.snapshots)
    for epoch, tensors in first.snapshots.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, second.snapshots[epoch][name]), (epoch, name)
    assert len(first.spectra) == len(second.spectra)
    for one, other in zip(first.spectra, second.spectra, strict=True):
        assert (one.phase, one.step, one.epoch, one.layer, one.samples) == (
            other.phase,
            other.step,
            other.epoch,
            other.layer,
            other.samples,
        )
        np.testing.assert_array_equal(one.eigenvalues, other.eigenvalues)


@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
@pytest.mark.parametrize("family", ["mlp", "cnn"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_it_goes_on_where_it_was(tmp_path, family, optimizer, epoch):
    options = {"optimizer": optimizer}
    [whole] = train([run(family, options=options)])
    unfinished = UnfinishedTraining(tmp_path / "state", "mine")
    with pytest.raises(InterruptedError):
        train([run(family, options=options, keep=killed_after(unfinished, epoch))])
    torch.manual_seed(99)
    [resumed] = train([run(family, options=options, resume=unfinished.read())])
    same(resumed, whole)


def test_the_attempts_before_the_interrupted_one_count(tmp_path):
    def start(attempt, **more):
        return run(attempt=attempt, **more)

    whole = train_until_accepted(start, 1.1, 3)
    unfinished = UnfinishedTraining(tmp_path / "state", "mine")
    with pytest.raises(InterruptedError):
        train_until_accepted(lambda attempt: start(attempt, keep=killed_after(unfinished, 2, attempt=1)), 1.1, 3)
    state = unfinished.read()
    assert state.attempt == len(state.result.attempts) == 1
    resumed = train_until_accepted(
        lambda attempt: start(attempt, resume=state if attempt == 1 else None), 1.1, 3, state.result.attempts
    )
    same(resumed, whole)


def test_a_state_of_other_params_code_or_data_is_none(tmp_path):
    train([run(keep=UnfinishedTraining(tmp_path, "old").keep)])
    assert UnfinishedTraining(tmp_path, "old").read().epoch == 4
    assert UnfinishedTraining(tmp_path, "new").read() is None


@pytest.mark.parametrize("damage", ["cut", "gone", "emptied", "a snapshot gone"])
def test_a_damaged_state_is_none(tmp_path, damage):
    unfinished = UnfinishedTraining(tmp_path, "mine")
    train([run(keep=unfinished.keep)])
    file = tmp_path / STATE
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-40])
    elif damage == "gone":
        file.unlink()
    elif damage == "emptied":
        file.write_bytes(b"")
    else:
        next(tmp_path.glob("attempt0_epoch0002*")).unlink()
    assert unfinished.read() is None


def test_nothing_is_left_of_it(tmp_path):
    unfinished = UnfinishedTraining(tmp_path / "state", "mine")
    train([run(keep=unfinished.keep)])
    assert not list((tmp_path / "state").glob(".*"))
    unfinished.discard()
    assert not (tmp_path / "state").exists()
