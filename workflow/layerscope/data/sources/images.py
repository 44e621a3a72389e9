"""A person's own pictures: a folder with one subfolder a class."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np

from layerscope.data.dataset import Dataset, check_held_out, default_held_out, hold_out
from layerscope.data.folders import Pictures, pictures_below
from layerscope.data.own_files import find_own
from layerscope.data.pictures import WHITE, Tally, Wanted, content_of, has_colour, read_picture
from layerscope.errors import StudyError

SOURCE = {
    "description": "A folder of pictures of one's own, one subfolder a class.",
    "own_files": "path",
    "finds_sizes": True,
    "also_called": ("imagefolder", "folder"),
    "required": ("path",),
    "options": {
        "path": {
            "description": (
                "A folder with one subfolder a class, named as it, or with folders train, test and perhaps val that have them; "
                "pictures lie anywhere below, links do not leave it."
            ),
            "type": "string",
            "minLength": 1,
        },
        "size": {
            "description": "Height and width to resize to; by default what most pictures have, 64 at most on the longer side.",
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "integer", "minimum": 1},
        },
        "resize": {
            "description": "pad keeps the proportions of a picture, squash fills the size with it.",
            "enum": ["pad", "squash"],
            "default": "pad",
        },
        "ground": {
            "description": "The grey value, black 0 to white 255, under transparent parts and beside padded pictures.",
            "type": "integer",
            "minimum": 0,
            "maximum": 255,
            "default": 255,
        },
        "colour": {"description": "Keep three channels; by default where there are colours.", "type": "boolean"},
        "test": {
            "$ref": "#/$defs/held_out",
            "description": "Pictures held out, where the folder has no train and test of its own; a fifth by default.",
        },
        "n": {"$ref": "#/$defs/declared_n"},
        "classes": {"$ref": "#/$defs/classes"},
    },
}

# Pictures are shrunk to this side at most where the study gives no size: a first study is to end soon.
LARGEST_SIDE = 64
# Pictures that are opened to learn the size and the colours of all.
OPENED = 200


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """All pictures below options['path'], brought to one size (height, width), grey or colour.

    A folder that holds `train` and `test` is taken as split; else `test` pictures are held out, stratified. Images
    (n, height, width) or (n, 3, height, width), uint8, or float32 up to 255 where any has 16 bits a value; classes are the
    subfolders' names, sorted. What is left out, turned, resized, laid on a ground or read without its colours is said in the
    notes. Raises StudyError for pictures that cannot be read or lie outside the folder, and for names that figures and tables
    cannot show.
    """
    where = f"dataset '{name}'"
    root = _find(options["path"], where, downloads)
    pictures = pictures_below(root, where)
    size, colour = _size_and_colour(pictures, options, where)
    wanted = Wanted(size, colour, options.get("resize", "pad"), options.get("ground", WHITE))
    digest, tally, splits = hashlib.sha256(), Tally(), {}
    for split, files in pictures.by_split.items():
        images = []
        for _, file in files:
            content = content_of(file)
            images.append(read_picture(file, content, wanted, where, tally))
            digest.update(content)
        labels = np.array([pictures.classes.index(of_class) for of_class, _ in files], dtype=np.int64)
        splits[split] = (np.stack(images) if images else np.zeros((0, *_shape(size, colour)), np.uint8), labels)
    if "colour" not in options and any("have colours" in what for what in tally.done):
        raise StudyError(f"{where}: most pictures are grey and some have colours; say `colour: true` to keep them, or false")
    notes = pictures.notes + [f"{count:,} of {tally.pictures:,} pictures {what}" for what, count in tally.done.items()]
    if len({images.dtype for images, _ in splits.values()}) > 1:
        splits = {split: (images.astype(np.float32), labels) for split, (images, labels) in splits.items()}
    if "test" not in splits:
        n = len(splits["train"][1])
        held = options.get("test") or default_held_out(n, len(pictures.classes))
        splits["train"], splits["test"] = hold_out(*splits["train"], held, name)
        notes.append(f"{held:,} of {n:,} pictures are held out as the test split")
    return Dataset(splits, pictures.classes, WHITE, f"images below {root.name}", digest.hexdigest(), notes)


def found_sizes(name: str, options: dict, downloads: Path) -> dict:
    """shape, classes and the sizes of the splits: every folder is listed, and 200 pictures are opened where that is needed."""
    where = f"dataset '{name}'"
    root = _find(options["path"], where, downloads)
    pictures = pictures_below(root, where)
    sizes = {split: len(files) for split, files in pictures.by_split.items()}
    if "test" not in sizes:
        sizes["test"] = options.get("test") or default_held_out(sizes["train"], len(pictures.classes))
        check_held_out(sizes["train"], len(pictures.classes), sizes["test"], name)
        sizes["train"] -= sizes["test"]
    elif "test" in options:
        raise StudyError(f"datasets.{name}.test changes nothing: {root} has a folder test of its own; remove the key")
    shape = _shape(*_size_and_colour(pictures, options, where))
    return {"shape": shape, "classes": len(pictures.classes), "class_names": pictures.classes, **sizes}


def _shape(size: tuple[int, int], colour: bool) -> list[int]:
    return [3, *size] if colour else [*size]


def _size_and_colour(pictures: Pictures, options: dict, where: str) -> tuple[tuple[int, int], bool]:
    """(height, width) and whether three channels are kept: as asked, or as most of the training pictures have it."""
    if "size" in options and "colour" in options:
        return tuple(options["size"]), options["colour"]
    files = [file for _, file in pictures.by_split["train"]]
    seen = [has_colour(file, where) for file in files[:: max(1, len(files) // OPENED)]]
    height, width = Counter(size for _, size in seen).most_common(1)[0][0]
    shrink = max(1, max(height, width) / LARGEST_SIDE)
    size = options.get("size") or (max(1, round(height / shrink)), max(1, round(width / shrink)))
    return tuple(size), options.get("colour", any(colour for colour, _ in seen))


def _find(path: str, where: str, downloads: Path) -> Path:
    root = find_own(path, downloads)
    if root is None or not root.is_dir():
        raise StudyError(f"{where}: no folder {path} here or below {downloads}")
    return root
