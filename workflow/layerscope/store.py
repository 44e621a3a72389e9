"""Where everything lies: the names of a study's files, and what is inside each of them.

Nothing else in the project knows a path or an HDF5 key. The names are needed wherever Snakemake reads the rules, so h5py,
numpy and the rest are imported where they are used.

In a notebook:

    from layerscope import store
    for layer in store.representations("results/digits/runs/.../activations.h5"):
        print(layer.epoch, layer.layer, layer.filter, layer.array.shape)
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import StudyError
from layerscope.files import intact, leads_outside, replacing, unfailing, write_csv
from layerscope.provenance import canonical_json

if TYPE_CHECKING:
    import h5py
    import numpy as np

FOLDER = "results"
SPLITS = ("train", "validation", "test")
# The split of the history and of scores that stands for an epoch's batches, as they were learned from.
BATCHES = "batches"
RESERVED_STUDIES = ("data", "reference")
RUN = "runs/{dataset}/{architecture}/{activation}/seed{seed}"
INPUT = "inputs/{dataset}"
PATTERNS = {
    "data": "data/{dataset}.h5",
    "prepared": "data/prepared.txt",
    "checkpoints": "{run}/checkpoints.safetensors",
    "history": "{run}/history.csv",
    "spectra": "{run}/spectra.h5",
    "activations": "{source}/{sample}/activations.h5",
    "neighbors": "{source}/{sample}/neighbors.h5",
    "embedding": "{source}/{sample}/embeddings/{embedding}.h5",
    "neurons": "{run}/{sample}/neurons.h5",
    "run_scores": "{run}/scores/run.csv",
    "scores": "{source}/{sample}/scores/{space}.csv",
    "score_table": "scores.parquet",
    "summary": "summary.csv",
    "tests": "tests.csv",
    "claims": "claims.csv",
    "networks": "networks.csv",
    "figure": "figures/{figure}.{format}",
    "table": "tables/{table}.{format}",
    "log": "logs/{job}.log",
    "benchmark": "benchmarks/{job}.tsv",
}

# Raised when the content of a kind of file changes meaning: part of every job's params, it makes older files stale.
SCHEMA = {
    "data": 1,
    "train": 2,
    "activations": 1,
    "neighbors": 1,
    "embedding": 1,
    "neurons": 1,
    "scores": 1,
    "aggregate": 1,
    "figure": 1,
}

SCORE_COLUMNS = (
    "study",
    "dataset",
    "architecture",
    "activation",
    "seed",
    "sample",
    "epoch",
    "state",
    "layer",
    "depth",
    "filter",
    "space",
    "embedding_seed",
    "metric",
    "value",
    "n_points",
    "chance",
    "degenerate",
)
PUBLISHED = Path(__file__).parents[1] / "published"
PUBLISHED_COLUMNS = ("figure", "dataset", "embedding", "layer", "filter", "state", "metric", "value")
PUBLISHED_VALUE_COLUMNS = (
    "figure",
    "dataset",
    "architecture",
    "sample",
    "embedding",
    "layer",
    "state",
    "metric",
    "value",
)
HISTORY_COLUMNS = ("epoch", "step", "split", "loss", "accuracy")


def published_names() -> list[str]:
    """The tables of published numbers that a study can be compared with."""
    return sorted(file.stem for file in PUBLISHED.glob("*.csv"))


def published_columns(name: str) -> tuple[str, ...]:
    """The columns of a table of published numbers."""
    with open(PUBLISHED / f"{name}.csv", encoding="utf-8") as file:
        return tuple(file.readline().strip().split(","))


def published_file(name: str) -> str:
    """A table of published numbers, with the columns PUBLISHED_COLUMNS (layer is a depth) or PUBLISHED_VALUE_COLUMNS (a name)."""
    file = PUBLISHED / f"{name}.csv"
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


def read_published(source: str | Path):
    """Published numbers by layer and filter, a pandas DataFrame with PUBLISHED_COLUMNS; filter is "" for whole layers."""
    return _read_published(source, PUBLISHED_COLUMNS)


def read_published_values(source: str | Path):
    """Published numbers of single networks as a pandas DataFrame with PUBLISHED_VALUE_COLUMNS; "" where one does not apply."""
    return _read_published(source, PUBLISHED_VALUE_COLUMNS)


def _read_published(source: str | Path, columns: tuple[str, ...]):
    import pandas

    table = pandas.read_csv(source, dtype={"filter": "str"}, keep_default_na=False)
    if tuple(table.columns) != columns:
        raise StudyError(f"{source} has the columns {', '.join(table.columns)}; {', '.join(columns)} are wanted")
    return table


def study_folder(study: str) -> str:
    """The folder of all files of a study, relative to the project's root."""
    return f"{FOLDER}/{study}"


