"""Run each snapshot of a network over a sample once and stream the outputs of every kept layer to HDF5."""

import argparse
from collections import Counter

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.observations import Observations
from layerscope.data.samples import observations_of_sample
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.files.unfinished import Resumable, identity
from layerscope.kind_modules import architecture_sources, kind_source, packages
from layerscope.models.device import device_kind, set_up_device
from layerscope.models.hooks import outputs_of
from layerscope.models.network import Network, build_network

BATCH = 500


def main(arguments: argparse.Namespace) -> None:
    """Write the outputs of every kept layer, and the predictions, at every snapshot."""
    params = arguments.params
    device = set_up_device(params["device"], params["threads"], params["precision"])
    observations = observations_of_sample(arguments.data, params["sample"], params["dataset"], params["normalise"])
    network = build_network(
        params["architecture"]["name"],
        params["architecture"],
        observations.shape,
        len(observations.classes),
        params["activation"],
        seed=0,
    ).to(device)
    trained = store.checkpoint_provenance(arguments.checkpoints)
    family = kind_source("models.families", params["architecture"]["family"], params.get("code"))
    made_by = provenance(
        device=device_kind(device),
        threads=params["threads"],
        status=trained["status"],
        reason=trained["reason"],
        packages=packages(family, "FAMILY"),
    )
    code = ["layerscope.stages.dump", *architecture_sources(family, params["architecture"])]
    made_for = identity(params, code, [arguments.data, arguments.checkpoints])
    with Resumable(arguments.activations, made_for) as resumable:
        parts = {
            epoch: resumable.file(f"{store.epoch_name(epoch)}.h5")
            for epoch in store.snapshot_epochs(arguments.checkpoints)
            if epoch in params["epochs"]
        }
        for epoch, part in parts.items():
            if not part.exists():
                _load(network, arguments.checkpoints, epoch)
                with store.create_hdf5(part, "activations", params, made_by) as file:
                    stream_snapshot(network, file, epoch, params["layers"], observations, device)
        with store.create_hdf5(arguments.activations, "activations", params, made_by) as file:
            store.write_observations(file, observations.labels, observations.rows)
            store.join_activations(file, parts.values())
        resumable.discard()


def _load(network: torch.nn.Module, checkpoints: str, epoch: int) -> None:
    try:
        network.load_state_dict(store.read_snapshot(checkpoints, epoch))
    except RuntimeError as error:
        raise StudyError(f"{checkpoints} does not fit the architecture ({error})") from None


def stream_snapshot(network: Network, file, epoch: int, layers: list[str], observations: Observations, device) -> None:
    """Run one forward pass in batches and write each kept layer's outputs and, for a classifier, predictions and losses."""
    n = len(observations.labels)
    kept = {
        layer.name: store.create_layer(file, epoch, layer.name, n, layer.shape, depth, layer.kind)
        for depth, layer in enumerate(network.plan, start=1)
        if layer.name in layers
    }
    classes, losses = np.empty(n, np.int64), np.empty(n, np.float32)
    start = 0

    calls: Counter[str] = Counter()
    taps = {layer.name: layer for layer in network.plan if layer.name in layers}

    def receive(name: str, output: torch.Tensor) -> None:
        layer = taps[name]
        calls[name] += 1
        if calls[name] == layer.call:
            values = network.kept(layer, output)
            if len(values) != min(BATCH, n - start):
                raise StudyError(f"layer {name} puts out {len(values)} of {min(BATCH, n - start)} observations; name another one")
            kept[name][start : start + len(values)] = values.cpu().numpy()

    network.eval()
    with outputs_of({name: network.block(name) for name in layers}, receive), torch.inference_mode():
        for start in tqdm(range(0, n, BATCH), desc=store.epoch_name(epoch), delay=10, mininterval=5):
            part = slice(start, start + BATCH)
            calls.clear()
            logits = network(torch.from_numpy(observations.inputs(part)).to(device))
            silent = [name for name, layer in taps.items() if calls[name] < layer.call]
            if silent:
                raise StudyError(f"layer {silent[0]} is not called for all observations; name another one")
            if network.reconstructs:
                continue
            wanted = torch.from_numpy(observations.labels[part]).to(device)
            classes[part] = logits.argmax(1).cpu().numpy()
            losses[part] = functional.cross_entropy(logits, wanted, reduction="none").cpu().numpy()
    if not network.reconstructs:
        store.write_predictions(file, epoch, classes, losses)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--checkpoints", required=True, help="the network's snapshots")
    parser.add_argument("--activations", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
