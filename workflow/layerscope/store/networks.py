"""Trained networks: snapshots of their weights, and the covariance spectra of their layers."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.files.provenance import canonical_json
from layerscope.files.seals import intact
from layerscope.files.whole import PARTIAL, write_tensors
from layerscope.store.hdf5 import create_hdf5, mapping, open_hdf5
from layerscope.store.layout import SCHEMA, epoch_name
from layerscope.store.reading import reading

if TYPE_CHECKING:
    import numpy as np


def write_checkpoints(target: str | Path, params: dict, provenance: dict, snapshots: dict[int, dict]) -> None:
    """Write snapshots of a network, epoch → state dict of tensors, to one safetensors file."""
    tensors = {
        f"{epoch_name(epoch)}/{name}": tensor.detach().cpu().contiguous()
        for epoch, state in snapshots.items()
        for name, tensor in state.items()
    }
    # All metadata under one key: safetensors writes several keys in arbitrary order, so the bytes would differ.
    about = {"layerscope": canonical_json({"schema": SCHEMA["train"], "params": params, "provenance": provenance})}
    write_tensors(target, tensors, about, sealed=True)


@contextlib.contextmanager
def _open_checkpoints(source: str | Path):
    from safetensors import SafetensorError, safe_open

    with (
        reading(source, SafetensorError, KeyError, ValueError, TypeError, RecursionError),
        safe_open(intact(source), framework="pt") as file,
    ):
        yield file


def unfinished_training(checkpoints: str | Path) -> Path:
    """The folder for the state of a training that has not written its checkpoints yet."""
    return Path(checkpoints).with_name(f".training{PARTIAL}")


def snapshot_epochs(checkpoints: str | Path) -> list[int]:
    """The epochs of the snapshots in a checkpoints file, ascending."""
    with _open_checkpoints(checkpoints) as file:
        return sorted({int(key.split("/", 1)[0].removeprefix("epoch")) for key in file.keys()})  # noqa: SIM118 (no mapping)


def read_snapshot(checkpoints: str | Path, epoch: int) -> dict:
    """One snapshot of a network, a state dict of tensors on the CPU."""
    start = f"{epoch_name(epoch)}/"
    with _open_checkpoints(checkpoints) as file:
        return {key.removeprefix(start): file.get_tensor(key) for key in file.keys() if key.startswith(start)}  # noqa: SIM118


def read_linear_map(checkpoints: str | Path, epoch: int, start: str) -> "tuple[np.ndarray, np.ndarray] | None":
    """The weights (outputs, inputs) and the bias (outputs,) of a linear layer at a snapshot, float32; a missing bias is 0.

    start: what the names of its parameters begin with. None where a snapshot is not there, because the training diverged.
    """
    import numpy as np

    prefix = f"{epoch_name(epoch)}/{start}"
    with _open_checkpoints(checkpoints) as file:
        if f"{prefix}weight" not in file.keys():  # noqa: SIM118 (no mapping)
            return None
        weights = file.get_tensor(f"{prefix}weight").float().numpy()
        has_bias = f"{prefix}bias" in file.keys()  # noqa: SIM118
        return weights, file.get_tensor(f"{prefix}bias").float().numpy() if has_bias else np.zeros(len(weights), np.float32)


def checkpoint_provenance(source: str | Path) -> dict:
    """Package versions, threads, device and status of a training."""
    with _open_checkpoints(source) as file:
        return mapping(file.metadata()["layerscope"])["provenance"]


def examine_checkpoints(source: str | Path) -> tuple[dict, dict, list[str]]:
    """Read every tensor of a checkpoints file. Returns its params, its provenance and the names of its snapshots."""
    with _open_checkpoints(source) as file:
        about = mapping(file.metadata()["layerscope"])
        names = {key.split("/", 1)[0] for key in file.keys() if file.get_tensor(key) is not None}  # noqa: SIM118
        return about["params"], about["provenance"], sorted(names)


def write_spectra(target: str | Path, params: dict, provenance: dict, spectra: list) -> None:
    """Write spectra (layerscope.saturation.spectrum.Spectrum) as /{phase}/step0000780/{layer}: eigenvalues, descending."""
    with create_hdf5(target, "train", params, provenance) as file:
        for spectrum in spectra:
            group = file.require_group(f"{spectrum.phase}/step{spectrum.step:07d}")
            stored = group.create_dataset(spectrum.layer, data=spectrum.eigenvalues.astype("float64"))
            stored.attrs.update(
                epoch=spectrum.epoch, samples=spectrum.samples, depth=spectrum.depth, kind=spectrum.kind, tap="pre"
            )


@dataclass(frozen=True)
class StoredSpectrum:
    """Eigenvalues (d,) of one layer's covariance, descending, at one step of one phase."""

    phase: str
    step: int
    layer: str
    epoch: int
    samples: int
    depth: int
    eigenvalues: "np.ndarray"


def spectra(source: str | Path) -> Iterator[StoredSpectrum]:
    """All spectra of a training, ordered by phase, step and depth."""
    with open_hdf5(source, "train") as file:
        for phase in file:
            for step in file[phase]:
                layers = sorted(file[phase][step].items(), key=lambda item: item[1].attrs["depth"])
                for layer, stored in layers:
                    yield StoredSpectrum(
                        phase,
                        int(step.removeprefix("step")),
                        layer,
                        int(stored.attrs["epoch"]),
                        int(stored.attrs["samples"]),
                        int(stored.attrs["depth"]),
                        stored[:],
                    )
