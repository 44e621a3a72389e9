"""The embedding of one layer, with observations coloured by the activation of one neuron."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_names import name_classes
from layerscope.figures.shared.class_scatter import chosen_class, coordinates, frame, show_all
from layerscope.figures.shared.names import layer_name, network_name, plain, sentence
from layerscope.figures.shared.one_network import chosen_embedding, chosen_epochs, of_network
from layerscope.figures.shared.style import COLUMN, RAMP
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One embedding of one layer, in the colours of the activation of one of its neurons.",
    "reads": ("embedding", "activations", "neurons", "data"),
    "needs": ("classes",),
    "shows_one": ("network", "sample", "embedding", "layer", "snapshot"),
    "of": "neurons",
    "names_classes": ("class",),
    "options": {
        "class": {
            "description": "Name of the class that the neuron is to tell best; null for whichever is told best.",
            "type": ["string", "null"],
            "default": None,
        },
        "neuron": {
            "description": "Its number, from 0; null for the one that tells the class best.",
            "type": ["integer", "null"],
            "minimum": 0,
            "default": None,
        },
        "point_size": {"type": "number", "exclusiveMinimum": 0, "default": 4},
    },
}

# The colour of observations for which the neuron is silent: most of them, often.
SILENT = "0.82"


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Points are brighter where the neuron is more active, grey where it is 0; the most active observations are on top.

    The neuron is the option `neuron` or, if that is null, the most important one for `class`, or for any class. The table
    has the coordinates and the activation.
    """
    classes = store.describe_data(reads.data[0]).classes
    on = options["on"]
    [layer] = selection.named(on, "layer")
    [epoch] = chosen_epochs(options)
    source = of_network(reads.activations)
    neurons = _neurons(reads.neurons[0], epoch, layer)
    neuron, label = chosen_neuron(neurons.importances, options["neuron"], options["class"], classes)
    labels, index = store.read_labels(source), store.read_index(source)
    outputs = store.read_layer_rows(source, epoch, layer, np.arange(len(labels)))
    active = outputs.reshape(len(outputs), -1)[:, neuron]
    stored = chosen_embedding(reads.embedding, layer, epoch)
    figure, panels = sheet.panels(1, 1, COLUMN, COLUMN - 0.6)
    axis = panels[0, 0]
    frame(axis)
    scale = ScalarMappable(Normalize(float(np.min(active)), float(np.max(active))), RAMP)
    for silent in (True, False):
        chosen = np.flatnonzero((active == 0) == silent)
        chosen = chosen[np.argsort(active[chosen], kind="stable")]
        shades = SILENT if silent else scale.to_rgba(active[chosen])
        if len(chosen):
            axis.scatter(*stored.array[chosen].T, c=shades, s=options["point_size"], linewidths=0, rasterized=True)
    show_all(axis, stored.array)
    figure.colorbar(scale, ax=axis, label="activation (grey: 0)" if (active == 0).any() else "activation", shrink=0.8)
    importance = neurons.importances[label, neuron]
    told = f"importance for class {plain(classes[label])}: {importance:.3g}" if importance > 0 else "it tells no class"
    network = network_name(store.file_params(source)["keys"])
    about = f"neuron {neuron} of {outputs[0].size} of {layer_name(stored.depth, layer)}, {network}, epoch {epoch}"
    sheet.set_title(figure, options["title"] or f"{sentence(about)} ({told})")
    sheet.fit(figure, axis)
    name_classes(axis, stored.array, labels, classes)
    return figure, coordinates(stored, labels, index).assign(neuron=neuron, activation=active)


def chosen_neuron(importances: np.ndarray, neuron: int | None, name: str | None, classes: list[str]) -> tuple[int, int]:
    """(number of a neuron, number of the class that it is shown for). importances: (classes, d).

    neuron: its number, None to choose the most important one. name: of the class, None for the one for which the neuron is
    most important. Raises StudyError where there is no such neuron or class, or none is important.
    """
    count = importances.shape[1]
    if neuron is not None and neuron >= count:
        raise StudyError(f"neuron: {neuron} is none of the {count} neurons of the layer, 0 to {count - 1}")
    if name is not None:
        label = chosen_class(name, classes)
        if label >= len(importances) or not importances[label].any():
            raise StudyError(
                f"class: no neuron tells {name} from the rest in this sample; choose another class, or name a neuron"
            )
        return int(importances[label].argmax()) if neuron is None else neuron, label
    if neuron is not None:
        return neuron, int(importances[:, neuron].argmax())
    if not importances.any():
        raise StudyError("no neuron of the layer tells a class in this sample; choose another layer, or name a neuron")
    best = np.unravel_index(importances.argmax(), importances.shape)
    return int(best[1]), int(best[0])


def _neurons(source: str, epoch: int, layer: str) -> store.Neurons:
    for stored, neurons in store.neurons(source):
        if (stored.epoch, stored.layer) == (epoch, layer):
            return neurons
    raise StudyError(f"{source} has no neurons of {layer} at epoch {epoch}; did the training diverge?")
