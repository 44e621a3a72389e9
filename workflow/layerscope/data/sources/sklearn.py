"""The 1,797 handwritten digits inside scikit-learn, 8 × 8 in 17 grey levels; nothing is downloaded."""

from pathlib import Path
from typing import Any

import numpy as np

from layerscope.data.dataset import Dataset, array_digest, hold_out

SOURCE: dict[str, Any] = {
    "description": "Data that ships inside scikit-learn.",
    "sizes": {
        "digits": {
            "shape": [8, 8],
            "train": 1797,
            "test": 0,
            "classes": 10,
            "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        },
    },
    "options": {"name": {"enum": ["digits"], "default": "digits"}, "test": {"$ref": "#/$defs/held_out", "default": 360}},
}


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """All digits; `test` of them are held out, stratified. Images (n, 8, 8) uint8, 0 to 16."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images.astype(np.uint8)
    labels = digits.target.astype(np.int64)
    train, test = hold_out(images, labels, options["test"], name)
    return Dataset(
        splits={"train": train, "test": test},
        classes=SOURCE["sizes"]["digits"]["class_names"],
        white=16,
        source="sklearn.datasets.load_digits",
        sha256=array_digest(images, labels),
    )
