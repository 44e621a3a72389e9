"""The user's own images: a folder with one subfolder per class."""

import hashlib
import io
import re
from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset, hold_out
from layerscope.data.own_files import find_own
from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named

SOURCE = {
    "description": "A folder of pictures of one's own, one subfolder a class.",
    "own_files": "path",
    "required": ("path", "size", "classes"),
    "options": {
        "path": {
            "description": "A folder with one subfolder a class, named as it; pictures lie in it, links do not leave it.",
            "type": "string",
            "minLength": 1,
        },
        "size": {
            "description": "Height and width to resize to.",
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "integer", "minimum": 1},
        },
        "colour": {"description": "Keep three channels.", "type": "boolean", "default": False},
        "test": {
            "$ref": "#/$defs/held_out",
            "description": "Pictures held out, where the folder has no train and test of its own.",
        },
        "n": {"$ref": "#/$defs/declared_n"},
        "classes": {"$ref": "#/$defs/classes"},
    },
}

# Pillow detects formats by content, not by suffix, and runs external programs for some (Ghostscript for EPS).
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """Load all images below options['path'], resized to options['size'] (height, width), grey or colour.

    If the folder holds `train` and `test`, these are the splits; otherwise options['test'] images are held out, stratified.
    Images (n, height, width) or (n, 3, height, width) uint8; classes are the subfolders' names, sorted. Raises StudyError for
    images that cannot be read or lie outside the folder, and for class names that figures and tables cannot show.
    """
    root = find_own(options["path"], downloads)
    if root is None or not root.is_dir():
        raise StudyError(f"dataset '{name}': no folder {options['path']} here or below {downloads}")
    digest = hashlib.sha256()
    if (root / "train").is_dir() and (root / "test").is_dir():
        classes = _classes(root / "train", name)
        splits = {split: _read(root / split, root, classes, name, options, digest) for split in ("train", "test")}
    else:
        classes = _classes(root, name)
        if "test" not in options:
            raise StudyError(f"datasets.{name}.test is missing; {root} has no folders train and test, say how many to hold out")
        images, labels = _read(root, root, classes, name, options, digest)
        train, test = hold_out(images, labels, options["test"], name)
        splits = {"train": train, "test": test}
    return Dataset(splits, classes, 255, f"images below {root.name}", digest.hexdigest())


def _classes(folder: Path, name: str) -> list[str]:
    """The names of the subfolders, sorted. Raises StudyError for names that would break figures or tables.

    matplotlib reads $ as a formula and hides labels that begin with _; spreadsheets read = + - @ as the start of a formula.
    """
    classes = sorted(child.name for child in folder.iterdir() if child.is_dir())
    for found in classes:
        number = re.fullmatch(r"[+-][0-9.]+", found)
        if not found.isprintable() or "$" in found or not (found[0].isalnum() or number):
            raise StudyError(
                f"dataset '{name}': the folder {found!r} in {folder} cannot be the name of a class; "
                "begin it with a letter or digit, and leave out $ and what cannot be printed"
            )
    return classes


def _read(folder: Path, root: Path, classes: list[str], name: str, options: dict, digest) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels from the subfolders `classes` of a folder. None may lie outside root, the folder that the study names."""
    from PIL import Image, UnidentifiedImageError

    height, width = options["size"]
    images, labels = [], []
    for label, of_class in enumerate(classes):
        for file in sorted(path for path in (folder / of_class).glob("*") if path.suffix.lower() in SUFFIXES):
            if not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
                raise StudyError(
                    f"dataset '{name}': {file} is no file of its own, or a link that leaves {root}; put the picture itself there"
                )
            with refusals_named(file):
                content = file.read_bytes()
            try:
                with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                    pixels = np.asarray(picture.convert("RGB" if options["colour"] else "L").resize((width, height)))
            except Exception as error:
                # On a damaged file Pillow's readers may raise any exception.
                unknown = isinstance(error, UnidentifiedImageError)
                why = f"it is none of {', '.join(FORMATS)}" if unknown else error
                raise StudyError(f"dataset '{name}': {file} is no readable image ({why}); mend or remove it") from None
            digest.update(content)
            images.append(pixels.transpose(2, 0, 1) if options["colour"] else pixels)
            labels.append(label)
    if not images:
        raise StudyError(f"dataset '{name}': no images ({', '.join(SUFFIXES)}) in subfolders of {folder}")
    return np.stack(images), np.array(labels, dtype=np.int64)
