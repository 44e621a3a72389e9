"""One network by one embedding: layers, or the filters of one layer, across; snapshots down, untrained above trained."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared.class_scatter import mistakes
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.point_colours import explain_colours, point_colours, points_table, scatter_points
from layerscope.figures.shared.style import network_name, set_title
from layerscope.states import state
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One network by one embedding. Layers (or the filters of one layer) across, snapshots down.",
    "reads": ("embedding", "activations", "data"),
    "shows_one": ("network", "sample", "embedding"),
    "one_layer_where": {"panels": "filters"},
    "parts_by": {"panels": {"layers": ("whole",), "filters": ("filters",)}},
    "by_default": {"layers": {}},
    "options": {
        "panels": {
            "description": "layers, or filters of the one layer that `on` names.",
            "enum": ["layers", "filters"],
            "default": "layers",
        },
        "target": {"$ref": "#/$defs/one_target"},
        "mark_misclassified": {"$ref": "#/$defs/mark_misclassified"},
        "point_size": {"type": "number", "exclusiveMinimum": 0, "default": 2},
        "panel_inches": {"description": "Side of a panel.", "type": "number", "exclusiveMinimum": 0, "default": 1.7},
    },
}

# The largest number of panels in a row; more go on in further rows.
WIDEST = 8


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Points have class colours; class names are among the points and below all panels. Of a regression they have the colours of
    the values of a target. More than eight layers or filters continue in further bands of rows. The table has the coordinates:
    epoch, layer, filter, index (row in the split), label (or target), x, y.
    """
    described = store.describe_data(reads.data[0])
    panels = _panels(reads.embedding, options)
    if not panels:
        raise StudyError("the embedding grid finds no embedding of what its `on` chooses; widen it")
    # The input has no snapshots: alone it is one row, beside layers it is repeated in every row.
    of_snapshots = sorted({epoch for epoch, _ in panels if epoch is not None})
    epochs: list[int | None] = [*of_snapshots] or [None]
    columns = list(dict.fromkeys(column for _, column in panels))
    bands = -(-len(columns) // WIDEST)
    width = -(-len(columns) // bands)
    height = bands * len(epochs)
    coloured = point_colours({reads.activations[0]: described.classes}, options.get("target"))[reads.activations[0]]
    index = store.read_index(reads.activations[0])
    figure, axes = plt.subplots(
        height,
        width,
        figsize=(options["panel_inches"] * width + 0.3, options["panel_inches"] * height + 0.7),
        squeeze=False,
    )
    for axis in axes[-len(epochs) :, len(columns) - (bands - 1) * width :].flat:
        axis.set_axis_off()
    wrong = {}
    for source in reads.activations if options["mark_misclassified"] else []:
        wrong.update(mistakes(source))
    tables = []
    for row, epoch in enumerate(epochs):
        for number, column in enumerate(columns):
            axis = axes[number // width * len(epochs) + row, number % width]
            stored = panels.get((epoch, column)) or panels.get((None, column))
            if row == 0:
                axis.set_title(column)
            if number % width == 0 and epoch is not None:
                axis.set_ylabel(f"{state(epoch, options['snapshots'], options.get('pretrained', False))} (epoch {epoch})")
            if stored is None:
                axis.set_axis_off()
                continue
            marked = wrong.get(epoch) if epoch is not None and stored.layer != "input" else None
            scatter_points(axis, stored, coloured, options["point_size"], marked)
            if row == 0 or stored.layer != "input":
                tables.append(points_table(stored, coloured, index))
    explain_colours(figure, axes, coloured, marked=bool(wrong))
    keys = store.file_params(reads.embedding[0 if epochs == [None] else -1])["keys"]
    about = f"{network_name(keys)}, {keys['embedding']} of {len(index):,} observations ({keys['sample']})"
    set_title(figure, options["title"] or about)
    return figure, pd.concat(tables, ignore_index=True)


def _panels(sources: list[str], options: dict) -> dict[tuple[int | None, str], store.StoredRepresentation]:
    on = options.get("on", {})
    epochs = chosen_epochs(options)
    panels: dict[tuple[int | None, str], store.StoredRepresentation] = {}
    for source in sources:
        of_network = bool(store.file_params(source)["keys"]["architecture"])
        for _, stored in store.embeddings(source):
            view = selection.WHOLE if stored.filter is None else stored.filter
            wanted = (options["panels"] == "filters") == (stored.filter is not None)
            if not wanted or not selection.allows(on, layer=stored.layer, filter=view):
                continue
            if of_network and stored.epoch not in epochs:
                continue
            column = f"layer {stored.depth} ({stored.layer})" + ("" if stored.filter is None else f", filter {stored.filter}")
            panels.setdefault((stored.epoch if of_network else None, column), stored)
    return panels
