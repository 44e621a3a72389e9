"""Train one network and keep its snapshots, its history and the spectra of its layers."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import torch

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.observations import Observations, observations_of_split
from layerscope.data.targets import STANDARDISE, listed
from layerscope.errors import StudyError, one_of
from layerscope.files.csv_tables import write_rows
from layerscope.files.provenance import provenance
from layerscope.files.unfinished import identity
from layerscope.kind_modules import WEIGHTS, architecture_sources, kind_source, packages
from layerscope.models.device import device_kind, set_up_device
from layerscope.models.network import build_network
from layerscope.training.class_rates import class_rates
from layerscope.training.controls import noise_like, shuffled_labels
from layerscope.training.pictures import Pictures, inputs_of, on_device
from layerscope.training.resume import UnfinishedTraining
from layerscope.training.run import TrainingRun
from layerscope.training.seeds import purpose_seed
from layerscope.training.train import train, train_until_accepted

LEARNED_FROM = store.SPLITS[0]


def main(arguments: argparse.Namespace) -> None:
    """Write snapshots, history and spectra of one network. An interrupted training resumes after its last whole epoch."""
    params = arguments.params
    code = ["layerscope.stages.train", *architecture_sources(_family(params), params["architecture"])]
    made_for = identity(arguments.params, code, [arguments.data, *arguments.weights])
    with UnfinishedTraining(store.unfinished_training(arguments.checkpoints), made_for) as unfinished:
        train_to_the_end(arguments, unfinished)
        unfinished.discard()


def train_to_the_end(arguments: argparse.Namespace, unfinished: UnfinishedTraining) -> None:
    """Train from the unfinished state if there is one, else from the beginning, and write all outputs."""
    params = arguments.params
    device = set_up_device(params["device"], params["threads"], params["precision"])
    mixed = params["precision"] == "mixed"
    if mixed and device.type != "cuda":
        print("precision: mixed is for CUDA devices, processors multiply in float32", file=sys.stderr)
    memory_format = torch.channels_last if params["memory_format"] == "channels_last" else torch.contiguous_format
    scaled = (params["normalise"], params.get("normalise_targets", STANDARDISE))
    observed = {split: observations_of_split(arguments.data, split, *scaled) for split in store.split_names(arguments.data)}
    splits = {}
    for split, observations in observed.items():
        control = params.get("control") if split == LEARNED_FROM else None
        inputs, learned = _learned_from(observations, control, params["seed"])
        splits[split] = (on_device(inputs, device, memory_format), torch.from_numpy(learned).to(device))
    shape, classes, outputs = observed["train"].shape, observed["train"].classes, observed["train"].outputs
    if observed["train"].targets:
        _say_units(observed["train"])
    rates = class_rates(**params["class_rates"], classes=len(classes), seed=params["seed"]) if "class_rates" in params else None

    options = _with_class_numbers(params["training"], classes)

    state = unfinished.read()
    if state is None:
        unfinished.clear()
    else:
        print(f"going on after epoch {state.epoch}, where this training was interrupted", file=sys.stderr)

    def start(attempt: int) -> TrainingRun:
        network = build_network(
            params["architecture"]["name"],
            params["architecture"],
            shape,
            outputs,
            params["activation"],
            purpose_seed(params["seed"], "initialisation", attempt),
        )
        if arguments.weights:
            where, fresh = f"architectures.{params['architecture']['name']}", params["architecture"].get("fresh", [])
            import_module(WEIGHTS).load_weights(network, Path(arguments.weights[0]), fresh, where)
        network = network.to(device)
        if len(shape) == 3:
            network = network.to(memory_format=memory_format)  # type: ignore[call-overload]
        return TrainingRun(
            network=network,
            splits=splits,
            options=options,
            snapshots=params["snapshots"],
            seed=params["seed"],
            attempt=attempt,
            class_rates=rates,
            keep=unfinished.keep,
            mixed_precision=mixed and device.type == "cuda",
            resume=state if state is not None and state.attempt == attempt else None,
        )

    if "acceptance" in params:
        wanted, attempts = params["acceptance"]["test_accuracy"], params["acceptance"]["attempts"]
        result = train_until_accepted(start, wanted, attempts, state.result.attempts if state else [])
    else:
        [result] = train([start(0)])
    made_by = provenance(
        device=device_kind(device),
        threads=params["threads"],
        seeds=[params["seed"]],
        status=result.status,
        reason=result.reason,
        attempts=result.attempts,
        class_rates=rates,
        packages=packages(_family(params), "FAMILY"),
    )
    store.write_checkpoints(arguments.checkpoints, params, made_by, result.snapshots)
    write_rows(arguments.history, store.HISTORY_COLUMNS, result.history)
    store.write_spectra(arguments.spectra, params, made_by, result.spectra)


def _learned_from(observations: Observations, control: str | None, seed: int) -> tuple[torch.Tensor | Pictures, np.ndarray]:
    """The inputs of observations and their labels or targets, or what a control has in the place of one of both."""
    match control:
        case "shuffled_labels":
            return inputs_of(observations), shuffled_labels(observations.learned, seed)
        case "noise":
            return torch.from_numpy(noise_like(observations.inputs(), seed)), observations.learned
        case _:
            return inputs_of(observations), observations.learned


def _with_class_numbers(options: dict, classes: list[str]) -> dict:
    """The options of the training, with the numbers of the classes whose spectra are followed in the place of their names."""
    followed = options["spectra"].get("classes", [])
    for name in followed:
        if name not in classes:
            raise StudyError(f"training.spectra.classes: there is no class '{name}'; {one_of(name, classes)}")
    numbers = {"classes": [classes.index(name) for name in followed]} if followed else {}
    return {**options, "spectra": {**options["spectra"], **numbers}}


def _family(params: dict) -> str:
    return kind_source("models.families", params["architecture"]["family"], params.get("code"))


def _say_units(observations: Observations) -> None:
    """Say in the log in which units losses are."""
    about = listed(observations.targets, observations.target_shift, observations.target_scale)
    print(f"targets are learned as (target - mean) / deviation, and losses are squared errors of these: {about}", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--weights", nargs="*", default=[], help="the weights that the network begins with, where it has any")
    parser.add_argument("--checkpoints", required=True, help="the snapshots to write (safetensors)")
    parser.add_argument("--history", required=True, help="the losses and accuracies to write (CSV)")
    parser.add_argument("--spectra", required=True, help="the covariance spectra to write (HDF5)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
