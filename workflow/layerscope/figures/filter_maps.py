"""The activation map of every filter of a layer for example images, or the input images themselves."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared.class_scatter import chosen_class
from layerscope.figures.shared.images import pictures_of_rows
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.style import network_name, set_title
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


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Shown is the first observation of each class in the sample: classes down, filters across. With `class`, that class alone.

    Maps share one scale from 0 to the largest value shown, so that a dead filter is dark. The table has, for each class and
    filter, the observation's row in the split and the smallest, mean and largest value of the map.
    """
    described = store.describe_data(reads.data[0])
    [layer] = selection.named(options["on"], "layer")
    [source] = [file for file in reads.activations if store.file_params(file)["keys"]["architecture"]]
    named = options["class"]
    classes = list(range(len(described.classes))) if named is None else [chosen_class(named, described.classes)]
    labels, index = store.read_labels(source), store.read_index(source)
    missing = [described.classes[label] for label in classes if not (labels == label).any()]
    if missing:
        raise StudyError(f"the sample has no observation of class {', '.join(missing)}; choose another class or sample")
    positions = np.array([int(np.flatnonzero(labels == label)[0]) for label in classes])
    names = [described.classes[label] for label in classes]
    keys = store.file_params(source)["keys"]
    if layer == "input":
        maps = pictures_of_rows(reads.data[0], store.file_params(source)["sample"]["split"], index[positions]) / described.white
        about = f"{keys['dataset']}, the first image of a class in {keys['sample']}"
    else:
        [epoch] = chosen_epochs(options)
        maps = store.read_layer_rows(source, epoch, layer, positions)
        if maps.ndim != 4:
            raise StudyError(f"layer {layer} has no maps; filter_maps shows convolutions and the input")
        about = f"{network_name(keys)}, epoch {epoch}: maps of {layer}, colours from 0 to {maps.max():.3g}"
    drawn = _of_one(maps[0], layer) if options["class"] else _of_all(maps, names, layer)
    of_class = f" (class {names[0]})" if options["class"] else ""
    set_title(drawn, options["title"] or about + of_class)
    rows = [
        {"class": name, "row": int(row), "layer": layer, "filter": "" if layer == "input" else number}
        | {"minimum": float(values.min()), "mean": float(values.mean()), "maximum": float(values.max())}
        for name, row, of_example in zip(names, index[positions], maps, strict=True)
        for number, values in enumerate([of_example] if layer == "input" else of_example)
    ]
    return drawn, pd.DataFrame(rows)


def _show(axis, values: np.ndarray, layer: str, largest: float) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    colours = "gray_r" if layer == "input" else "viridis"
    # Maps without any positive value are drawn dark, like dead ones.
    axis.imshow(values, cmap=colours, vmin=0, vmax=largest if largest > 0 else 1, interpolation="nearest")


def _of_one(example: np.ndarray, layer: str) -> Figure:
    panels = [example] if layer == "input" else list(example)
    across = math.ceil(math.sqrt(len(panels))) if len(panels) > 4 else len(panels)
    down = math.ceil(len(panels) / across)
    side = 2.4 if len(panels) == 1 else 1.15
    figure, axes = plt.subplots(down, across, figsize=(side * across + 0.6, side * down + 0.5), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, (axis, values) in enumerate(zip(axes.flat, panels, strict=False)):
        axis.set_axis_on()
        _show(axis, values, layer, 1.0 if layer == "input" else float(example.max()))
        if layer != "input":
            axis.set_title(f"filter {number}", fontsize=6)
    return figure


def _of_all(maps: np.ndarray, names: list[str], layer: str) -> Figure:
    across = 1 if layer == "input" else maps.shape[1]
    side = 0.9 if across == 1 else 0.62
    figure, axes = plt.subplots(len(names), across, figsize=(side * across + 1, side * len(names) + 0.6), squeeze=False)
    for line, name, of_example in zip(axes, names, maps, strict=True):
        for number, (axis, values) in enumerate(zip(line, [of_example] if layer == "input" else of_example, strict=True)):
            _show(axis, values, layer, 1.0 if layer == "input" else float(maps.max()))
            if line[0] is axes[0, 0] and layer != "input":
                axis.set_title(f"filter {number}", fontsize=5)
        line[0].set_ylabel(name, fontsize=6, rotation=0, ha="right", va="center")
    return figure
