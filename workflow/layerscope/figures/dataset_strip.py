"""The first training images of every class, one panel per dataset."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope import store
from layerscope.figures.shared.images import pictures
from layerscope.figures.shared.style import set_title
from layerscope.store.reads import Reads

FIGURE = {
    "description": "The first images of every class.",
    "shows_observations_of": "train",
    "reads": ("data",),
    "needs": ("classes",),
    "of": "pictures",
    "by_default": {"datasets": {}},
    "options": {
        "images": {"description": "Of each class.", "type": "integer", "minimum": 1, "default": 12},
    },
}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset: classes down, their first images across. The table lists the images by their row in the split."""
    count = options["images"]
    figure, panels = plt.subplots(1, len(reads.data), figsize=(0.3 * count * len(reads.data) + 1, 3.6), squeeze=False)
    rows = []
    for panel, source in zip(panels[0], reads.data, strict=True):
        name = store.file_params(source)["dataset"]
        described = store.describe_data(source)
        images, labels = store.read_split(source, "train")
        chosen = [np.flatnonzero(labels == label)[:count] for label in range(len(described.classes))]
        panel.imshow(_strip(images, chosen, count, described.white), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        side = panel.get_images()[0].get_array().shape[0] / len(chosen)
        panel.set_yticks([side * (index + 0.5) for index in range(len(chosen))], described.classes)
        panel.set_xticks([])
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        panel.set_title(f"{name}: {len(labels):,} training images")
        for label, indices in enumerate(chosen):
            rows += [{"dataset": name, "class": described.classes[label], "row": int(index)} for index in indices]
    if options["title"]:
        set_title(figure, options["title"])
    return figure, pd.DataFrame(rows)


def _strip(images: np.ndarray, chosen: list[np.ndarray], count: int, white: float) -> np.ndarray:
    shown = pictures(images)
    height, width = shown.shape[1:3]
    gap = 1 + height // 16
    strip = np.zeros((len(chosen) * (height + gap), count * (width + gap), *shown.shape[3:]))
    for row, indices in enumerate(chosen):
        for column, index in enumerate(indices):
            top, left = row * (height + gap), column * (width + gap)
            strip[top : top + height, left : left + width] = np.clip(shown[index] / white, 0, 1)
    return strip
