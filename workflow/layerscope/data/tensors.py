"""Convert stored pixels to network inputs."""

import numpy as np


def channelled(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width) as (n, 1, height, width); vectors and images with channels are returned as they are."""
    return images[:, None] if images.ndim == 3 else images


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (float64) of each channel, or feature, of training images."""
    images = channelled(images)
    axes = (0, *range(2, images.ndim))
    return images.mean(axis=axes, dtype=np.float64), images.std(axis=axes, dtype=np.float64)


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
    return (images.astype(np.float32) - shift.reshape(shape)) / scale.reshape(shape)
