"""Convert stored pixels to network inputs."""

import math

import numpy as np

# Values that are in double precision at once: 0.27 GB.
VALUES_AT_ONCE = 2**25


def channelled(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width) as (n, 1, height, width); vectors and images with channels are returned as they are."""
    return images[:, None] if images.ndim == 3 else images


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (float64) of each channel, or feature, of training images."""
    images = channelled(images)
    axes = (0, *range(2, images.ndim))
    mean = images.mean(axis=axes, dtype=np.float64)
    squares = np.zeros_like(mean)
    rows = max(1, VALUES_AT_ONCE // max(1, math.prod(images.shape[1:])))
    for start in range(0, len(images), rows):
        part = images[start : start + rows] - mean.reshape(1, -1, *[1] * (images.ndim - 2))
        squares += np.square(part, out=part).sum(axis=axes)
    return mean, np.sqrt(squares / (len(images) * math.prod(images.shape[2:])))


def normaliser(white: float, mean: np.ndarray, deviation: np.ndarray, normalise: str) -> tuple[np.ndarray, np.ndarray]:
    """Per-channel (shift, scale) float32: the input is (pixel - shift) / scale.

    white: the pixel value of full intensity. mean, deviation: of the training images. normalise: `unit` (divide by white),
    `standardise` (mean 0 and variance 1 a channel; a constant channel becomes 0) or `none`.
    """
    zeros = np.zeros(len(mean), np.float32)
    if normalise == "none":
        return zeros, np.ones_like(zeros)
    if normalise == "unit":
        return zeros, np.full_like(zeros, white)
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)


def network_input(images: np.ndarray, shift: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The network input: float32, (n, channels, height, width) or (n, features)."""
    images = channelled(images)
    shape = (1, -1) + (1,) * (images.ndim - 2)
    inputs = images.astype(np.float32)
    # In place: a dataset of large pictures fills the memory once, and not three times.
    inputs -= shift.reshape(shape)
    inputs /= scale.reshape(shape)
    return inputs
