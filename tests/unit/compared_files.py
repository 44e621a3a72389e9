"""Activations of made-up networks of three layers on 40 observations, and what the stage `compare` makes of them."""

from argparse import Namespace
from pathlib import Path

import numpy as np
from figure_files import INPUT, NETWORK, SAMPLE

from layerscope import store
from layerscope.files.provenance import provenance
from layerscope.stages import compare

N = 40
WIDTHS = {"hidden1": 6, "hidden2": 4, "output": 3}
LAYERS = [[name, depth] for depth, name in enumerate(WIDTHS, start=1)]
EPOCHS = [0, 5]
MLP = {key: NETWORK[key] for key in ("dataset", "activation")} | {"architecture": "mlp"}


def written(folder: Path, keys: dict, by_epoch: dict, first: int, index=None, made_by=None) -> str:
    """An activations file. by_epoch: epoch → layer → outputs. first: the depth of the first layer."""
    file = str(folder / f"{keys['architecture']}{keys['seed']}.h5")
    with store.create_hdf5(file, "activations", {"keys": keys, "sample": SAMPLE}, made_by or provenance()) as opened:
        store.write_observations(opened, np.arange(N) % 3, np.arange(N) if index is None else index)
        for epoch, layers in by_epoch.items():
            for depth, (name, values) in enumerate(layers.items(), start=first):
                store.create_layer(opened, epoch, name, N, values.shape[1:], depth, "linear")[:] = values
    return file


def networks(folder: Path, seeds: int = 3, change=lambda outputs: None, **about) -> tuple[list[str], dict]:
    """The files of an input and of networks, and all that is in them: (seed, epoch, layer) → outputs.

    change: is given the outputs of each network, by epoch and layer, to change them.
    """
    generator = np.random.default_rng(0)
    images = generator.normal(size=(N, 9)).astype(np.float32)
    files, outputs = [written(folder, INPUT, {0: {"input": images}}, 0)], {}
    for seed in range(seeds):
        by_epoch = {}
        for epoch in EPOCHS:
            below, by_epoch[epoch] = images, {}
            for name, width in WIDTHS.items():
                below = np.tanh(below @ generator.normal(size=(below.shape[1], width)) / 2).astype(np.float32)
                by_epoch[epoch][name] = below
            outputs |= {(seed, epoch, "input"): images}
        change(by_epoch)
        outputs |= {(seed, epoch, name): values for epoch, layers in by_epoch.items() for name, values in layers.items()}
        files.append(written(folder, {**NETWORK, "architecture": "mlp", "seed": seed}, by_epoch, 1, **about))
    return files, outputs


def told(seed: int, **params) -> dict:
    """The params of a job of one of these networks, between its layers."""
    return {
        "keys": {**NETWORK, "architecture": "mlp", "seed": seed},
        "comparison": "alike",
        "between": "layers",
        "with": "all",
        "measures": ["cka"],
        "permutations": 1,
        "snapshots": EPOCHS,
        "epochs": EPOCHS,
        "layers": LAYERS,
        **params,
    }


def compared(file: str, params: dict, of_input=(), others=()) -> str:
    """Run the stage; the file that it writes."""
    target = f"{file}.{params['comparison']}.csv"
    compare.main(Namespace(params=params, activations=file, input=list(of_input), others=list(others), comparison=target))
    return target


def layers_compared(files: list[str], **params) -> list[str]:
    """The comparisons of the layers of each network, with the input. files: those of `networks`."""
    return [compared(file, told(seed, **params), files[:1]) for seed, file in enumerate(files[1:])]
