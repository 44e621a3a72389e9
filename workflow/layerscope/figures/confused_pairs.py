"""Images of observations that lie among those of another class: the first one of every confused pair of classes.

An observation is taken for the class that wins the vote of its k nearest neighbours in one embedding, itself included (Ruman
2021, the outliers of the last layer).
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.images import pictures, thumbnails
from layerscope.figures.shared.names import layer_name, network_name, plain, sentence, short, words
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.style import COLUMN, PAGE, SMALLEST
from layerscope.figures.shared.tiles import draw_tiles, name_columns, name_rows
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

# The most classes whose pairs have room; of more, those that are confused most are shown.
MOST_CLASSES = 14
CELL = 0.62
# What stands beside the images, in inches, and the room for a number below each, in sides of an image.
BESIDE, ROOM = 0.9, 0.3
WRONG = "#A01818"


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
    if pair:
        cells = [(pair[0], pair[0]), (pair[1], pair[1]), pair]
    else:
        shown_classes = _most_confused(labels, taken_for, len(classes))
        cells = [(a, b) for a in shown_classes for b in shown_classes]
    shown = [first[cell] for cell in cells if cell in first]
    split = store.file_params(reads.activations[-1])["sample"]["split"]
    rows = np.unique(index[shown])
    images = thumbnails(pictures(store.read_images(reads.data[0], split, rows)) / described.white)
    by_position = {position: images[np.searchsorted(rows, index[position])] for position in shown}
    keys = store.file_params(source)["keys"]
    wrong = int((taken_for != labels).sum())
    about = (
        f"{network_name(keys)}, epoch {stored.epoch}: classes by the vote of {options['k']} neighbours in "
        f"{words(keys['embedding'])} of {layer_name(stored.depth, stored.layer)}, "
        f"{wrong} of {len(labels):,} observations taken for another class"
    )
    if pair:
        figure = _triple(cells, first, by_position, classes, options["title"] or sentence(about))
    else:
        if len(shown_classes) < len(classes):
            about += f"; the {len(shown_classes)} of {len(classes)} classes that are confused most"
        figure = _matrix(cells, first, by_position, table, classes, options["title"] or sentence(about))
    return figure, table


def _most_confused(labels: np.ndarray, taken_for: np.ndarray, count: int) -> list[int]:
    """The classes whose pairs are shown: all, or those with the most observations taken from or for them, in their order."""
    if count <= MOST_CLASSES:
        return [*range(count)]
    wrong = labels != taken_for
    mistaken = np.bincount(labels[wrong], minlength=count) + np.bincount(taken_for[wrong], minlength=count)
    return sorted(int(label) for label in np.argsort(-mistaken, kind="stable")[:MOST_CLASSES])


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
        axis.set_box_aspect(1)
        axis.text(0.5, 0.5, empty, transform=axis.transAxes, ha="center", va="center", fontsize=SMALLEST, color="0.35")
    else:
        axis.imshow(np.clip(image, 0, 1), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")


def _triple(cells: list, first: dict, images: dict, classes: list[str], title: str) -> Figure:
    figure, panels = sheet.panels(1, 3, COLUMN, 1)
    for axis, (a, b) in zip(panels[0], cells, strict=True):
        image = images[first[a, b]] if (a, b) in first else None
        names = [short(plain(classes[label])) for label in (a, b)]
        _show(axis, image, f"no {names[0]} is taken\nfor {names[1]} here")
        axis.set_title(sheet.wrapped(f"{names[0]}, taken for {names[1]}" if a != b else names[0], COLUMN / 3 - 0.1, 7))
    sheet.set_title(figure, title)
    sheet.fit(figure, panels[0], 0.95)
    return figure


def _matrix(cells: list, first: dict, images: dict, table: pd.DataFrame, classes: list[str], title: str) -> Figure:
    shown = list(dict.fromkeys(a for a, _ in cells))
    count = len(shown)
    width = COLUMN if count * CELL <= COLUMN - BESIDE else PAGE
    figure, panels = sheet.panels(1, 1, width, count * CELL)
    axis = panels[0, 0]
    counts = table["count"].to_numpy().reshape(len(classes), len(classes))
    places = {cell: (shown.index(cell[0]), shown.index(cell[1])) for cell in cells}
    tiles = {places[cell]: np.clip(images[first[cell]], 0, 1) for cell in cells if cell in first}
    draw_tiles(axis, tiles, count, count, ROOM, cmap="gray_r", vmin=0, vmax=1)
    names = [short(plain(classes[label]), 14) for label in shown]
    inches = min(CELL, (width - BESIDE) / count, sheet.TALLEST / count / (1 + ROOM))
    name_rows(axis, names, ROOM)
    name_columns(axis, names, upright=max(sheet.inches_of(name, SMALLEST) for name in names) > inches)
    for (a, b), (row, column) in places.items():
        top = row * (1 + ROOM)
        if not counts[a, b]:
            axis.text(column + 0.5, top + 0.5, "–", ha="center", va="center", fontsize=SMALLEST, color="0.35")
            continue
        weight = {"color": "0.25"} if a == b else {"color": WRONG, "weight": "bold"}
        axis.text(column + 0.5, top + 1, f"{counts[a, b]:,}", ha="center", va="top", fontsize=SMALLEST, **weight)
        edge: dict = {"edgecolor": "0.5", "linewidth": 0.4} if a == b else {"edgecolor": WRONG, "linewidth": 0.9}
        axis.add_patch(Rectangle((column + 0.02, top + 0.02), 0.96, 0.96, fill=False, clip_on=False, **edge))
    axis.set_ylabel("true class")
    axis.set_title("class of the neighbours")
    axis.set_xlabel(
        sheet.wrapped("below each image: how many such observations, framed where the classes differ", width - 0.5, 7)
    )
    sheet.set_title(figure, title)
    sheet.fit(figure, panels, inches * count * (1 + ROOM))
    return figure
