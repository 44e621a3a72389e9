"""A person's own arrays in an npz file, under the names that Keras, MedMNIST and others give them."""

import hashlib
import os
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np

from layerscope.data.axes import axes_of
from layerscope.data.dataset import Dataset, check_held_out, default_held_out, hold_out
from layerscope.data.labels import numbered
from layerscope.data.layouts import WHITE_BY_TYPE, laid_out
from layerscope.data.npz_file import array_head, opened_npz
from layerscope.data.own_files import find_own
from layerscope.data.targets import REGRESSION, numbers, target_names
from layerscope.data.tokens import check_sequences, tokens
from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named

SOURCE = {
    "description": "Arrays of one's own in an npz file.",
    "own_files": "path",
    "finds_sizes": True,
    "also_called": ("numpy",),
    "required": ("path",),
    "options": {
        "path": {
            "description": (
                "A file with x_train, y_train, x_test and y_test (or train_images, train_labels, ...), perhaps with x_val and "
                "y_val; or with x and y alone. An array `classes` names the classes."
            ),
            "type": "string",
            "minLength": 1,
        },
        "sha256": {"description": "Digest of the file.", "type": "string", "pattern": "^[0-9a-f]{64}$"},
        "task": {"$ref": "#/$defs/task"},
        "normalise_targets": {"$ref": "#/$defs/normalise_targets"},
        "layout": {
            "description": "Where the channels of an image stand, where its shape does not tell.",
            "enum": ["channels_first", "channels_last"],
        },
        "test": {
            "$ref": "#/$defs/held_out",
            "description": "Observations held out, where the file has no test arrays; a fifth by default.",
        },
        "shape": {"$ref": "#/$defs/declared_shape"},
        "n": {"$ref": "#/$defs/declared_n"},
        "classes": {"$ref": "#/$defs/classes"},
        "vocabulary": {
            "description": (
                "How many tokens there are, where observations are sequences of them: whole numbers from 0, (n, length), which "
                "networks receive as they are. Only `family: module` takes them."
            ),
            "type": "integer",
            "minimum": 2,
        },
        "white": {
            "description": "The value of full intensity (normalise: unit); by default 255 for bytes, 65535 for 16 bits, else 1.",
            "type": "number",
            "exclusiveMinimum": 0,
        },
    },
}

SPLITS = {"train": ("train",), "validation": ("validation", "val", "valid"), "test": ("test",)}
IMAGES = ("x", "images", "data", "inputs", "features")
LABELS = ("y", "labels", "targets")
NAMES = ("classes", "class_names")
WANTED = "hold the arrays x_train, y_train, x_test, y_test"


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """The file at options['path'], relative to the project or to the download folder.

    Observations are (n, features), (n, height, width) or images with channels first or last; labels are whole numbers or text, of
    a regression any numbers, (n,) or (n, targets). An optional `sha256` of the file is checked. What is turned, renumbered or
    held out is said in the notes of the dataset.
    """
    where = f"dataset '{name}'"
    file = _find(options["path"], where, downloads)
    with refusals_named(file):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if options.get("sha256") and digest != options["sha256"]:
        raise StudyError(f"{where}: {file} has SHA-256 {digest}, the study says {options['sha256']}")
    notes: list[str] = []
    with opened_npz(file, where, WANTED) as content:
        unpacked = sum(member.file_size for member in content.zip.infolist())
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if unpacked > memory:
            raise StudyError(
                f"{where}: {file} unpacks to {unpacked / 2**30:,.1f} GiB, this machine has {memory / 2**30:,.1f}; "
                "give it fewer images, or take a larger machine"
            )
        named = _arrays(list(content), f"{where}: {file}")
        labels, classes = _labels(content, named, options, where, notes)
        given = {images: content[images] for images, _ in named.values()}
    if "vocabulary" in options:
        images, white = {key: tokens(array, key, options["vocabulary"], where) for key, array in given.items()}, None
    else:
        images, white = laid_out(given, options.get("layout"), options.get("shape"), where, notes)
    splits = {}
    for split, (key, of) in named.items():
        _check_rows(key, len(images[key]), of, len(labels[of]), where)
        splits[split] = (images[key], labels[of])
    if "test" not in splits:
        held = options.get("test") or default_held_out(len(splits["train"][1]), len(classes) or 1)
        splits["train"], splits["test"] = hold_out(*splits["train"], held, name)
        notes.append(f"{held} of {held + len(splits['train'][1])} observations are held out as the test split")
    if "white" in options:
        largest = max(float(split.max()) for split, _ in splits.values())
        if largest > options["white"]:
            raise StudyError(f"{where}: white is {options['white']:g}, but values reach {largest:g}; say what full intensity is")
        white = options["white"]
    targets = [] if classes else target_names(splits["train"][1].shape[1])
    return Dataset(splits, classes, white, f"npz file {file.name}", digest, notes, targets)


