"""The observations of activations that people bring (`family: given`): their labels, and what the networks received."""

import hashlib
from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset
from layerscope.data.given import GivenFile, Labelled, look_at, read_layer, read_observations
from layerscope.errors import StudyError

SOURCE = {
    "description": (
        "The observations of given activations (`family: given`), with the labels in their files; no network learns from them. "
        "A study of given activations alone need not name it."
    ),
    "given": True,
    "own_files": "files",
    "finds_sizes": True,
    "required": (),
    "options": {},
}


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """The labels of the files in options['files'], and the input that the first of them has, as a test split.

    Without an input, observations have no values: (n, 0). Raises StudyError where the first file has no labels.
    """
    known, observed = _first(name, options)
    images = np.empty((known.n, 0), np.float32)
    if known.input is not None:
        images = read_layer(known.file, "input", np.arange(known.n))
    digest = hashlib.sha256(Path(known.file).read_bytes()).hexdigest()
    source = f"given activations, {Path(known.file).name}"
    return Dataset({"test": (images, observed.labels)}, observed.classes, None, source, digest, observed.notes)


def found_sizes(name: str, options: dict, downloads: Path) -> dict:
    """shape of the input ([] where the files have none), classes, and the size of the only split, from the first file."""
    known, observed = _first(name, options)
    classes = observed.classes
    return {"shape": list(known.input or ()), "classes": len(classes), "class_names": classes, "train": 0, "test": known.n}


def _first(name: str, options: dict) -> tuple[GivenFile, Labelled]:
    where, file = f"datasets.{name}", Path(options["files"][0])
    observed = read_observations(file, where)
    if observed.labelled is None:
        raise StudyError(f"{where}: {file} has no array `labels`; one label an observation is wanted")
    return look_at(file, where), observed.labelled
