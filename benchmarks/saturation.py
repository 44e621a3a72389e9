"""What it costs to follow the saturation of every layer at every step: ours beside delve's, same process, same threads.

python -m benchmarks.saturation [threads]

One loop of lean training steps on one batch that is on the device already. Plain, followed by us and followed by delve take
turns within every round. Added: the median over rounds of the difference from the plain step. In hooks: the mean time spent
in the hooks themselves, which tells small costs from the noise of large steps. Reading: all eigenvalues, at an epoch's end.
Alike: in how many layers both find the same dimension of one batch, but for the direction that delve does not count.
"""

import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from statistics import median

import delve
import torch
from delve.metrics import compute_intrinsic_dimensionality
from torch import nn
from torch.nn import functional

from layerscope.models.network import build_network
from layerscope.saturation import SaturationTracker, intrinsic_dimension

BATCH, CLASSES = 128, 10
CIFAR = (3, 32, 32)
PLAIN = {"initialisation": "default", "output_activation": "identity", "batch_norm": False, "dropout": 0}
CNN = {
    **PLAIN,
    "family": "cnn",
    "hidden": [],
    "ceil_mode": True,
    "convolutions": [{"channels": width, "kernel": 3, "padding": "same", "pool": 2, "dropout": 0} for width in (32, 64, 128)],
}
NETWORKS = {
    "MLP 3072-128-64-10": ({**PLAIN, "family": "mlp", "hidden": [128, 64]}, "mean", 1),
    "MLP 3072-512-256-128-10": ({**PLAIN, "family": "mlp", "hidden": [512, 256, 128]}, "mean", 1),
    "CNN 32-64-128, mean": (CNN, "mean", 1),
    "CNN 32-64-128, channelwise": (CNN, "channelwise", 1),
    "CNN 32-64-128, stride 2": (CNN, "channelwise", 2),
    "CNN 32-64-128, stride 3": (CNN, "channelwise", 3),
    "CNN 32-64-128, stride 4": (CNN, "channelwise", 4),
}
STEPS = {"mlp": 20, "cnn": 2}
ROUNDS = 60


def training_step(network: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> Callable[[], None]:
    """One step of SGD with momentum on one batch."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        loss = functional.cross_entropy(network(inputs), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def milliseconds(step: Callable[[], object], count: int) -> float:
    """Wall-clock milliseconds of one of `count` calls in a row."""
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) * 1e3 / count


def time_hooks(network: nn.Module) -> list[float]:
    """A list that gets the milliseconds of every call of a forward hook that the network has now."""
    took = []

    def timed(hook: Callable) -> Callable:
        def call(*arguments: object) -> None:
            start = time.perf_counter()
            hook(*arguments)
            took.append((time.perf_counter() - start) * 1e3)

        return call

    for module in network.modules():
        for key, hook in module._forward_hooks.items():
            module._forward_hooks[key] = timed(hook)
    return took


def same_dimensions(network: nn.Module, theirs: delve.SaturationTracker, inputs: torch.Tensor, maps: str) -> str:
    """In how many layers our dimension of one batch is delve's plus one: it does not count the direction that reaches 99 %.

    network: followed by delve, which keeps its last batch only.
    """
    with SaturationTracker(network, maps=maps) as tracker:
        network(inputs)
    covariances = theirs.logs["train-covariance-matrix"].values()
    pairs = [
        (intrinsic_dimension(eigenvalues), compute_intrinsic_dimensionality(covariance.fix()))
        for eigenvalues, covariance in zip(tracker.spectra().values(), covariances, strict=True)
    ]
    return f"{sum(ours == theirs + 1 for ours, theirs in pairs)} of {len(pairs)}"


def compare(name: str, options: dict, maps: str, stride: int) -> None:
    """Print one row of the table. stride: of our positions; delve takes all."""
    generator = torch.Generator().manual_seed(0)
    inputs, labels = torch.randn(BATCH, *CIFAR, generator=generator), torch.randint(CLASSES, (BATCH,), generator=generator)
    networks = {who: build_network(name, options, CIFAR, CLASSES, "relu", 0) for who in ("plain", "ours", "delve")}
    steps = {who: training_step(network, inputs, labels) for who, network in networks.items()}
    count = STEPS[options["family"]]
    with tempfile.TemporaryDirectory() as folder, SaturationTracker(networks["ours"], maps=maps, stride=stride) as tracker:
        theirs = delve.SaturationTracker(
            f"{folder}/delve", save_to="csv", modules=networks["delve"], stats=["lsat"], device="cpu", conv_method=maps
        )
        for step in steps.values():
            milliseconds(step, 10)
        took: dict[str, list[float]] = {who: [] for who in steps}
        for turn in range(ROUNDS):
            for who in [*steps][turn % 3 :] + [*steps][: turn % 3]:
                took[who].append(milliseconds(steps[who], count))
        reading = milliseconds(tracker.spectra, 1), milliseconds(theirs.add_saturations, 1)
        alike = same_dimensions(networks["delve"], theirs, inputs, maps)
        in_hooks = {}
        for who in ("ours", "delve"):
            calls = time_hooks(networks[who])
            milliseconds(steps[who], count * ROUNDS)
            in_hooks[who] = sum(calls) / (count * ROUNDS)
    plain = median(took["plain"])
    added = {who: median(a - b for a, b in zip(took[who], took["plain"], strict=True)) for who in in_hooks}
    cells = f"{name:28}{plain:8.2f}"
    for measured in (added, in_hooks):
        ours, delves = measured["ours"], measured["delve"]
        cells += f" |{ours:8.3f}{ours / plain:7.1%}{delves:8.3f}{delves / plain:7.1%}{delves / ours:7.2f}"
    print(f"{cells} |{reading[0]:8.1f}{reading[1]:8.1f}   {alike}", flush=True)


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count()
    torch.set_num_threads(threads)
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    print(f"{threads} threads, batches of {BATCH}, milliseconds a step")
    columns = f" |{'ours':>8}{'':7}{'delve':>8}{'':7}{'ratio':>7}"
    print(f"{'':36} | {'added':36} | {'in hooks':36} | reading            alike")
    print(f"{'network':28}{'step':>8}{columns}{columns} |{'ours':>8}{'delve':>8}")
    for name, (options, maps, stride) in NETWORKS.items():
        compare(name, options, maps, stride)


if __name__ == "__main__":
    main()
