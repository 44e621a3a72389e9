"""Why networks of one layer of bounded units hardly learn digits of SVHN: the gain of their start, the rate, or the brightness.

python -m benchmarks.one_layer [DATA]

A network of kuzma-rebuilt with one hidden layer (100 units), ten epochs, three seeds: its accuracy on test data, and the share
of its hidden outputs on training pictures within 1 % of the range from a bound. With the gain of the study or gain 1, at the rate
of the study or a tenth of it, and with the mean of each picture taken off; two layers beside it. DATA: the prepared dataset, by
default that of the study, which `snakemake --until prepare --configfile workflow/studies/kuzma-rebuilt.yaml` makes.
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from layerscope.data.observations import observations_of_split
from layerscope.models.network import GAINS, build_network

DATA = "results/kuzma-rebuilt/data/svhn_rebuilt.h5"
HIDDEN, BATCH, MOMENTUM, EPOCHS, SEEDS = 100, 128, 0.9, 10, 3
OPTIONS = {"family": "mlp", "initialisation": "glorot", "output_activation": "identity", "batch_norm": False, "dropout": 0}
# Units: the rate of the study, and the least and greatest output.
UNITS = {"tanh": (0.05, -1, 1), "logsig": (0.1, 0, 1), "softsign": (0.05, -1, 1)}


def tensors(data: str, split: str, dark: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """(pictures, labels) of a split as networks of the study see them. dark: whether the mean of each picture is taken off."""
    observed = observations_of_split(data, split, "standardise")
    pictures = observed.inputs()
    if dark:
        pictures = pictures - pictures.mean(axis=tuple(range(1, pictures.ndim)), keepdims=True)
    return torch.from_numpy(np.ascontiguousarray(pictures)), torch.from_numpy(observed.learned)


def trained(units: str, layers: int, gain: float, rate: float, split: dict, seed: int) -> tuple[float, float]:
    """(test accuracy, share of outputs of the first layer near a bound) of a network. gain: over that of the study."""
    pictures, labels = split["train"]
    options = {**OPTIONS, "hidden": [HIDDEN] * layers}
    network = build_network("mlp", options, tuple(pictures.shape[1:]), 10, units, seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight *= gain
    optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=MOMENTUM)
    order = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(pictures), generator=order).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(network(pictures[batch]), labels[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        pictures_of_test, labels_of_test = split["test"]
        right = network(pictures_of_test).argmax(1) == labels_of_test
        _, low, high = UNITS[units]
        share = (network.block("hidden1")(pictures) - low) / (high - low)
    return right.float().mean().item(), ((share < 0.01) | (share > 0.99)).float().mean().item()


def show(units: str, layers: int, gain: float, rate: float, dark: bool, split: dict) -> None:
    """A line: the range of the accuracy over seeds, and the mean share near a bound."""
    found = [trained(units, layers, gain, rate, split, seed) for seed in range(SEEDS)]
    right, near = zip(*found, strict=True)
    told = f"{min(right):.2f} to {max(right):.2f}"
    gain_told, pictures_told = ("1" if gain != 1 else "study"), ("mean off" if dark else "as they are")
    print(f"{units:10}{layers:7}{gain_told:>8}{rate:8g}{pictures_told:>14}{told:>15}{np.mean(near):12.2f}", flush=True)


def main() -> None:
    """The table."""
    data = sys.argv[1] if len(sys.argv) > 1 else DATA
    if not Path(data).is_file():
        print(f"one_layer: there is no {data}; it is left out")
        return
    torch.set_num_threads(1)
    inputs = tensors(data, "train", False)[0].flatten(1)
    moved = inputs - inputs.mean(0)
    share = moved.mean(1).square().sum() * moved.shape[1] / moved.square().sum()
    print(f"share of the variance of training pictures that is their mean: {share:.2f}")
    print(f"{'units':10}{'layers':>7}{'gain':>8}{'rate':>8}{'pictures':>14}{'test accuracy':>15}{'near bound':>12}")
    for dark in (False, True):
        split = {name: tensors(data, name, dark) for name in ("train", "test")}
        for units, tenth in product(UNITS, (1, 0.1)):
            for gain in dict.fromkeys((1.0, 1 / GAINS.get(units, 1.0))):
                show(units, 1, gain, UNITS[units][0] * tenth, dark, split)
        for units in UNITS:
            show(units, 2, 1.0, UNITS[units][0], dark, split)


if __name__ == "__main__":
    main()