def pattern(study: str, name: str) -> str:
    """The path of a kind of file with its wildcards left open, relative to the project's root."""
    return f"{study_folder(study)}/{PATTERNS[name]}"


def path(study: str, name: str, **keys: object) -> str:
    """The path of one file: pattern() with its wildcards filled in."""
    return pattern(study, name).format(**keys)


def run_folder(dataset: str, architecture: str, activation: str, seed: int) -> str:
    """The `{run}` (and `{source}`) part of the paths of one trained network."""
    return RUN.format(dataset=dataset, architecture=architecture, activation=activation, seed=seed)


def network_keys(file: str | Path) -> dict[str, str | int]:
    """dataset, architecture, activation and seed of the network that a file below its run folder is about."""
    parts = Path(file).parts
    last = max(index for index, part in enumerate(parts[:-5]) if part == "runs" and parts[index + 4].startswith("seed"))
    dataset, architecture, activation, seed = parts[last + 1 : last + 5]
    return {
        "dataset": dataset,
        "architecture": architecture,
        "activation": activation,
        "seed": int(seed.removeprefix("seed")),
    }


def input_folder(dataset: str) -> str:
    """The `{source}` part of the paths of what the networks of a dataset receive."""
    return INPUT.format(dataset=dataset)


def download_folder() -> Path:
    """Where raw datasets are looked for and downloaded to: LAYERSCOPE_DATA, or results/data."""
    return Path(os.environ.get("LAYERSCOPE_DATA") or f"{FOLDER}/data")


# HDF5


@contextlib.contextmanager
def create_hdf5(target: str | Path, schema: str, params: dict, provenance: dict) -> Iterator["h5py.File"]:
    """A new HDF5 file that appears under its name, whole, when the block ends well."""
    import h5py

    with replacing(target, sealed=True) as temporary, unfailing(temporary) as stream, h5py.File(stream, "w") as file:
        file.attrs["schema"] = SCHEMA[schema]
        file.attrs["params"] = canonical_json(params)
        file.attrs["provenance"] = canonical_json(provenance)
        yield file


@contextlib.contextmanager
def open_hdf5(source: str | Path, kind: str | None = None) -> Iterator["h5py.File"]:
    """An HDF5 file for reading. kind: of SCHEMA.

    Raises StudyError, naming the file, where it is missing or damaged, lacks what is looked for, leads to another file, or is
    laid out as another version of layerscope did it.
    """
    import h5py

    try:
        file = h5py.File(intact(source), "r")
    except FileNotFoundError:
        raise StudyError(f"{source} is missing; run snakemake to make it") from None
    except OSError as error:
        raise StudyError(f"{source} is damaged or no HDF5 file ({error}); delete it and run snakemake again") from None
    with file:
        try:
            about = os.stat(source)
            elsewhere = _leads_outside(str(source), about.st_ino, about.st_mtime_ns, about.st_size)
            if elsewhere is not None:
                raise StudyError(
                    f"{source}: {elsewhere} leads to another file, which no file of ours does; delete it and run snakemake again"
                )
            schema = file.attrs.get("schema")
            if kind is not None and schema is not None and schema != SCHEMA[kind]:
                raise StudyError(
                    f"{source} is of another version of layerscope (schema {schema}, this one reads {SCHEMA[kind]}); "
                    "delete it and run snakemake again"
                )
            yield file
        except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None


@cache
def _leads_outside(source: str, *_: int) -> str | None:
    """files.leads_outside of a file, found once for each state of it: inode, time and size."""
    import h5py

    with h5py.File(source, "r") as file:
        return leads_outside(file)


