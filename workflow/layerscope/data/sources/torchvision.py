"""Datasets that torchvision knows how to download: found below the download folder, or fetched and checksummed.

MNIST and FashionMNIST are read from their idx files, CIFAR10 from its binary archive and SVHN from its .mat files: the
formats that need no pickle.
"""

import tarfile
from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset, array_digest
from layerscope.errors import StudyError

SIZES = {
    "MNIST": {"shape": [28, 28], "train": 60000, "test": 10000, "classes": 10},
    "FashionMNIST": {"shape": [28, 28], "train": 60000, "test": 10000, "classes": 10},
    "CIFAR10": {"shape": [3, 32, 32], "train": 50000, "test": 10000, "classes": 10},
    "SVHN": {"shape": [3, 32, 32], "train": 73257, "test": 26032, "classes": 10},
}
DIGITS = [str(digit) for digit in range(10)]
CLASSES = {
    "MNIST": DIGITS,
    "FashionMNIST": [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
    "CIFAR10": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    "SVHN": DIGITS,
}
# Over images and labels of train, then of test, as read here: a damaged or exchanged file is noticed whatever its format.
SHA256 = {
    "MNIST": "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b",
    "FashionMNIST": "ece172613115fb18b120bec8f6c02271af90b8b8f0a5af5c51cbd5ceed68e619",
}
DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
CIFAR10_ARCHIVE = ("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
CIFAR10_ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CIFAR10_MEMBERS = {
    "train": [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)],
    "test": ["cifar-10-batches-bin/test_batch.bin"],
}


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """MNIST, FashionMNIST, CIFAR10 or SVHN: images (n, 28, 28) or (n, 3, 32, 32) uint8.

    Raises StudyError where the dataset can be neither found nor fetched.
    """
    readers = {"MNIST": _idx, "FashionMNIST": _idx, "CIFAR10": _cifar10, "SVHN": _svhn}
    try:
        splits = readers[name](name, downloads)
    except (OSError, RuntimeError, tarfile.TarError) as error:
        raise StudyError(
            f"dataset '{name}' is not below {downloads} and could not be fetched ({error}); "
            "put it there, or point LAYERSCOPE_DATA at a folder that has it in torchvision's layout"
        ) from None
    digest = array_digest(*(array for split in splits.values() for array in split))
    if name in SHA256 and digest != SHA256[name]:
        raise StudyError(f"dataset '{name}' below {downloads} has SHA-256 {digest}, not {SHA256[name]}; fetch it again")
    return Dataset(splits, CLASSES[name], 255, f"torchvision.datasets.{name}", digest)


def _idx(name: str, downloads: Path) -> dict:
    folder = downloads / name / "raw"
    parts = {"train": "train", "test": "t10k"}
    if not all(
        (folder / f"{part}-{kind}").exists() for part in parts.values() for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ):
        if name == "FashionMNIST" and DEBIAN_FASHION.is_dir():
            folder = DEBIAN_FASHION
        else:
            from layerscope.torchvision_import import import_torchvision

            import_torchvision()
            from torchvision import datasets

            getattr(datasets, name)(str(downloads), download=True)
    return {
        split: (
            _read_idx(folder / f"{part}-images-idx3-ubyte", 3),
            _read_idx(folder / f"{part}-labels-idx1-ubyte", 1).astype(np.int64),
        )
        for split, part in parts.items()
    }


def _read_idx(file: Path, dimensions: int) -> np.ndarray:
    if file.exists():
        content = file.read_bytes()
    else:
        import gzip

        content = gzip.decompress(file.with_name(file.name + ".gz").read_bytes())
    if content[:4] != bytes([0, 0, 8, dimensions]):
        raise StudyError(f"{file} is no idx file of {dimensions} dimensions of bytes; delete it to have it fetched again")
    header = 4 + 4 * dimensions
    shape = np.frombuffer(content[:header].ljust(header, b"\0"), ">i4", dimensions, 4)
    if len(content) < header or len(content) != header + int(np.prod(shape, dtype=np.int64)):
        raise StudyError(f"{file} is cut short; delete it to have it fetched again")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _cifar10(name: str, downloads: Path) -> dict:
    from layerscope.torchvision_import import import_torchvision

    import_torchvision()
    from torchvision.datasets.utils import download_url

    archive, digest = CIFAR10_ARCHIVE
    download_url(CIFAR10_ADDRESS, str(downloads), archive, digest)
    splits = {}
    with tarfile.open(downloads / archive) as packed:
        for split, members in CIFAR10_MEMBERS.items():
            rows = np.concatenate(
                [np.frombuffer(packed.extractfile(member).read(), np.uint8).reshape(-1, 3073) for member in members]
            )
            splits[split] = (rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64))
    return splits


def _svhn(name: str, downloads: Path) -> dict:
    from scipy.io import loadmat

    from layerscope.torchvision_import import import_torchvision

    import_torchvision()
    from torchvision.datasets import SVHN
    from torchvision.datasets.utils import download_url

    splits = {}
    for split in ("train", "test"):
        address, file, digest = SVHN.split_list[split]
        download_url(address, str(downloads), file, digest)
        content = loadmat(downloads / file)
        # The digit 0 carries the label 10 in these files.
        splits[split] = (content["X"].transpose(3, 2, 0, 1), content["y"].ravel().astype(np.int64) % 10)
    return splits
