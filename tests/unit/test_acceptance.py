"""Training anew until a network is accepted: from other weights each time, and what is said of one that never was."""

import pytest
import torch

from layerscope.models.network import build_network
from layerscope.provenance import provenance
from layerscope.scoring.rows import unaccepted
from layerscope.seeds import PURPOSES, purpose_seed
from layerscope.training.train import TrainingRun, train, train_until_accepted

OPTIONS = {
    "optimizer": "sgd",
    "lr": 0.1,
    "lr_decay": 0.0,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "batch": 16,
    "epochs": 3,
    "augmentation": {},
}
UNREACHABLE = 1.5


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def blobs(n, seed):
    """Three well separated classes in the plane."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    centres = torch.tensor([[4.0, 0.0], [-4.0, 4.0], [0.0, -4.0]])
    return centres[labels] + torch.randn(n, 2, generator=generator), labels


def start(attempt, seed=0, dropout=0.0, **options):
    """One small network as an attempt of a run starts it."""
    architecture = {
        "family": "mlp",
        "hidden": [8],
        "dropout": dropout,
        "batch_norm": False,
        "output_activation": "identity",
        "initialisation": "default",
    }
    network = build_network("net", architecture, (2,), 3, "relu", purpose_seed(seed, "initialisation", attempt))
    splits = {"train": blobs(90, 0), "test": blobs(60, 1)}
    return TrainingRun(network, splits, {**OPTIONS, **options}, [0, 3], seed, attempt)


def accepted(wanted, attempts=5, **options):
    return train_until_accepted(lambda attempt: start(attempt, **options), wanted, attempts)


def trained(attempt=0, **options):
    [result] = train([start(attempt, **options)])
    return result


def test_accuracy(result):
    return result.history[-1]


def accuracies(count, **options):
    """The test accuracies that the first attempts of a run end with."""
    return [trained(attempt, **options).test_accuracy for attempt in range(count)]


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def same_snapshots(first, second):
    return first.snapshots.keys() == second.snapshots.keys() and all(
        same(first.snapshots[epoch], second.snapshots[epoch]) for epoch in first.snapshots
    )
