"""The activation map of every filter of a layer for example images, or the input images themselves."""

import math

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_scatter import chosen_class
from layerscope.figures.shared.images import pictures_of_rows, thumbnails
from layerscope.figures.shared.names import network_name, plain, sentence, short, words
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.style import COLUMN, PAGE, RAMP, SMALLEST
from layerscope.figures.shared.tiles import draw_tiles, name_columns, name_rows
from layerscope.geometry.filters import dead_filters
from layerscope.store.reads import Reads

FIGURE = {
    "description": "The maps of all filters of one convolution, or the input image, for the first observation of each class.",
    "reads": ("activations", "data"),
    "needs": ("classes",),
    "shows_one": ("network", "sample", "layer", "snapshot"),
    "of": "maps",
    "names_classes": ("class",),
    "options": {"class": {"$ref": "#/$defs/one_class"}},
}

# The most classes that are shown together. The least side of a map in inches, and that from which on a column is wide enough.
MOST_CLASSES, LEAST, CELL = 20, 0.24, 0.36
# What stands beside the maps, in inches: names of classes and the scale. Room for the label of an image, of two lines, in inches.
BESIDE, ROOM = 1.2, 0.22
# The most inches of the side of an image of the input.
LARGEST = 1.5
DEAD = "dead"


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Shown is the first observation of each class in the sample: classes down, filters across. With `class`, that class alone.

    Maps share one scale from 0 to the largest value shown; filters that are dead by their maps of the whole sample
    (geometry.filters) are called so. Of more classes than twenty, twenty are shown, spread evenly over their order. The table
    has, for each class and filter, the observation's row in the split and the smallest, mean and largest value of the map.
    """
    described = store.describe_data(reads.data[0])
    [layer] = selection.named(options["on"], "layer")
    [source] = [file for file in reads.activations if store.file_params(file)["keys"]["architecture"]]
    named = options["class"]
    count = len(described.classes)
    spread = sorted({round(place) for place in np.linspace(0, count - 1, min(count, MOST_CLASSES))})
    classes = spread if named is None else [chosen_class(named, described.classes)]
    labels, index = store.read_labels(source), store.read_index(source)
    missing = [described.classes[label] for label in classes if not (labels == label).any()]
    if missing:
        raise StudyError(f"the sample has no observation of class {', '.join(missing)}; choose another class or sample")
    positions = np.array([int(np.flatnonzero(labels == label)[0]) for label in classes])
    names = [described.classes[label] for label in classes]
    keys = store.file_params(source)["keys"]
    if layer == "input":
        maps = pictures_of_rows(reads.data[0], store.file_params(source)["sample"]["split"], index[positions]) / described.white
        about = f"{words(keys['dataset'])}, the first image of a class in the sample {words(keys['sample'])}"
    else:
        [epoch] = chosen_epochs(options)
        of_all = store.read_layer(source, epoch, layer)
        if of_all.ndim != 4:
            raise StudyError(f"layer {layer} has no maps; filter_maps shows convolutions and the input")
        maps, dead = of_all[positions], [bool(reason) for reason in dead_filters(of_all)]
        about = f"{network_name(keys)}, epoch {epoch}: maps of the filters of {words(layer)}"
    of_class = f", class {plain(names[0])}" if options["class"] else ""
    of_some = f", {len(classes)} of {count} classes" if named is None and len(classes) < count else ""
    heading = options["title"] or sentence(about + of_class + of_some)
    if layer == "input":
        drawn = _of_input(maps, names, heading)
    else:
        drawn = _of_one(maps[0], dead, heading) if options["class"] else _of_all(maps, names, dead, heading)
    rows = [
        {"class": name, "row": int(row), "layer": layer, "filter": "" if layer == "input" else number}
        | {"minimum": float(values.min()), "mean": float(values.mean()), "maximum": float(values.max())}
        for name, row, of_example in zip(names, index[positions], maps, strict=True)
        for number, values in enumerate([of_example] if layer == "input" else of_example)
    ]
    return drawn, pd.DataFrame(rows)


def _scale(figure: Figure, axes, largest: float) -> dict:
    """Draw the scale of the maps beside them. Returns what draws maps in its colours."""
    # Maps without any positive value are drawn dark, like dead ones.
    scale = Normalize(0, largest if largest > 0 else 1)
    bar = figure.colorbar(ScalarMappable(scale, RAMP), ax=axes, shrink=0.8, aspect=25, pad=0.01)
    bar.set_label("activation")
    return {"cmap": RAMP, "norm": scale}


def _of_input(images: np.ndarray, names: list[str], heading: str) -> Figure:
    down, across, width = sheet.shape(len(images), 0.6)
    figure, axes = sheet.panels(1, 1, width, down)
    places = [(number // across, number % across) for number in range(len(images))]
    tiles = dict(zip(places, thumbnails(images), strict=True))
    inches = min(LARGEST, (width - 0.1) / across)
    draw_tiles(axes[0, 0], tiles, down, across, ROOM / inches, cmap="gray_r", vmin=0, vmax=1)
    _label(axes[0, 0], places, [short(plain(name)) for name in names], inches)
    sheet.set_title(figure, heading)
    sheet.fit(figure, axes, down * (inches + ROOM))
    return figure


def _of_one(example: np.ndarray, dead: list[bool], heading: str) -> Figure:
    count = len(example)
    across = min(math.ceil(math.sqrt(count)) if count > 4 else count, int(PAGE / 0.45))
    down = math.ceil(count / across)
    width = COLUMN if across <= 6 else PAGE
    figure, axes = sheet.panels(1, 1, width, down)
    places = [(number // across, number % across) for number in range(count)]
    shown = _scale(figure, axes, float(example.max()))
    inches = (width - 0.6) / across
    draw_tiles(axes[0, 0], dict(zip(places, thumbnails(example), strict=True)), down, across, ROOM / inches, **shown)
    labels = [f"filter {number}, {DEAD}" if is_dead else f"filter {number}" for number, is_dead in enumerate(dead)]
    _label(axes[0, 0], places, labels, inches)
    sheet.set_title(figure, heading)
    sheet.fit(figure, axes, min(down * (inches + ROOM), sheet.TALLEST))
    return figure


def _label(axis, places: list[tuple[int, int]], labels: list[str], inches: float) -> None:
    """Write a label below each image, in the room that is left there."""
    for (row, column), label in zip(places, labels, strict=True):
        text = sheet.wrapped(label, inches, SMALLEST)
        axis.text(column + 0.5, row * (1 + ROOM / inches) + 1, text, fontsize=SMALLEST, ha="center", va="top", linespacing=1.0)


def _of_all(maps: np.ndarray, names: list[str], dead: list[bool], heading: str) -> Figure:
    """Classes down, filters across; filters that do not fit the width go on in further bands."""
    count = maps.shape[1]
    width = COLUMN if count * CELL <= COLUMN - BESIDE else PAGE
    bands = math.ceil(count / int((width - BESIDE) / LEAST))
    across = math.ceil(count / bands)
    figure, axes = sheet.panels(bands, 1, width, len(names) * LEAST)
    shown = _scale(figure, axes, float(maps.max()))
    for band, axis in enumerate(axes[:, 0]):
        numbers = range(band * across, min((band + 1) * across, count))
        small = [thumbnails(maps[:, number]) for number in numbers]
        tiles = {(row, column): image for column, images in enumerate(small) for row, image in enumerate(images)}
        draw_tiles(axis, tiles, len(names), across, **shown)
        name_rows(axis, [short(plain(name), 16) for name in names])
        name_columns(axis, [f"{number}\n{DEAD}" if dead[number] else f"{number}" for number in numbers])
    axes[0, 0].set_title("filters, by their number")
    sheet.set_title(figure, heading)
    side = min((width - BESIDE) / across, sheet.TALLEST / bands / len(names))
    sheet.fit(figure, axes, side * len(names))
    return figure
