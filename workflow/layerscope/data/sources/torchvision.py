"""Datasets that torchvision can download: read from the download folder or fetched first, and verified by checksum.

MNIST and FashionMNIST are read from their idx files, CIFAR10 from its binary archive and SVHN from its .mat files,
because these formats need no pickle.
"""

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from layerscope.data.dataset import Dataset, array_digest
from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named
from layerscope.torchvision_import import import_torchvision

SOURCE: dict[str, Any] = {
    "description": "Datasets that torchvision downloads.",
    "sizes": {
        "MNIST": {
            "shape": [28, 28],
            "train": 60000,
            "test": 10000,
            "classes": 10,
            "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        },
        "FashionMNIST": {
            "shape": [28, 28],
            "train": 60000,
            "test": 10000,
            "classes": 10,
            "class_names": [
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
        },
        "CIFAR10": {
            "shape": [3, 32, 32],
            "train": 50000,
            "test": 10000,
            "classes": 10,
            "class_names": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
        },
        "SVHN": {
            "shape": [3, 32, 32],
            "train": 73257,
            "test": 26032,
            "classes": 10,
            "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        },
    },
    "required": ("name",),
    "options": {"name": {"enum": ["MNIST", "FashionMNIST", "CIFAR10", "SVHN"]}},
}

# Digests of the unpacked files, so that they hold for every way of packing them.
SHA256 = {
    "MNIST": {
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "FashionMNIST": {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}
MOVE_IT = "it was left where it is: move it away to have it fetched anew"
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
    _obtain(name, downloads)
    try:
        splits = readers[name](name, downloads)
    except (OSError, RuntimeError, tarfile.TarError) as error:
        raise StudyError(_missing(name, downloads, " ".join(str(error).split()))) from None
    digest = array_digest(*(array for split in splits.values() for array in split))
    return Dataset(splits, SOURCE["sizes"][name]["class_names"], 255, f"torchvision.datasets.{name}", digest)


def fetch(name: str, downloads: Path) -> None:
    """Make sure that the files of a dataset are on this machine: download them where they are missing.

    Raises StudyError where they can be neither found nor fetched, and where they are not the published ones.
    """
    _obtain(name, downloads)
    try:
        if name in SHA256:
            _idx(name, downloads)
        else:
            _check_archives(name, downloads)
    except OSError as error:
        raise StudyError(_missing(name, downloads, " ".join(str(error).split()))) from None


def _obtain(name: str, downloads: Path) -> None:
    if is_here(name, downloads):
        return
    try:
        import_torchvision()
        from torchvision import datasets
        from torchvision.datasets.utils import download_url

        if name in ("MNIST", "FashionMNIST"):
            getattr(datasets, name)(str(downloads), download=True)
        for address, file, digest in _archives(name):
            download_url(address, str(downloads), file, digest)
    except (OSError, RuntimeError) as error:
        raise StudyError(_missing(name, downloads, " ".join(str(error).split()))) from None


def _archives(name: str) -> list[tuple[str, str, str]]:
    """(URL, file name, MD5) of the files that CIFAR10 and SVHN are read from; none for other datasets."""
    if name == "CIFAR10":
        return [(CIFAR10_ADDRESS, *CIFAR10_ARCHIVE)]
    if name == "SVHN":
        from torchvision.datasets import SVHN

        return [tuple(SVHN.split_list[split]) for split in ("train", "test")]
    return []


def is_here(name: str, downloads: Path) -> bool:
    """Whether the files of a dataset are on this machine, so that `load` need not fetch them."""
    idx = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    files = {"CIFAR10": [CIFAR10_ARCHIVE[0]], "SVHN": ["train_32x32.mat", "test_32x32.mat"]}.get(
        name, [f"{name}/raw/{file}" for file in idx]
    )
    return all((downloads / file).is_file() for file in files) or (name == "FashionMNIST" and DEBIAN_FASHION.is_dir())


def _missing(name: str, downloads: Path, error: str) -> str:
    places = {"CIFAR10": CIFAR10_ARCHIVE[0], "SVHN": "train_32x32.mat and test_32x32.mat"}
    looked_for = f"{downloads / places.get(name, name + '/raw')}"
    ways = [
        f"put torchvision's files of it there ({places.get(name, ', '.join(SHA256.get(name, {})))})",
        "name another folder that has them in the environment variable LAYERSCOPE_DATA",
        "connect to the network and run again",
    ]
    if name == "FashionMNIST":
        looked_for += f" and {DEBIAN_FASHION}"
        ways[0] += " or install Debian's package dataset-fashion-mnist"
    return (
        f"dataset '{name}' is missing: looked for {looked_for}, then tried to fetch it ({error}). "
        f"Three ways to provide it: {'; '.join(f'({number}) {way}' for number, way in enumerate(ways, start=1))}"
    )


def _idx(name: str, downloads: Path) -> dict:
    folder = downloads / name / "raw"
    parts = {"train": "train", "test": "t10k"}
    if not all(
        (folder / f"{part}-{kind}").exists() for part in parts.values() for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ):
        folder = DEBIAN_FASHION
    return {
        split: (
            _read_idx(folder / f"{part}-images-idx3-ubyte", 3, name),
            _read_idx(folder / f"{part}-labels-idx1-ubyte", 1, name).astype(np.int64),
        )
        for split, part in parts.items()
    }


def _read_idx(file: Path, dimensions: int, name: str) -> np.ndarray:
    with refusals_named(file):
        if file.exists():
            content = file.read_bytes()
        else:
            import gzip

            content = gzip.decompress(file.with_name(file.name + ".gz").read_bytes())
    if content[:4] != bytes([0, 0, 8, dimensions]):
        raise StudyError(f"{file} is no idx file of {dimensions} dimensions of bytes; {MOVE_IT}")
    header = 4 + 4 * dimensions
    shape = np.frombuffer(content[:header].ljust(header, b"\0"), ">i4", dimensions, 4)
    if len(content) < header or len(content) != header + int(np.prod(shape, dtype=np.int64)):
        raise StudyError(f"{file} is cut short; {MOVE_IT}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name][file.name]:
        raise StudyError(f"{file} is not the published file: its SHA-256 is {digest}, not {SHA256[name][file.name]}; {MOVE_IT}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _cifar10(name: str, downloads: Path) -> dict:
    archive, _ = CIFAR10_ARCHIVE
    _check_archives(name, downloads)
    splits = {}
    with refusals_named(downloads / archive), tarfile.open(downloads / archive) as packed:
        for split, members in CIFAR10_MEMBERS.items():
            rows = np.concatenate([np.frombuffer(_member(packed, member), np.uint8).reshape(-1, 3073) for member in members])
            splits[split] = (rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64))
    return splits


def _member(packed: tarfile.TarFile, name: str) -> bytes:
    """The content of a file in an archive. Raises OSError where the member is no file, for instance a folder."""
    content = packed.extractfile(name)
    if content is None:
        raise OSError(f"{name} in the archive is no file")
    return content.read()


def _check_archives(name: str, downloads: Path) -> None:
    """Raise StudyError where an archive is not the published file. It is not deleted, so that the user can look at it."""
    import_torchvision()
    for _, file, published in _archives(name):
        with refusals_named(downloads / file), open(downloads / file, "rb") as content:
            digest = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if digest != published:
            raise StudyError(f"{downloads / file} is not the published file: its MD5 is {digest}, not {published}; {MOVE_IT}")


def _svhn(name: str, downloads: Path) -> dict:
    from scipy.io import loadmat

    _check_archives(name, downloads)
    splits = {}
    for split in ("train", "test"):
        file = downloads / f"{split}_32x32.mat"
        with refusals_named(file):
            content = loadmat(file)
        # The digit 0 carries the label 10 in these files.
        splits[split] = (content["X"].transpose(3, 2, 0, 1), content["y"].ravel().astype(np.int64) % 10)
    return splits