def file_params(source: str | Path) -> dict:
    """What the job that made an HDF5 file was told."""
    with open_hdf5(source) as file:
        return _mapping(file.attrs["params"])


def file_provenance(source: str | Path) -> dict:
    """Package versions, threads, device and status of the job that made an HDF5 file."""
    with open_hdf5(source) as file:
        return _mapping(file.attrs["provenance"])


def _mapping(text: str) -> dict:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"{text:.40} is no mapping")
    return found


def examine_hdf5(source: str | Path) -> tuple[dict, dict, list[str]]:
    """Read every array of an HDF5 file: its params, its provenance, the names at its top. StudyError where it is damaged."""
    import h5py

    with open_hdf5(source) as file:

        def read(_: str, found: "h5py.Dataset | h5py.Group") -> None:
            if isinstance(found, h5py.Dataset):
                for start in range(0, len(found), max(1, len(found) // 8)) if found.ndim else ():
                    found[start : start + max(1, len(found) // 8)]

        file.visititems(read)
        return _mapping(file.attrs["params"]), _mapping(file.attrs["provenance"]), list(file)


def write_array(
    group: "h5py.Group", name: str, shape: tuple[int, ...], dtype: str, array: "np.ndarray | None" = None
) -> "h5py.Dataset":
    """A compressed dataset chunked by whole rows of about 256 KiB, so that reading some rows reads little else."""
    import numpy as np

    row_bytes = max(1, int(np.prod(shape[1:], dtype=np.int64)) * np.dtype(dtype).itemsize)
    rows = min(max(1, (256 * 1024) // row_bytes), max(1, shape[0]))
    chunks = (rows, *shape[1:]) if 0 not in shape else None
    compression = {"compression": "lzf", "shuffle": True, "fletcher32": True} if chunks else {}
    return group.create_dataset(name, shape=shape, dtype=dtype, data=array, chunks=chunks, **compression)


def epoch_name(epoch: int) -> str:
    """The HDF5 and checkpoint name of a snapshot."""
    return f"epoch{epoch:04d}"


def filter_name(filter_number: int | None) -> str:
    """The HDF5 name of a view of a layer: one filter of it, or the whole."""
    return "whole" if filter_number is None else f"filter{filter_number:04d}"


# Datasets


def write_data(target: str | Path, params: dict, provenance: dict, dataset) -> None:
    """Lay out a dataset (layerscope.data.dataset.Dataset): /{split}/{images, labels} and what describes it."""
    with create_hdf5(target, "data", params, provenance) as file:
        file.attrs["classes"] = json.dumps(dataset.classes)
        file.attrs["source"] = dataset.source
        file.attrs["sha256"] = dataset.sha256
        file.attrs["white"] = float(dataset.white)
        file.attrs["mean"], file.attrs["deviation"] = dataset.mean, dataset.deviation
        for split, (images, labels) in dataset.splits.items():
            group = file.create_group(split)
            write_array(group, "images", images.shape, images.dtype.str, images)
            group.create_dataset("labels", data=labels.astype("int64"))


def read_split(source: str | Path, split: str) -> tuple["np.ndarray", "np.ndarray"]:
    """Images (n, ...) as stored and labels (n,) int64 of one split."""
    labels = read_split_labels(source, split)
    with open_hdf5(source, "data") as file:
        return file[split]["images"][:], labels


def read_split_labels(source: str | Path, split: str) -> "np.ndarray":
    """Labels (n,) int64 of one split. Raises StudyError where the dataset lacks it."""
    with open_hdf5(source, "data") as file:
        if split not in file:
            raise StudyError(f"{source} has no split '{split}'; it has: {', '.join(file)}")
        return file[split]["labels"][:]


def read_images(source: str | Path, split: str, rows: "np.ndarray") -> "np.ndarray":
    """Images (len(rows), ...) as stored; rows ascend."""
    with open_hdf5(source, "data") as file:
        stored = file[split]["images"]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            return stored[rows[0] : rows[-1] + 1]
        return stored[rows]


def split_names(source: str | Path) -> list[str]:
    """The splits of a dataset, of train, validation and test."""
    with open_hdf5(source, "data") as file:
        return [name for name in SPLITS if name in file]


@dataclass(frozen=True)
class DataDescription:
    """What a dataset file says of itself.

    white: the pixel value of full intensity. mean, deviation: of each channel of the training images.
    """

    classes: list[str]
    white: float
    mean: "np.ndarray"
    deviation: "np.ndarray"


def describe_data(source: str | Path) -> DataDescription:
    """Class names, the value of full intensity and the statistics of the training images."""
    with open_hdf5(source, "data") as file:
        about = file.attrs
        return DataDescription(json.loads(about["classes"]), float(about["white"]), about["mean"], about["deviation"])


def recorded_digest(source: str | Path) -> str:
    """SHA-256 of the raw data that a dataset file was made from, as its source tells it."""
    with open_hdf5(source, "data") as file:
        return str(file.attrs["sha256"])


# Networks


def write_checkpoints(target: str | Path, params: dict, provenance: dict, snapshots: dict[int, dict]) -> None:
    """Snapshots of a network, epoch → state dict of tensors, in one safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {
        f"{epoch_name(epoch)}/{name}": tensor.detach().cpu().contiguous()
        for epoch, state in snapshots.items()
        for name, tensor in state.items()
    }
    # One metadata key only: safetensors writes several in an order of its own, and the bytes would differ.
    about = {"layerscope": canonical_json({"schema": SCHEMA["train"], "params": params, "provenance": provenance})}
    with replacing(target, sealed=True) as temporary:
        try:
            save_file(tensors, temporary, metadata=about)
        except SafetensorError as error:
            raise OSError(str(error)) from None


@contextlib.contextmanager
def _open_checkpoints(source: str | Path):
    from safetensors import SafetensorError, safe_open

    try:
        opened = safe_open(intact(source), framework="pt")
    except (SafetensorError, FileNotFoundError) as error:
        raise StudyError(f"{source} is missing or damaged ({error}); delete it and run snakemake again") from None
    with opened as file:
        try:
            yield file
        except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
            raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None


def unfinished_training(checkpoints: str | Path) -> Path:
    """The folder for the state of a training that has not written its checkpoints yet."""
    return Path(checkpoints).with_name(".training.partial")


def snapshot_epochs(checkpoints: str | Path) -> list[int]:
    """The epochs of which a checkpoints file has a snapshot, ascending."""
    with _open_checkpoints(checkpoints) as file:
        return sorted({int(key.split("/", 1)[0].removeprefix("epoch")) for key in file.keys()})  # noqa: SIM118 (no mapping)


def read_snapshot(checkpoints: str | Path, epoch: int) -> dict:
    """One snapshot of a network, a state dict of tensors on the CPU."""
    start = f"{epoch_name(epoch)}/"
    with _open_checkpoints(checkpoints) as file:
        return {key.removeprefix(start): file.get_tensor(key) for key in file.keys() if key.startswith(start)}  # noqa: SIM118


def checkpoint_provenance(source: str | Path) -> dict:
    """Package versions, threads, device and status of a training."""
    with _open_checkpoints(source) as file:
        return _mapping(file.metadata()["layerscope"])["provenance"]


def examine_checkpoints(source: str | Path) -> tuple[dict, dict, list[str]]:
    """Read every tensor of a checkpoints file: its params, its provenance, the names of its snapshots."""
    with _open_checkpoints(source) as file:
        about = _mapping(file.metadata()["layerscope"])
        names = {key.split("/", 1)[0] for key in file.keys() if file.get_tensor(key) is not None}  # noqa: SIM118
        return about["params"], about["provenance"], sorted(names)


# Spectra


def write_spectra(target: str | Path, params: dict, provenance: dict, spectra: list) -> None:
    """Covariance spectra (layerscope.saturation.Spectrum): /{phase}/step0000780/{layer} eigenvalues, descending."""
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
    """All spectra of a training, by phase, step and depth."""
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


# Activations, and what is made of each representation


def write_observations(file: "h5py.File", labels: "np.ndarray", rows: "np.ndarray") -> None:
    """Which observations an activations file is about: labels (n,) and rows (n,) of the split."""
    file.create_dataset("labels", data=labels)
    file.create_dataset("index", data=rows)


def create_layer(
    file: "h5py.File", epoch: int, layer: str, n: int, shape: tuple[int, ...], depth: int, kind: str
) -> "h5py.Dataset":
    """An empty (n, *shape) float32 dataset for the outputs of a layer at a snapshot, to be filled row by row."""
    stored = write_array(file.require_group(epoch_name(epoch)), layer, (n, *shape), "float32")
    stored.attrs.update(depth=depth, kind=kind, tap="post", shape=shape)
    return stored


def write_predictions(file: "h5py.File", epoch: int, classes: "np.ndarray", losses: "np.ndarray") -> None:
    """What a network says at a snapshot: predicted classes (n,) int64 and cross-entropies (n,) float32."""
    file.require_group("predictions").create_dataset(epoch_name(epoch), data=classes)
    file.require_group("losses").create_dataset(epoch_name(epoch), data=losses)


def join_activations(file: "h5py.File", parts: Iterable[Path]) -> None:
    """Copy the snapshots of activations files into one, in their order."""
    for part in parts:
        with open_hdf5(part, "activations") as source:
            for name, group in source.items():
                if name.startswith("epoch"):
                    source.copy(group, file)
                else:
                    for epoch, stored in group.items():
                        source.copy(stored, file.require_group(name), epoch)


@dataclass(frozen=True)
class View:
    """Which representations a job is about.

    epochs: snapshots. whole: layers looked at as a whole. filters: layer → the filters looked at one by one, None for all.
    """

    epochs: list[int]
    whole: list[str]
    filters: dict[str, list[int] | None]

    @classmethod
    def from_params(cls, params: dict) -> "View":
        """The view that a job's params spell out."""
        return cls(params["epochs"], params["whole"], params["filters"])


@dataclass(frozen=True)
class Stored:
    """One stored representation, or what was made of it.

    filter: the filter's number, None for a whole layer. depth: 0 for the input. array: (n, d), or whatever the file holds
    for this representation. attributes: what the file says of it.
    """

    epoch: int
    layer: str
    filter: int | None
    depth: int
    array: "np.ndarray"
    attributes: dict

    @property
    def name(self) -> str:
        """The representation's place in files that hold one array a representation."""
        return f"{epoch_name(self.epoch)}/{self.layer}/{filter_name(self.filter)}"


def representations(source: str | Path, view: View | None = None) -> Iterator[Stored]:
    """The representations of an activations file, each (n, d) float32, by epoch, depth and filter.

    Without a view, every layer as a whole. Snapshots that the file lacks (of a diverged run) are passed over.
    """
    with open_hdf5(source, "activations") as file:
        epochs = {int(name.removeprefix("epoch")): name for name in file if name.startswith("epoch")}
        for number, epoch in sorted(epochs.items()):
            if view is not None and number not in view.epochs:
                continue
            layers = sorted(file[epoch].items(), key=lambda item: item[1].attrs["depth"])
            for layer, stored in layers:
                whole = view is None or layer in view.whole
                filters = view is not None and layer in view.filters
                if not whole and not filters:
                    continue
                array = stored[:]
                attributes = dict(stored.attrs)
                depth = int(attributes["depth"])
                if whole:
                    yield Stored(number, layer, None, depth, array.reshape(len(array), -1), attributes)
                if filters and array.ndim > 2:
                    chosen = view.filters[layer]
                    for index in range(array.shape[1]) if chosen is None else chosen:
                        if index >= array.shape[1]:
                            raise StudyError(f"{source}: layer {layer} has {array.shape[1]} filters, none is {index}")
                        maps = array[:, index].reshape(len(array), -1)
                        yield Stored(number, layer, index, depth, maps, attributes)


def series(source: str | Path, view: View, over: str | None) -> Iterator[list[Stored]]:
    """The representations of an activations file, as `representations` gives them, in the lists that are embedded together.

    over: "epochs", the same layer or filter at its snapshots; "layers", the whole layers of a snapshot; None, each alone.
    """
    if over is None:
        for stored in representations(source, view):
            yield [stored]
    elif over == "layers":
        for epoch in view.epochs:
            found = list(representations(source, View([epoch], view.whole, {})))
            if found:
                yield found
    else:
        of_whole = [View(view.epochs, [layer], {}) for layer in view.whole]
        of_filters = [View(view.epochs, [], {layer: chosen}) for layer, chosen in view.filters.items()]
        for part in of_whole + of_filters:
            steps: dict[int | None, list[Stored]] = {}
            for stored in representations(source, part):
                steps.setdefault(stored.filter, []).append(stored)
            yield from steps.values()


def read_layer_rows(source: str | Path, epoch: int, layer: str, rows: "np.ndarray") -> "np.ndarray":
    """(len(rows), ...) float32 in the layer's own shape: its outputs for some rows of an activations file.

    Raises StudyError where the file has no such snapshot or layer, as after a training that diverged.
    """
    import numpy as np

    with open_hdf5(source, "activations") as file:
        name = f"{epoch_name(epoch)}/{layer}"
        if name not in file:
            raise StudyError(f"{source} has no layer {layer} at epoch {epoch}; did the training diverge?")
        ascending = np.unique(rows)
        return file[name][ascending][np.searchsorted(ascending, rows)]


def read_labels(source: str | Path) -> "np.ndarray":
    """Labels (n,) int64 of the observations of an activations file."""
    with open_hdf5(source, "activations") as file:
        return file["labels"][:]


def read_index(source: str | Path) -> "np.ndarray":
    """Rows (n,) int64 of the split that the observations of an activations file are."""
    with open_hdf5(source, "activations") as file:
        return file["index"][:]


@dataclass(frozen=True)
class Predictions:
    """What a network said of the sample at one snapshot: classes (n,) int64 and cross-entropies (n,) float32."""

    epoch: int
    classes: "np.ndarray"
    losses: "np.ndarray"


def predictions(source: str | Path) -> Iterator[Predictions]:
    """The predictions at every snapshot of an activations file; none for the input."""
    with open_hdf5(source, "activations") as file:
        for epoch in file.get("predictions", {}):
            yield Predictions(int(epoch.removeprefix("epoch")), file["predictions"][epoch][:], file["losses"][epoch][:])


@dataclass(frozen=True)
class Neighbors:
    """Indices (n, k) int32 and distances (n, k) float32 of the nearest neighbours, self excluded, nearest first."""

    indices: "np.ndarray"
    distances: "np.ndarray"


def write_neighbors(file: "h5py.File", representation: "Stored", neighbors: Neighbors) -> None:
    """The neighbour graph of one representation."""
    group = file.create_group(representation.name)
    for name, array in (("indices", neighbors.indices), ("distances", neighbors.distances)):
        write_array(group, name, array.shape, array.dtype.str, array)


class NeighborsFile:
    """The neighbour graphs of a neighbors file, read one at a time."""

    def __init__(self, source: str | Path | None):
        self.source = source

    def read(self, representation: Stored) -> Neighbors | None:
        """The graph of one representation; None where the job reads no neighbors file."""
        if self.source is None:
            return None
        with open_hdf5(self.source, "neighbors") as file:
            group = file[representation.name]
            return Neighbors(group["indices"][:], group["distances"][:])


def write_embedding(file: "h5py.File", seed: int, representation: "Stored", points: "np.ndarray", attributes: dict) -> None:
    """The embedding (n, 2) of one representation by one seed."""
    written = file.create_dataset(f"seed{seed}/{representation.name}", data=points)
    written.attrs.update(depth=representation.depth, **attributes)


def embeddings(source: str | Path) -> Iterator[tuple[int, Stored]]:
    """(embedding seed, embedding (n, 2) float32 of one representation), by seed, epoch, depth and filter."""
    with open_hdf5(source, "embedding") as file:
        for seed in sorted((name for name in file if name.startswith("seed")), key=lambda name: int(name[4:])):
            found = []
            for epoch in file[seed]:
                for layer in file[seed][epoch]:
                    for view, stored in file[seed][epoch][layer].items():
                        number = None if view == "whole" else int(view.removeprefix("filter"))
                        found.append((int(epoch[5:]), int(stored.attrs["depth"]), layer, number, stored))
            found.sort(key=lambda item: (item[0], item[1], -1 if item[3] is None else item[3]))
            for epoch_number, depth, layer, number, stored in found:
                yield int(seed[4:]), Stored(epoch_number, layer, number, depth, stored[:], dict(stored.attrs))


@dataclass(frozen=True)
class Neurons:
    """points (d, 2) float32, NaN for dead neurons; importances (classes, d) float64; living (d,) bool."""

    points: "np.ndarray"
    importances: "np.ndarray"
    living: "np.ndarray"


def write_neurons(file: "h5py.File", representation: "Stored", neurons: Neurons) -> None:
    """What is known of the neurons of one layer."""
    group = file.create_group(f"{epoch_name(representation.epoch)}/{representation.layer}")
    group.attrs["depth"] = representation.depth
    for name in ("points", "importances", "living"):
        group.create_dataset(name, data=getattr(neurons, name))


def neurons(source: str | Path) -> Iterator[tuple[Stored, Neurons]]:
    """(layer, its neurons), by epoch and depth; the layer without its activations."""
    with open_hdf5(source, "neurons") as file:
        for epoch in file:
            for layer, group in sorted(file[epoch].items(), key=lambda item: item[1].attrs["depth"]):
                stored = Stored(int(epoch[5:]), layer, None, int(group.attrs["depth"]), None, {})
                yield stored, Neurons(group["points"][:], group["importances"][:], group["living"][:])


class ScoreTable:
    """All scores of a study in the making, a Parquet file: as many rows in memory as a row group has."""

    ROWS = 1024 * 1024

    def __init__(self, target: str | Path):
        self._target = target
        self._waiting = None
        self._writer = None

    def add(self, rows) -> None:
        """More rows at the end: a pandas DataFrame with the columns SCORE_COLUMNS."""
        from pyarrow import Table, concat_tables

        table = Table.from_pandas(rows, preserve_index=False)
        self._waiting = table if self._waiting is None else concat_tables([self._waiting, table])
        while self._waiting.num_rows >= self.ROWS:
            self._write(self._waiting.slice(0, self.ROWS))
            self._waiting = self._waiting.slice(self.ROWS)

    def _write(self, table) -> None:
        from pyarrow.parquet import ParquetWriter

        if self._writer is None:
            self._writer = ParquetWriter(self._target, table.schema, compression="zstd")
        # One row group, of one piece: its bytes tell nothing of how the rows came.
        self._writer.write_table(table.combine_chunks(), row_group_size=self.ROWS)

    def close(self) -> None:
        """Write what is left; the file is whole."""
        if self._waiting is not None and (self._waiting.num_rows or self._writer is None):
            self._write(self._waiting)
        if self._writer is not None:
            self._writer.close()


def read_score_table(source: str | Path):
    """All scores of a study as a pandas DataFrame with the columns SCORE_COLUMNS."""
    import pandas

    try:
        return pandas.read_parquet(intact(source), columns=list(SCORE_COLUMNS))
    except FileNotFoundError:
        raise StudyError(f"{source} is missing; run snakemake to make it") from None
    except (OSError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None


def read_frame(source: str | Path):
    """A CSV table (summary, tests) as a pandas DataFrame; empty text stays empty text, all other columns are numbers."""
    import pandas

    text = ("dataset", "architecture", "activation", "sample", "state", "layer", "filter", "space", "metric")
    try:
        frame = pandas.read_csv(intact(source), dtype=dict.fromkeys(text, "str"), keep_default_na=False, na_values=["nan"])
        for column in frame.columns.difference(text):
            frame[column] = pandas.to_numeric(frame[column])
        return frame
    except FileNotFoundError:
        raise StudyError(f"{source} is missing; run snakemake to make it") from None
    except ValueError as error:
        raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None


def read_history(source: str | Path):
    """The losses and accuracies of a training, a pandas DataFrame with HISTORY_COLUMNS; an accuracy that is not there is NaN."""
    import pandas

    try:
        return pandas.read_csv(intact(source))[list(HISTORY_COLUMNS)]
    except FileNotFoundError:
        raise StudyError(f"{source} is missing; run snakemake to make it") from None
    except (ValueError, KeyError) as error:
        raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None


def write_frame(target: str | Path, frame) -> None:
    """Write a pandas DataFrame as CSV, atomically and sealed; missing numbers as `nan`."""
    write_csv(target, frame.to_csv(index=False, na_rep="nan", lineterminator="\n"))
