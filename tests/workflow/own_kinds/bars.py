"""A source of data: bright bars, upright or lying."""

from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset, array_digest

SOURCE = {
    "description": "Bars of 8 × 8 pixels, upright or lying.",
    "sizes": {"bars": {"shape": [8, 8], "train": 120, "test": 40, "classes": 2}},
    "options": {"name": {"description": "The only one.", "enum": ["bars"], "default": "bars"}},
}


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """Noise with one bright bar in it."""
    generator = np.random.default_rng(0)
    splits = {}
    for split in ("train", "test"):
        n = SOURCE["sizes"][name][split]
        labels = np.arange(n) % 2
        images = generator.integers(0, 80, (n, 8, 8), dtype=np.uint8)
        for image, label, place in zip(images, labels, generator.integers(0, 8, n), strict=True):
            (image if label else image.T)[place] += 150
        splits[split] = (images, labels)
    return Dataset(splits, ["upright", "lying"], 255, "bars", array_digest(*splits["train"], *splits["test"]))
