"""Images of observations that lie among those of another class: the first one of every confused pair of classes.

An observation is taken for the class that wins the vote of its k nearest neighbours in one embedding, itself included (Ruman
2021, the outliers of the last layer).
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared.images import pictures
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.style import network_name, set_title
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.knn import majority, with_self
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "Images of the first observations that lie among those of another class, by the vote of their neighbours in one "
        "embedding of one layer, a row and column a class; or those of one pair of classes."
    ),
    "shows_observations_of": "sample",
    "needs_points": {"k": 1},
    "names_classes": ("pair",),
    "reads": ("embedding", "activations", "data"),
    "needs": ("classes",),
    "shows_one": ("network", "sample", "embedding", "layer", "snapshot"),
    "options": {
        "k": {
            "description": "Neighbours that vote, the observation itself counted.",
            "type": "integer",
            "minimum": 1,
            "default": 10,
        },
        "pair": {
            "description": "Two names of classes, a and b. Shows a, b, and an a that is taken for b.",
            "type": "array",
            "items": {"type": "string"},
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": True,
        },
    },
}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Rows are the true classes, columns the classes that observations are taken for; each cell has the first observation.

    With `pair` (two class names, a and b) there are three images: a taken for a, b taken for b, a taken for b. The table lists
    every ordered pair of classes with its count and the first observation's position in the sample and row in the split.
    """
    described = store.describe_data(reads.data[0])
    classes = described.classes
    pair = _numbers(options.get("pair", []), classes)
    of_input = selection.values(options["on"], "layer") == ["input"]
    [source] = [file for file in reads.embedding if (store.file_params(file)["keys"]["architecture"] == "") == of_input]
    stored = _chosen(source, options, of_input)
    labels = store.read_labels(reads.activations[-1])
    index = store.read_index(reads.activations[-1])
    if options["k"] >= len(labels):
        raise StudyError(f"k: {options['k']} neighbours cannot vote among {len(labels)} observations; ask for fewer")
    if not np.isfinite(stored.array).all():
        raise StudyError(f"{source}: the embedding of layer {stored.layer} diverged and has no neighbours; show another network")
    neighbors, _ = nearest_neighbors(stored.array, options["k"])
    taken_for = majority(labels[with_self(stored.array, neighbors)], len(classes))
    first, table = _first_of_pairs(labels, taken_for, index, classes)
    cells = [(a, b) for a in range(len(classes)) for b in range(len(classes))]
    if pair:
        cells = [(pair[0], pair[0]), (pair[1], pair[1]), pair]
    shown = [first[cell] for cell in cells if cell in first]
    split = store.file_params(reads.activations[-1])["sample"]["split"]
    rows = np.unique(index[shown])
    images = pictures(store.read_images(reads.data[0], split, rows)) / described.white
    by_position = {position: images[np.searchsorted(rows, index[position])] for position in shown}
    keys = store.file_params(source)["keys"]
    wrong = int((taken_for != labels).sum())
    about = (
        f"{network_name(keys)}, epoch {stored.epoch}: classes by {options['k']} neighbours in {keys['embedding']} of layer "
        f"{stored.depth} ({stored.layer}), {wrong} of {len(labels):,} observations taken for another class"
    )
    figure = _triple(cells, first, by_position, classes) if pair else _matrix(cells, first, by_position, table, classes)
    set_title(figure, options["title"] or about)
    return figure, table


def _numbers(pair: list[str], classes: list[str]) -> tuple[int, int] | None:
    for name in pair:
        if name not in classes:
            raise StudyError(f"pair: '{name}' is no class of the dataset; its classes are: {', '.join(classes)}")
    return (classes.index(pair[0]), classes.index(pair[1])) if pair else None


def _chosen(source: str, options: dict, of_input: bool) -> store.StoredRepresentation:
    epochs = [0] if of_input else chosen_epochs(options)
    for _, stored in store.embeddings(source):
        if stored.epoch in epochs and stored.filter is None and selection.allows(options["on"], layer=stored.layer):
            return stored
    raise StudyError(f"{source} has no embedding of the layer and snapshot that `on` names; did the training diverge?")


def _first_of_pairs(
    labels: np.ndarray, taken_for: np.ndarray, index: np.ndarray, classes: list[str]
) -> tuple[dict, pd.DataFrame]:
    first, rows = {}, []
    for a, name in enumerate(classes):
        for b, other in enumerate(classes):
            found = np.flatnonzero((labels == a) & (taken_for == b))
            if len(found):
                first[a, b] = int(found[0])
                place: dict[str, int | str] = {"position": int(found[0]), "row": int(index[found[0]])}
            else:
                place = {"position": "", "row": ""}
            rows.append({"class": name, "taken_for": other, "count": len(found), **place})
    return first, pd.DataFrame(rows)


def _show(axis, image: np.ndarray | None, empty: str) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(image is not None)
    axis.spines[:].set_linewidth(0.4)
    if image is None:
        axis.text(0.5, 0.5, empty, transform=axis.transAxes, ha="center", va="center", fontsize=6, color="0.6")
    else:
        axis.imshow(np.clip(image, 0, 1), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")


def _triple(cells: list, first: dict, images: dict, classes: list[str]) -> Figure:
    figure, axes = plt.subplots(1, 3, figsize=(5.4, 2.2))
    for axis, (a, b) in zip(axes, cells, strict=True):
        image = images[first[a, b]] if (a, b) in first else None
        _show(axis, image, f"no {classes[a]} is taken\nfor {classes[b]} here")
        axis.set_title(f"{classes[a]}, taken for {classes[b]}" if a != b else classes[a], fontsize=7)
    return figure


def _matrix(cells: list, first: dict, images: dict, table: pd.DataFrame, classes: list[str]) -> Figure:
    count = len(classes)
    figure, axes = plt.subplots(count, count, figsize=(0.62 * count + 1.2, 0.66 * count + 1), squeeze=False)
    for axis, (a, b), pairs in zip(axes.flat, cells, table["count"], strict=True):
        _show(axis, images[first[a, b]] if (a, b) in first else None, "-")
        if pairs:
            axis.set_xlabel(str(pairs), fontsize=5, labelpad=1, color="0.3" if a == b else "C3")
        if a == 0:
            axis.set_title(classes[b], fontsize=6)
        if b == 0:
            axis.set_ylabel(classes[a], fontsize=6, rotation=0, ha="right", va="center")
    figure.supxlabel("taken for; below each image how many", fontsize=7)
    return figure
