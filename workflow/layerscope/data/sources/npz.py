"""The user's own arrays: an npz file with x_train, y_train, x_test and y_test."""

import hashlib
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset, check_labels
from layerscope.data.own_files import find_own
from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named

SOURCE = {
    "description": "Arrays of one's own in an npz file.",
    "own_files": "path",
    "required": ("path", "shape", "classes"),
    "options": {
        "path": {"description": "A file with x_train y_train x_test y_test.", "type": "string", "minLength": 1},
        "sha256": {"description": "Digest of the file.", "type": "string", "pattern": "^[0-9a-f]{64}$"},
        "shape": {"$ref": "#/$defs/declared_shape"},
        "n": {"$ref": "#/$defs/declared_n"},
        "classes": {"$ref": "#/$defs/classes"},
        "white": {
            "description": "The value of full intensity; 255 for bytes and 1 for numbers by default.",
            "type": "number",
            "exclusiveMinimum": 0,
        },
    },
}

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """Load the file options['path'] from the working directory, or else from the download folder.

    Images may be (n, features), (n, height, width), (n, channels, height, width) or (n, height, width, 3), uint8 or other
    numbers, which become float32. If options have the `sha256` of the file, it is checked. Raises StudyError for a file that
    is missing or holds anything else.
    """
    file = _find(options["path"], name, downloads)
    with refusals_named(file):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if options.get("sha256") and digest != options["sha256"]:
        raise StudyError(f"dataset '{name}': {file} has SHA-256 {digest}, the study says {options['sha256']}")
    try:
        with refusals_named(file), np.load(file, allow_pickle=False) as content:
            unpacked = sum(member.file_size for member in content.zip.infolist())
            memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
            if unpacked > memory:
                raise StudyError(
                    f"dataset '{name}': {file} unpacks to {unpacked / 2**30:,.1f} GiB, this machine has {memory / 2**30:,.1f}; "
                    "give it fewer images, or take a larger machine"
                )
            arrays = {key: content[key] for key in ARRAYS}
    except (KeyError, ValueError, TypeError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"dataset '{name}': {file} must hold the arrays {', '.join(ARRAYS)} ({error})") from None
    splits = {split: _split(arrays[f"x_{split}"], arrays[f"y_{split}"], split, name) for split in ("train", "test")}
    train, test = (splits[split][0] for split in ("train", "test"))
    if train.shape[1:] != test.shape[1:] or train.dtype != test.dtype:
        raise StudyError(
            f"dataset '{name}': x_train is {train.dtype} {train.shape[1:]}, x_test {test.dtype} {test.shape[1:]}; "
            "both must have one type and one shape of images"
        )
    number = max(int(arrays[f"y_{split}"].max()) for split in splits) + 1
    observations = sum(len(labels) for _, labels in splits.values())
    if number > observations:
        raise StudyError(
            f"dataset '{name}': there is a label {number - 1} among {observations} observations; number the classes from 0, 1, 2"
        )
    white = options.get("white") or (255 if train.dtype == np.uint8 else 1)
    if max(train.max(), test.max()) > white:
        raise StudyError(
            f"dataset '{name}': values reach {max(train.max(), test.max())}; say under `white` what full intensity is"
        )
    return Dataset(splits, [str(label) for label in range(number)], white, f"npz file {file.name}", digest)


def _split(images: np.ndarray, labels: np.ndarray, split: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    labels = check_labels(labels, name)
    if images.dtype.kind not in "buif" or images.ndim < 2 or 0 in images.shape[1:]:
        raise StudyError(f"dataset '{name}': x_{split} is {images.dtype} {images.shape}; numbers, an image a row, are wanted")
    if len(images) != len(labels):
        raise StudyError(f"dataset '{name}': x_{split} has {len(images)} rows, y_{split} {len(labels)}")
    if images.ndim == 4 and images.shape[-1] == 3 and images.shape[1] != 3:
        images = images.transpose(0, 3, 1, 2)
    if images.dtype != np.uint8:
        images = images.astype(np.float32)
        if not np.isfinite(images).all():
            raise StudyError(f"dataset '{name}': x_{split} has values that are not finite; mend or remove those images")
    return images, labels


def _find(path: str, name: str, downloads: Path) -> Path:
    found = find_own(path, downloads)
    if found is not None and found.is_file():
        return found
    raise StudyError(f"dataset '{name}': no file {path} here or below {downloads}; LAYERSCOPE_DATA names another folder")
