"""Convert stored pixels to images that matplotlib shows."""

import numpy as np

from layerscope import store
from layerscope.data.tensors import channelled


def pictures(images: np.ndarray) -> np.ndarray:
    """Images as (n, height, width) grey or (n, height, width, 3) colour; feature vectors become images one pixel high."""
    if images.ndim == 2:
        return images[:, None, :]
    channels = channelled(images)
    return channels.transpose(0, 2, 3, 1) if channels.shape[1] == 3 else channels[:, 0]


# Pixels of the longer side that a thumbnail keeps: as many as are printed.
LARGEST = 72


def thumbnails(images: np.ndarray, largest: int = LARGEST) -> np.ndarray:
    """Pictures (n, height, width) or (n, height, width, 3) made smaller by means over squares where a side is longer."""
    height, width = images.shape[1:3]
    side = max(1, max(height, width) // largest)
    if side == 1 or min(height, width) < side:
        return images
    cut = images[:, : height // side * side, : width // side * side]
    return cut.reshape(len(cut), height // side, side, width // side, side, *cut.shape[3:]).mean(axis=(2, 4))


def pictures_of_rows(source: str, split: str, rows: np.ndarray) -> np.ndarray:
    """Pictures of some rows of a split of a prepared dataset, in the order of `rows`."""
    ascending = np.unique(rows)
    return pictures(store.read_images(source, split, ascending))[np.searchsorted(ascending, rows)]
