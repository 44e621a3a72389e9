"""The first training images of every class, one panel per dataset."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope import store
from layerscope.figures.shared import sheet
from layerscope.figures.shared.images import pictures, thumbnails
from layerscope.figures.shared.names import plain, short, words
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

# The most classes of a panel, and the least width of one in inches.
MOST_CLASSES, LEAST_INCHES = 20, 2.5
# The height of a row of images, at least and at most, in inches.
LEAST_ROW, MOST_ROW = 0.1, 0.5


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset: classes down, their first images across. The table lists the images by their row in the split.

    Of more classes than twenty, twenty are shown, spread evenly over their order; the title of the panel says so.
    """
    count = options["images"]
    down, across, width = sheet.shape(len(reads.data), LEAST_INCHES)
    figure, panels = sheet.panels(down, across, width, 2)
    rows, ratios, most = [], [], 1
    for panel, source in zip(panels.flat, reads.data, strict=False):
        name = store.file_params(source)["dataset"]
        described = store.describe_data(source)
        labels = store.read_split_labels(source, "train")
        classes = described.classes
        shown = sorted({round(place) for place in np.linspace(0, len(classes) - 1, min(len(classes), MOST_CLASSES))})
        chosen = [np.flatnonzero(labels == label)[:count] for label in shown]
        strip = _strip(_pictures(source, chosen), chosen, count, described.white)
        panel.imshow(strip, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        most = max(most, len(shown))
        ratios.append(strip.shape[0] / strip.shape[1])
        side = strip.shape[0] / len(chosen)
        panel.set_yticks(
            [side * (index + 0.5) for index in range(len(chosen))], [short(plain(classes[label])) for label in shown]
        )
        panel.set_xticks([])
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        some = f", {len(shown)} of {len(classes)} classes" if len(shown) < len(classes) else ""
        panel.set_title(sheet.wrapped(f"{words(name)}: {len(labels):,} training images{some}", width / across, 7))
        for label, indices in zip(shown, chosen, strict=True):
            rows += [{"dataset": name, "class": classes[label], "row": int(index)} for index in indices]
    sheet.leave_out(panels.flat[len(reads.data) :])
    sheet.set_title(figure, options["title"] or "The first training images of each class")
    # Names of classes stand beside the images.
    height = max(max(ratios) * (width / across - 0.5), LEAST_ROW * most)
    sheet.fit(figure, panels.flat[: len(reads.data)], min(height, MOST_ROW * most, sheet.TALLEST / down))
    return figure, pd.DataFrame(rows)


def _pictures(source: str, chosen: list[np.ndarray]) -> dict[int, np.ndarray]:
    """The chosen training images as small pictures, by their row."""
    rows = np.unique(np.concatenate(chosen)).astype(int)
    return dict(zip(rows.tolist(), thumbnails(pictures(store.read_images(source, "train", rows))), strict=True))


def _strip(shown: dict[int, np.ndarray], chosen: list[np.ndarray], count: int, white: float) -> np.ndarray:
    example = next(iter(shown.values()))
    height, width = example.shape[:2]
    gap = 1 + height // 16
    strip = np.zeros((len(chosen) * (height + gap), count * (width + gap), *example.shape[2:]))
    if example.ndim == 3:
        # Between colour images, and where a class has few, the paper is white.
        strip[:] = 1
    for row, indices in enumerate(chosen):
        for column, index in enumerate(indices):
            top, left = row * (height + gap), column * (width + gap)
            strip[top : top + height, left : left + width] = np.clip(shown[int(index)] / white, 0, 1)
    return strip