def found_sizes(name: str, options: dict, downloads: Path) -> dict:
    """shape, classes (of a regression targets, their names) and the sizes of the splits, from the heads of the arrays and the
    labels; nothing else is read.

    white_by_type: whether the type of the numbers tells the value of full intensity.
    """
    where = f"dataset '{name}'"
    file = _find(options["path"], where, downloads)
    with opened_npz(file, where, WANTED) as content:
        named = _arrays(list(content), f"{where}: {file}")
        labels, classes = _labels(content, named, options, where, [])
        heads = {key: array_head(content.zip, key) for key, _ in named.values()}
    shape, dtype = heads[named["train"][0]]
    for key, of in named.values():
        _check_rows(key, heads[key][0][0], of, len(labels[of]), where)
        if heads[key][0][1:] != shape[1:] or heads[key][1] != dtype or dtype.kind not in "buif":
            there = f"{named['train'][0]} is {dtype} {shape[1:]}, {key} {heads[key][1]} {heads[key][0][1:]}"
            raise StudyError(f"{where}: {there}; numbers of one type and one shape are wanted")
    if "vocabulary" in options:
        check_sequences(named["train"][0], shape, dtype, where)
    axes = axes_of(shape[1:], options.get("layout"), options.get("shape"), where)
    sizes = {split: len(labels[of]) for split, (_, of) in named.items()}
    if "test" not in sizes:
        sizes["test"] = options.get("test") or default_held_out(sizes["train"], len(classes) or 1)
        check_held_out(sizes["train"], len(classes) or 1, sizes["test"], name)
        sizes["train"] -= sizes["test"]
    elif "test" in options:
        raise StudyError(f"datasets.{name}.test changes nothing: {file} has a test split of its own; remove the key")
    known = dtype in WHITE_BY_TYPE
    count = labels[named["train"][1]].shape[-1]
    outputs = {"classes": len(classes), "class_names": classes} if classes else {"targets": target_names(count)}
    return {"shape": [shape[1 + axis] for axis in axes], **outputs, **sizes, "white_by_type": known}


def _check_rows(images: str, rows: int, of: str, count: int, where: str) -> None:
    if rows != count:
        raise StudyError(f"{where}: {images} has {rows} rows, {of} {count}")


def _labels(
    content: Mapping[str, np.ndarray], named: dict[str, tuple[str, str]], options: dict, where: str, notes: list[str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Labels and the names of the classes; of a regression targets, and no classes."""
    of_regression = options.get("task") == REGRESSION
    naming = [key for key in content if key.lower() in NAMES and not of_regression]
    if len(naming) > 1:
        raise StudyError(f"{where}: {' and '.join(naming)} may both name the classes; keep one")
    names: list[str] | None = None
    if naming:
        given = np.asarray(content[naming[0]])
        if given.ndim != 1:
            raise StudyError(f"{where}: {naming[0]} is {' × '.join(map(str, given.shape))}; one name for each class is wanted")
        names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in given.tolist()]
    used = {key for pair in named.values() for key in pair} | {*naming}
    unused = [key for key in content if key not in used]
    if unused:
        notes.append(f"the arrays {', '.join(unused)} are left out")
    arrays = {labels: content[labels] for _, labels in named.values()}
    if of_regression:
        return numbers(arrays, where), []
    return numbered(arrays, names, where, notes, options.get("task"))


def _arrays(keys: list[str], where: str) -> dict[str, tuple[str, str]]:
    """Split → the names of its observations and of its labels, `train` first; a file without splits has `train` alone."""
    found: dict[str, tuple[str, str]] = {}
    for split, spellings in SPLITS.items():
        images, labels = ([key for key in keys if key.lower() in _spelt(words, spellings)] for words in (IMAGES, LABELS))
        found |= _pair(images, labels, split, keys, where)
    if "train" not in found:
        images, labels = ([key for key in keys if key.lower() in words] for words in (IMAGES, LABELS))
        found = {**_pair(images, labels, "train", keys, where), **found}
    if "train" not in found:
        wanted = "x_train, y_train, x_test, y_test"
        raise StudyError(f"{where} must hold the arrays {wanted}, or x and y; it holds {', '.join(keys) or 'nothing'}")
    return found


def _spelt(words: tuple[str, ...], splits: tuple[str, ...]) -> set[str]:
    """x_train, xtrain, train_x, trainx, and so on."""
    pairs = [pair for word, split in product(words, splits) for pair in ((word, split), (split, word))]
    return {between.join(pair) for pair in pairs for between in ("_", "")}


def _pair(images: list[str], labels: list[str], split: str, keys: list[str], where: str) -> dict[str, tuple[str, str]]:
    for found in (images, labels):
        if len(found) > 1:
            raise StudyError(f"{where} holds {' and '.join(found)}, and both may be those of {split}; keep one")
    if not images and not labels:
        return {}
    if not images or not labels:
        [only], missing = images or labels, "labels" if images else "observations"
        raise StudyError(
            f"{where} must hold the arrays x_{split} and y_{split}: it has {only}, and no {missing} "
            f"for it among {', '.join(keys)}"
        )
    return {split: (images[0], labels[0])}


def _find(path: str, where: str, downloads: Path) -> Path:
    found = find_own(path, downloads)
    if found is not None and found.is_file():
        return found
    raise StudyError(f"{where}: no file {path} here or below {downloads}; LAYERSCOPE_DATA names another folder")
