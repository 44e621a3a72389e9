"""Preprocessing that makes images easier or harder: grey values, edges, blur."""

from dataclasses import replace

import numpy as np

from layerscope.data.dataset import Dataset
from layerscope.errors import StudyError

STEPS = ("grayscale", "sobel", "blur")
# Weights of red, green and blue in luma (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])


def preprocessed(dataset: Dataset, options: dict, name: str) -> Dataset:
    """Apply the requested steps to all images of a dataset, in this order: grayscale, sobel, blur.

    grayscale: the luma of three channels. sobel: the magnitude of the gradient by Sobel's operator, edges repeated.
    blur: the standard deviation of a Gaussian, in pixels; 0 for none. The result is float32, divided by the largest value of
    the training images and cut at 1. Raises StudyError for vectors, and for grayscale without three channels.
    """
    splits = {split: (_changed(images, options, name), labels) for split, (images, labels) in dataset.splits.items()}
    largest = float(splits["train"][0].max()) or 1.0
    scaled = {split: (np.minimum(images / np.float32(largest), 1), labels) for split, (images, labels) in splits.items()}
    asked = [step for step in STEPS if options[step]]
    steps = ", ".join(f"{step} {options[step]:g}" if step == "blur" else step for step in asked)
    return replace(dataset, splits=scaled, white=1.0, source=f"{dataset.source}, {steps}")


def _changed(images: np.ndarray, options: dict, name: str) -> np.ndarray:
    from scipy import ndimage

    if images.ndim == 2:
        raise StudyError(f"datasets.{name}.preprocess changes images; the dataset has vectors")
    images = images.astype(np.float32)
    if options["grayscale"]:
        if images.ndim != 4 or images.shape[1] != len(LUMA):
            raise StudyError(f"datasets.{name}.preprocess.grayscale: the images have no three channels; leave it out")
        images = np.tensordot(images, LUMA.astype(np.float32), axes=(1, 0))
    if options["sobel"]:
        # ndimage.sobel would also smooth across observations and channels.
        across, down = (
            ndimage.correlate1d(ndimage.correlate1d(images, [-1, 0, 1], axis, mode="nearest"), [1, 2, 1], other, mode="nearest")
            for axis, other in ((-1, -2), (-2, -1))
        )
        images = np.hypot(across, down)
    if options["blur"]:
        images = ndimage.gaussian_filter(images, options["blur"], mode="nearest", axes=(-2, -1))
    return images
