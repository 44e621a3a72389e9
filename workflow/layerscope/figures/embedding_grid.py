"""One network by one embedding: layers, or the filters of one layer, across; snapshots down, untrained above trained."""

import pandas as pd
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_names import told_below
from layerscope.figures.shared.class_scatter import mistakes
from layerscope.figures.shared.names import layer_name, network_name, observations, sentence, words
from layerscope.figures.shared.one_network import chosen_epochs
from layerscope.figures.shared.point_colours import explain_colours, name_points, point_colours, points_table, scatter_points
from layerscope.figures.shared.style import COLUMN
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
        "panel_inches": {
            "description": "The least side of a panel; panels fill the width of one or two columns of print.",
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 1.15,
        },
    },
}


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Points have class colours; class names are among the points and below all panels. Of a regression they have the colours of
    the values of a target. Layers or filters that do not fit the width continue in further bands of rows. The table has the
    coordinates: epoch, layer, filter, index (row in the split), label (or target), x, y.
    """
    described = store.describe_data(reads.data[0])
    panels = _panels(reads.embedding, options)
    if not panels:
        raise StudyError("the embedding grid finds no embedding of what its `on` chooses; widen it")
    # The input has no snapshots: alone it is one row, beside layers it is repeated in every row.
    of_snapshots = sorted({epoch for epoch, _ in panels if epoch is not None})
    epochs: list[int | None] = [*of_snapshots] or [None]
    columns = list(dict.fromkeys(column for _, column in panels))
    bands, width, inches = sheet.shape(len(columns), min(options["panel_inches"], COLUMN))
    height = bands * len(epochs)
    coloured = point_colours({reads.activations[0]: described.classes}, options.get("target"))[reads.activations[0]]
    index = store.read_index(reads.activations[0])
    figure, axes = sheet.panels(height, width, inches, inches / width)
    sheet.leave_out(axes[-len(epochs) :, len(columns) - (bands - 1) * width :].flat)
    wrong = {}
    for source in reads.activations if options["mark_misclassified"] else []:
        wrong.update(mistakes(source))
    tables, shown = [], []
    for row, epoch in enumerate(epochs):
        for number, column in enumerate(columns):
            axis = axes[number // width * len(epochs) + row, number % width]
            stored = panels.get((epoch, column)) or panels.get((None, column))
            if row == 0:
                axis.set_title(sheet.wrapped(column, inches / width - 0.1, 7))
            if number % width == 0 and epoch is not None:
                reached = state(epoch, options["snapshots"], options.get("pretrained", False))
                axis.set_ylabel(f"{reached}{f' (epoch {epoch})' if epoch else ''}")
            if stored is None:
                axis.set_axis_off()
                continue
            marked = wrong.get(epoch) if epoch is not None and stored.layer != "input" else None
            scatter_points(axis, stored, coloured, options["point_size"], marked)
            if coloured.labels is not None:
                axis.set_xlabel(sheet.wrapped(told_below(stored.array, coloured.labels, marked), inches / width, 6), fontsize=6)
            shown.append((axis, stored))
            if row == 0 or stored.layer != "input":
                tables.append(points_table(stored, coloured, index))
    explain_colours(figure, axes, coloured, marked=bool(wrong))
    keys = store.file_params(reads.embedding[0 if epochs == [None] else -1])["keys"]
    of_filters = ""
    if options["panels"] == "filters":
        stored = shown[0][1]
        of_filters = f"the filters of {layer_name(stored.depth, stored.layer)} of "
    sampled = f"{observations(len(index))} (sample {words(keys['sample'])})"
    about = f"{words(keys['embedding'])} of {of_filters}{network_name(keys)}, {sampled}"
    sheet.set_title(figure, options["title"] or sentence(about))
    sheet.fit(figure, [axis for axis, _ in shown])
    for axis, stored in shown:
        name_points(axis, stored.array, coloured)
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
            column = layer_name(stored.depth, stored.layer) if stored.filter is None else f"filter {stored.filter}"
            panels.setdefault((stored.epoch if of_network else None, column), stored)
    return panels
