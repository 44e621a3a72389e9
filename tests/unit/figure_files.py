"""The files of a made-up study of one network, for tests of figures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layerscope import store
from layerscope.data.dataset import Dataset
from layerscope.files.provenance import provenance

CLASSES = ["ant", "bee", "cat"]
SNAPSHOTS = [0, 5]
SOURCE = {"study": "s", "sample": "look", "dataset": "digits"}
NETWORK = {**SOURCE, "architecture": "cnn", "activation": "relu", "seed": 0}
INPUT = {**SOURCE, "architecture": "", "activation": "", "seed": None}
SAMPLE = {"name": "look", "split": "test", "choose": "first", "n": 60}
OK = {"kl_engine": float("nan"), "iterations": 0, "status": "ok"}


@dataclass
class Files:
    """The files of one study of one network. labels, index: of the sample; images: of the split that it is taken from."""

    folder: Path
    labels: np.ndarray
    index: np.ndarray
    images: np.ndarray

    @property
    def data(self) -> list[str]:
        return [str(self.folder / "data.h5")]

    def activations(self, layers, epochs=tuple(SNAPSHOTS)) -> list[str]:
        """The input's file and the network's. layers: name -> (n, ...) outputs, those of the untrained network negated."""
        files = []
        for keys, of_epochs in ((INPUT, {0: {"input": self.images[self.index]}}), (NETWORK, dict.fromkeys(epochs, layers))):
            files.append(str(self.folder / f"activations_{keys['architecture']}.h5"))
            with store.create_hdf5(files[-1], "activations", {"keys": keys, "sample": SAMPLE}, provenance()) as file:
                store.write_observations(file, self.labels, self.index)
                for epoch, named in of_epochs.items():
                    for depth, (name, outputs) in enumerate(named.items(), start=1 if keys["architecture"] else 0):
                        stored = store.create_layer(file, epoch, name, len(outputs), outputs.shape[1:], depth, "conv")
                        stored[:] = outputs if epoch or name == "input" else -outputs
        return files

    def embedding(self, parts, keys=NETWORK, status="ok") -> str:
        """parts: (epoch, layer, depth, filter) -> points."""
        target = self.folder / f"embedding_{keys['architecture']}.h5"
        with store.create_hdf5(target, "embedding", {"keys": {**keys, "embedding": "tsne"}}, provenance()) as file:
            for (epoch, layer, depth, number), points in parts.items():
                about = store.StoredRepresentation(epoch, layer, number, depth, points, {})
                store.write_embedding(file, 42, about, points.astype(np.float32), {**OK, "status": status})
        return str(target)

    def of_input(self, points) -> str:
        return self.embedding({(0, "input", 0, None): points}, INPUT)


def made(folder, labels, shape=(4, 4), white=255.0, seed=0, classes=CLASSES):
    """A dataset of CLASSES with a sample of every other image of its test split, so that rows are not positions."""
    generator = np.random.default_rng(seed)
    labels = np.asarray(labels)
    images = generator.integers(0, int(white) + 1, (2 * len(labels) + 1, *shape)).astype(np.uint8)
    index = 2 * np.arange(len(labels)) + 1
    of_split = np.zeros(len(images), int)
    of_split[index] = labels
    splits = {"train": (images[::-1].copy(), of_split), "test": (images, of_split)}
    store.write_data(
        folder / "data.h5", {"dataset": SOURCE["dataset"]}, provenance(), Dataset(splits, classes, white, "made up", "00")
    )
    return Files(folder, labels, index, images)
