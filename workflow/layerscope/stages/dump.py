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
from layerscope.data.targets import STANDARDISE
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.files.unfinished import Resumable, identity
from layerscope.kind_modules import architecture_sources, kind_source, packages
from layerscope.models.at_once import observations_at_once
from layerscope.models.device import device_kind, set_up_device
from layerscope.models.hooks import outputs_of
from layerscope.models.network import Network, build_network

BATCH = 500


def main(arguments: argparse.Namespace) -> None:
    """Write the outputs of every kept layer, and the predictions, at every snapshot."""
    params = arguments.params
    device = set_up_device(params["device"], params["threads"], params["precision"])
    observations = observations_of_sample(
        arguments.data, params["sample"], params["dataset"], params["normalise"], params.get("normalise_targets", STANDARDISE)
    )
    network = build_network(
        params["architecture"]["name"],
        params["architecture"],
        observations.shape,
        observations.outputs,
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
            store.write_observations(file, observations.kept, observations.rows)
            store.join_activations(file, parts.values())
        resumable.discard()


def _load(network: torch.nn.Module, checkpoints: str, epoch: int) -> None:
    try:
        network.load_state_dict(store.read_snapshot(checkpoints, epoch))
    except RuntimeError as error:
        raise StudyError(f"{checkpoints} does not fit the architecture ({error})") from None


def stream_snapshot(network: Network, file, epoch: int, layers: list[str], observations: Observations, device) -> None:
    """Run one forward pass in batches and write each kept layer's outputs and, unless it reconstructs, predictions and losses."""
    n = len(observations.labels)
    kept = {
        layer.name: store.create_layer(file, epoch, layer.name, n, layer.shape, depth, layer.kind)
        for depth, layer in enumerate(network.plan, start=1)
        if layer.name in layers
    }
    predicted = np.empty((n, len(observations.targets)), np.float32) if observations.targets else np.empty(n, np.int64)
    losses, learned = np.empty(n, np.float32), torch.from_numpy(observations.learned)
    start, at_once = 0, observations_at_once(network, _inputs(observations, slice(2), device), BATCH)

    calls: Counter[str] = Counter()
    taps = {layer.name: layer for layer in network.plan if layer.name in layers}

    def receive(name: str, output: torch.Tensor) -> None:
        layer = taps[name]
        calls[name] += 1
        if calls[name] == layer.call:
            values = network.kept(layer, output)
            wanted = min(at_once, n - start)
            if len(values) != wanted:
                raise StudyError(f"layer {name} puts out {len(values)} of {wanted} observations; name another one")
            kept[name][start : start + len(values)] = values.cpu().numpy()

    network.eval()
    with outputs_of({name: network.block(name) for name in layers}, receive), torch.inference_mode():
        for start in tqdm(range(0, n, at_once), desc=store.epoch_name(epoch), delay=10, mininterval=5):
            part = slice(start, start + at_once)
            calls.clear()
            outputs = network(_inputs(observations, part, device))
            silent = [name for name, layer in taps.items() if calls[name] < layer.call]
            if silent:
                raise StudyError(f"layer {silent[0]} is not called for all observations; name another one")
            if network.reconstructs:
                continue
            wanted = learned[part].to(device)
            if observations.targets:
                predicted[part] = observations.in_units_of_data(outputs.cpu().numpy())
                losses[part] = functional.mse_loss(outputs, wanted, reduction="none").mean(dim=1).cpu().numpy()
            else:
                predicted[part] = outputs.argmax(1).cpu().numpy()
                losses[part] = functional.cross_entropy(outputs, wanted, reduction="none").cpu().numpy()
    if not network.reconstructs:
        store.write_predictions(file, epoch, predicted, losses)


def _inputs(observations: Observations, rows: slice, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(observations.inputs(rows)).to(device)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--checkpoints", required=True, help="the network's snapshots")
    parser.add_argument("--activations", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
