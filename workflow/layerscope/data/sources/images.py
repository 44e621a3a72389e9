"""A person's own pictures: a folder with one subfolder a class."""

import hashlib
from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset, hold_out
from layerscope.errors import StudyError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """All pictures below options['path'], resized to options['size'] (height, width), grey or colour.

    A folder that holds `train` and `test` is taken as split; else `test` pictures are held out, stratified. Images
    (n, height, width) or (n, 3, height, width) uint8; classes are the subfolders' names, sorted.
    """
    root = next((folder for folder in (Path(options["path"]), downloads / options["path"]) if folder.is_dir()), None)
    if root is None:
        raise StudyError(f"dataset '{name}': no folder {options['path']} here or below {downloads}")
    digest = hashlib.sha256()
    if (root / "train").is_dir() and (root / "test").is_dir():
        classes = sorted(folder.name for folder in (root / "train").iterdir() if folder.is_dir())
        splits = {split: _read(root / split, classes, name, options, digest) for split in ("train", "test")}
    else:
        classes = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
        if "test" not in options:
            raise StudyError(f"datasets.{name}.test is missing; {root} has no folders train and test, say how many to hold out")
        images, labels = _read(root, classes, name, options, digest)
        train, test = hold_out(images, labels, options["test"], name)
        splits = {"train": train, "test": test}
    return Dataset(splits, classes, 255, f"images below {root.name}", digest.hexdigest())


def _read(root: Path, classes: list[str], name: str, options: dict, digest) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image, UnidentifiedImageError

    height, width = options["size"]
    images, labels = [], []
    for label, folder in enumerate(classes):
        for file in sorted(path for path in (root / folder).glob("*") if path.suffix.lower() in SUFFIXES):
            content = file.read_bytes()
            digest.update(content)
            try:
                with Image.open(file) as picture:
                    pixels = np.asarray(picture.convert("RGB" if options["colour"] else "L").resize((width, height)))
            except (UnidentifiedImageError, OSError) as error:
                raise StudyError(f"dataset '{name}': {file} is no readable image ({error}); mend or remove it") from None
            images.append(pixels.transpose(2, 0, 1) if options["colour"] else pixels)
            labels.append(label)
    if not images:
        raise StudyError(f"dataset '{name}': no images ({', '.join(SUFFIXES)}) in subfolders of {root}")
    return np.stack(images), np.array(labels, dtype=np.int64)
