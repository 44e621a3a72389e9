"""A dataset in memory, and how one is split and checked."""

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from layerscope.data.targets import SAY_SO
from layerscope.data.tensors import channel_statistics
from layerscope.errors import StudyError, one_of

SPLIT_SEED = 0
# Of a dataset without a test split.
HELD_OUT = 0.2
# Images (n, ...) and labels (n,), or targets (n, targets).
Split = tuple[np.ndarray, np.ndarray]


@dataclass
class Dataset:
    """Images and labels by split (train, validation, test).

    splits: split → (images (n, ...) uint8 or float32, labels (n,) int64). Images are (height, width), (channels, height,
        width) or (features,). white: the value of full intensity, None where nothing tells it. source: where it came from, in
        words. sha256: a digest of the raw data. notes: what was turned, renumbered, resized or left out, a line each.
    targets: of a regression, the names of the numbers to predict. There are then no classes, and in the place of labels are
        targets (n, targets) float64.
    """

    splits: dict[str, tuple[np.ndarray, np.ndarray]]
    classes: list[str]
    white: float | None
    source: str
    sha256: str
    notes: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @property
    def mean(self) -> np.ndarray:
        """Mean of each channel of the training images, or of all where none are for training, float64."""
        return channel_statistics(self._learned_from)[0]

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of each channel of the same images, float64."""
        return channel_statistics(self._learned_from)[1]

    @property
    def _learned_from(self) -> np.ndarray:
        images, _ = self.splits["train"] if "train" in self.splits else next(iter(self.splits.values()))
        return images

    @property
    def target_mean(self) -> np.ndarray:
        """Mean of each target over the training observations of a regression, float64."""
        return self.splits["train"][1].mean(axis=0)

    @property
    def target_deviation(self) -> np.ndarray:
        """Standard deviation of each target over the training observations of a regression, float64."""
        return self.splits["train"][1].std(axis=0)


def array_digest(*arrays: np.ndarray) -> str:
    """SHA-256 over the bytes of arrays, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def default_held_out(n: int, classes: int) -> int:
    """How many of n observations are held out as a test split where nobody says: a fifth, one a class at least."""
    return max(classes, round(n * HELD_OUT))


def check_held_out(n: int, classes: int, held: int, name: str) -> None:
    """Raise StudyError where so many of n observations cannot be held out, with one of each class left."""
    if held + classes > n:
        or_targets = f"; there are {classes} classes, {SAY_SO}" if 2 * classes > n else ""
        raise StudyError(f"dataset '{name}' has {n} observations: {held} cannot be held out of them{or_targets}")


def hold_out(images: np.ndarray, labels: np.ndarray, held: int, name: str) -> tuple[Split, Split]:
    """Split off `held` observations by a fixed seed, stratified by class (targets: at random); both parts keep the stored order.

    Returns ((images, labels) kept, (images, labels) held out). The quotas of the classes are rounded by largest remainder.
    Raises StudyError where fewer observations than classes would be left.
    """
    n = len(labels)
    strata = labels if labels.ndim == 1 else np.zeros(n, dtype=np.int64)
    classes, counts = np.unique(strata, return_counts=True)
    check_held_out(n, len(classes), held, name)
    shares = counts * held / n
    quota = np.floor(shares).astype(int)
    for index in np.argsort(-(shares - quota), kind="stable")[: held - quota.sum()]:
        quota[index] += 1
    generator = np.random.default_rng(SPLIT_SEED)
    chosen = np.zeros(n, dtype=bool)
    for label, number in zip(classes, quota, strict=True):
        chosen[generator.permutation(np.flatnonzero(strata == label))[:number]] = True
    return (images[~chosen], labels[~chosen]), (images[chosen], labels[chosen])


def with_classes(dataset: Dataset, classes: list[str], name: str) -> Dataset:
    """Keep the named classes only, with labels renumbered in the given order. Raises StudyError for unknown names."""
    numbers = []
    for wanted in classes:
        if wanted not in dataset.classes:
            raise StudyError(f"datasets.{name}.classes: there is no class '{wanted}'; {one_of(wanted, dataset.classes)}")
        numbers.append(dataset.classes.index(wanted))
    places = np.full(len(dataset.classes), -1)
    places[numbers] = np.arange(len(numbers))
    splits = {}
    for split, (images, labels) in dataset.splits.items():
        kept = places[labels] >= 0
        splits[split] = (images[kept], places[labels[kept]].astype(np.int64))
    source = f"{dataset.source}, classes {', '.join(classes)}"
    return replace(dataset, splits=splits, classes=list(classes), source=source)
