"""Datasets: HDF5 files with /{split}/{images, labels}, of a regression {images, targets}, and attributes that describe them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import StudyError
from layerscope.store.hdf5 import create_hdf5, open_hdf5, write_array
from layerscope.store.layout import SPLITS

if TYPE_CHECKING:
    import numpy as np


def write_data(target: str | Path, params: dict, provenance: dict, dataset) -> None:
    """Write a dataset (layerscope.data.dataset.Dataset): /{split}/{images, labels}, and its description as attributes.

    Of a regression there are /{split}/targets (n, targets) float64 in the place of labels.
    """
    with create_hdf5(target, "data", params, provenance) as file:
        file.attrs["classes"] = json.dumps(dataset.classes)
        file.attrs["source"] = dataset.source
        file.attrs["sha256"] = dataset.sha256
        file.attrs["white"] = float("nan") if dataset.white is None else float(dataset.white)
        file.attrs["mean"], file.attrs["deviation"] = dataset.mean, dataset.deviation
        if dataset.targets:
            file.attrs["targets"] = json.dumps(dataset.targets)
            file.attrs["target_mean"], file.attrs["target_deviation"] = dataset.target_mean, dataset.target_deviation
        for split, (images, labels) in dataset.splits.items():
            group = file.create_group(split)
            write_array(group, "images", images.shape, images.dtype.str, images)
            if dataset.targets:
                group.create_dataset("targets", data=labels.astype("float64"))
            else:
                group.create_dataset("labels", data=labels.astype("int64"))


def read_split(source: str | Path, split: str) -> tuple["np.ndarray", "np.ndarray"]:
    """Images (n, ...) as stored and labels (see read_split_labels) of one split."""
    labels = read_split_labels(source, split)
    with open_hdf5(source, "data") as file:
        return file[split]["images"][:], labels


def read_split_labels(source: str | Path, split: str) -> "np.ndarray":
    """Labels (n,) int64 of one split, of a regression its targets (n, targets) float64. StudyError where the split is missing."""
    with open_hdf5(source, "data") as file:
        if split not in file:
            raise StudyError(f"{source} has no split '{split}'; it has: {', '.join(file)}")
        return file[split]["targets" if "targets" in file.attrs else "labels"][:]


def read_images(source: str | Path, split: str, rows: "np.ndarray") -> "np.ndarray":
    """Images (len(rows), ...) of a split as stored. rows: ascending row numbers."""
    with open_hdf5(source, "data") as file:
        stored = file[split]["images"]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            return stored[rows[0] : rows[-1] + 1]
        return stored[rows]


def split_names(source: str | Path) -> list[str]:
    """Those of the splits train, validation and test that a dataset has."""
    with open_hdf5(source, "data") as file:
        return [name for name in SPLITS if name in file]


@dataclass(frozen=True)
class DataDescription:
    """The description that a dataset file has in its attributes.

    white: the value of full intensity, NaN where nothing tells it. mean, deviation: of each channel of the training images.
    targets: of a regression, the names of its targets; target_mean, target_deviation: of each over the training split. It has no
    classes.
    """

    classes: list[str]
    white: float
    mean: "np.ndarray"
    deviation: "np.ndarray"
    targets: list[str]
    target_mean: "np.ndarray"
    target_deviation: "np.ndarray"


def describe_data(source: str | Path) -> DataDescription:
    """Names of classes or targets, the value of full intensity and the statistics of the training split."""
    import numpy as np

    with open_hdf5(source, "data") as file:
        about = file.attrs
        return DataDescription(
            json.loads(about["classes"]),
            float(about["white"]),
            about["mean"],
            about["deviation"],
            json.loads(about.get("targets", "[]")),
            *(about.get(name, np.empty(0)) for name in ("target_mean", "target_deviation")),
        )


def recorded_digest(source: str | Path) -> str:
    """SHA-256 of the raw data that a dataset file was made from, as reported by the dataset's source."""
    with open_hdf5(source, "data") as file:
        return str(file.attrs["sha256"])
