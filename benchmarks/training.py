"""Training on tensors in memory, and by the loops that one would otherwise write: same process, same threads.

python -m benchmarks.training [threads]

The 512-256-128 MLP on 20,000 images of 28 × 28 at batch 64, three epochs. Loops: over a DataLoader of tensors; over one of
pictures that torchvision converts and normalises, as in PyTorch's own example for MNIST; and the bare step on one batch, which is
what no loop can do without.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable
from statistics import median

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset

from layerscope.models.network import Network, build_network
from layerscope.torchvision_import import import_torchvision
from layerscope.training.run import TrainingRun
from layerscope.training.train import train

IMAGES, BATCH, EPOCHS, ROUNDS = 20_000, 64, 3, 3
SHAPE, CLASSES = (1, 28, 28), 10
MLP = {
    "family": "mlp",
    "hidden": [512, 256, 128],
    "initialisation": "default",
    "output_activation": "identity",
    "batch_norm": False,
    "dropout": 0,
}
OPTIONS = {
    "optimizer": "sgd",
    "lr": 0.1,
    "lr_decay": 0,
    "momentum": 0.9,
    "weight_decay": 0,
    "batch": BATCH,
    "epochs": EPOCHS,
    "augmentation": {},
    "spectra": {"phases": ["evaluation"], "every": 1, "layers": "all", "maps": "mean", "epochs": "snapshots"},
}


class Pictures(Dataset):
    """Bytes that become pictures and then tensors one by one, as torchvision's datasets make them."""

    def __init__(self, pixels: np.ndarray, labels: torch.Tensor):
        self.pixels, self.labels = pixels, labels
        transforms = import_torchvision().transforms
        self.convert = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        return self.convert(Image.fromarray(self.pixels[index], mode="L")), int(self.labels[index])


def network() -> Network:
    return build_network("mlp", MLP, SHAPE, CLASSES, "relu", 0)


def ours(inputs: torch.Tensor, labels: torch.Tensor) -> None:
    # The evaluations and spectra of an epoch's end are part of it; a test split of one batch keeps them small.
    splits = {"train": (inputs, labels), "test": (inputs[:BATCH], labels[:BATCH])}
    train([TrainingRun(network(), splits, OPTIONS, [], 0)])


def plain_loop(batches: Iterable) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=OPTIONS["lr"], momentum=OPTIONS["momentum"])
    model.train()
    for _ in range(EPOCHS):
        for inputs, labels in batches:
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()


def seconds(work: Callable[[], None]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count()
    torch.set_num_threads(threads)
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (IMAGES, 28, 28), dtype=np.uint8)
    labels = torch.from_numpy(generator.integers(0, CLASSES, IMAGES))
    inputs = torch.from_numpy(pixels[:, None] / np.float32(255))
    loops = {
        "ours": lambda: ours(inputs, labels),
        "DataLoader of tensors": lambda: plain_loop(DataLoader(TensorDataset(inputs, labels), batch_size=BATCH, shuffle=True)),
        "DataLoader of pictures": lambda: plain_loop(DataLoader(Pictures(pixels, labels), batch_size=BATCH, shuffle=True)),
        "bare steps": lambda: plain_loop([(inputs[:BATCH], labels[:BATCH])] * (IMAGES // BATCH)),
    }
    took = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, work in loops.items():
            took[name].append(seconds(work))
    print(f"{threads} threads, {IMAGES:,} images in batches of {BATCH}, {EPOCHS} epochs, medians of {ROUNDS}")
    print(f"{'loop':28}{'seconds':>9}{'images/s':>11}{'/ ours':>8}")
    for name, times in took.items():
        print(f"{name:28}{median(times):9.2f}{EPOCHS * IMAGES / median(times):11,.0f}{median(times) / median(took['ours']):8.2f}")


if __name__ == "__main__":
    main()
