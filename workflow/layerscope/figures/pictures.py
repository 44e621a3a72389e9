"""From stored pixels to pictures that matplotlib shows."""

import numpy as np

from layerscope.data.tensors import channelled


def pictures(images: np.ndarray) -> np.ndarray:
    """(n, height, width) grey or (n, height, width, 3) colour; vectors of features are pictures one pixel high."""
    if images.ndim == 2:
        return images[:, None, :]
    channels = channelled(images)
    return channels.transpose(0, 2, 3, 1) if channels.shape[1] == 3 else channels[:, 0]
