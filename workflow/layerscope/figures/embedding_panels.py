"""Embeddings of any networks, layers and methods side by side, one per panel."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from layerscope import store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_names import told_below
from layerscope.figures.shared.class_scatter import against_rest, chosen_class, mistakes, show_all
from layerscope.figures.shared.names import about_embedding, layer_name, observations, words
from layerscope.figures.shared.point_colours import explain_colours, name_points, point_colours, points_table, scatter_points
from layerscope.figures.shared.style import COLUMN, colours
from layerscope.selection import RUN_KEYS, Plan, resolve
from layerscope.states import state
from layerscope.statistics.order import by_number
from layerscope.store.reads import Reads

FIGURE = {
    "description": "Embeddings side by side, of any networks, layers and methods, named after what tells them apart.",
    "reads": ("embedding", "activations", "data"),
    "alike": True,
    "same_classes": True,
    "names_classes": ("class",),
    "options": {
        "columns": {"description": "Panels across at most.", "type": "integer", "minimum": 1, "default": 4},
        "target": {"$ref": "#/$defs/one_target"},
        "mark_misclassified": {"$ref": "#/$defs/mark_misclassified"},
        "class": {"$ref": "#/$defs/one_class"},
        "shared_axes": {
            "description": "One scale for all panels; for steps that are embedded together.",
            "type": "boolean",
            "default": False,
        },
        "point_size": {"type": "number", "exclusiveMinimum": 0, "default": 3},
        "panel_inches": {
            "description": "The least side of a panel; panels fill the width of one or two columns of print.",
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 1.6,
        },
    },
}

TOLD_APART = ("dataset", "architecture", "activation", "seed", "sample", "embedding", "epoch", "layer", "filter")


@dataclass(frozen=True)
class Panel:
    """One embedding. about: what it shows, by the keys TOLD_APART. sample: the dataset and sample of its file."""

    about: dict
    sample: tuple[str, str]
    stored: store.StoredRepresentation


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Panels are in the order in which `on` lists networks, samples and embeddings, then by epoch and depth.

    A panel's title names what differs between panels. `trained` and `last` refer to the snapshots and layers that are embedded.

    The class names are those of the first dataset; all datasets shown must have the same number of classes. With `class` all
    other classes are grey. Of a regression, points have the colours of the values of a target, on one scale. The table has the
    coordinates and the keys of each panel.
    """
    on = options.get("on", {})
    panels = sorted((panel for source in reads.embedding for panel in _panels(source, on)), key=lambda panel: _order(panel, on))
    if not panels:
        raise StudyError("the panels find no embedding of what their `on` chooses; widen it")
    described = {store.file_params(source)["dataset"]: store.describe_data(source) for source in reads.data}
    counts = {dataset: len(described[dataset].classes) for dataset, _ in (panel.sample for panel in panels)}
    if len(set(counts.values())) > 1:
        raise StudyError(f"the panels have datasets with different numbers of classes ({counts}); name one under `on`")
    classes = described[panels[0].sample[0]].classes
    palette = colours(len(classes))
    if options["class"] is not None:
        palette = against_rest(palette, chosen_class(options["class"], classes))
    shown = {panel.sample for panel in panels}
    keys_of = {source: store.file_params(source)["keys"] for source in reads.activations}
    of_samples = {(keys["dataset"], keys["sample"]): source for source, keys in keys_of.items()}
    of_samples = {sample: source for sample, source in of_samples.items() if sample in shown}
    classes_of = {source: described[sample[0]].classes for sample, source in of_samples.items()}
    coloured = point_colours(classes_of, options.get("target"), palette)
    observed = {sample: (coloured[source], store.read_index(source)) for sample, source in of_samples.items()}
    wrong = {}
    for source, keys in keys_of.items():
        if options["mark_misclassified"]:
            wrong[_looked_at(keys)] = mistakes(source)
    down, across, inches = sheet.shape(len(panels), min(options["panel_inches"], COLUMN), options["columns"])
    figure, axes = sheet.panels(down, across, inches, inches / across)
    sheet.leave_out(axes.flat[len(panels) :])
    # The input lacks the keys of networks: their absence must not count as a difference between panels.
    named = [panel for panel in panels if panel.about["architecture"]] or panels
    common = {key for key in TOLD_APART if len({panel.about[key] for panel in named}) == 1}
    tables = []
    for axis, panel in zip(axes.flat, panels, strict=False):
        points, index = observed[panel.sample]
        marked = wrong.get(_looked_at(panel.about), {}).get(panel.stored.epoch)
        scatter_points(axis, panel.stored, points, options["point_size"], marked)
        told = [key for key in TOLD_APART if key not in common or (key == "layer" and not panel.about["architecture"])]
        axis.set_title(sheet.wrapped(_words(panel.about, told), inches / across - 0.1, 7))
        if points.labels is not None:
            axis.set_xlabel(sheet.wrapped(told_below(panel.stored.array, points.labels, marked), inches / across, 6), fontsize=6)
        keys = {key: panel.about[key] for key in ("dataset", "architecture", "activation", "seed", "sample", "embedding")}
        tables.append(points_table(panel.stored, points, index).assign(**keys))
    drawn = axes.flat[: len(panels)]
    for axis in drawn if options["shared_axes"] else ():
        # One scale for all, so that points that do not move are seen not to move.
        show_all(axis, *(panel.stored.array for panel in panels))
    explain_colours(figure, axes, observed[panels[0].sample][0], marked=any(wrong.values()))
    numbers = sorted({len(index) for _, index in observed.values()})
    about = about_embedding({key: named[0].about[key] for key in TOLD_APART if key in common})
    sheet.set_title(figure, options["title"] or f"{about}, {observations(*numbers)}")
    sheet.fit(figure, drawn)
    for axis, panel in zip(drawn, panels, strict=True):
        name_points(axis, panel.stored.array, observed[panel.sample][0])
    return figure, pd.concat(tables, ignore_index=True)


def _looked_at(keys: dict) -> tuple:
    return tuple(keys[key] for key in ("dataset", "architecture", "activation", "seed", "sample"))


def _panels(source: str, on: dict) -> list[Panel]:
    """The embeddings of one file that `on` chooses, of the first embedding seed."""
    params = store.file_params(source)
    keys, pretrained = params["keys"], params.get("pretrained", False)
    stored = list(store.embeddings(source))
    if not stored:
        return []
    plan = _plan_of_file(keys, [one for _, one in stored], pretrained)
    view = resolve(on, plan, embedding=keys["embedding"], sample=keys["sample"])
    panels = []
    for seed, one in stored:
        if seed != stored[0][0] or not view.shows(one.epoch, one.layer, one.filter):
            continue
        about = {key: keys.get(key) for key in TOLD_APART} | {
            "epoch": f"epoch {one.epoch}" if one.epoch else state(0, [0], pretrained) if keys["architecture"] else "",
            "layer": layer_name(one.depth, one.layer),
            "filter": "" if one.filter is None else f"filter {one.filter}",
        }
        panels.append(Panel(about, (keys["dataset"], keys["sample"]), one))
    return panels


def _plan_of_file(keys: dict, stored: list[store.StoredRepresentation], pretrained: bool) -> Plan:
    """The plan of a file of embeddings, so that `last` and `hidden` refer to the layers that are embedded."""
    layers = list(dict.fromkeys(one.layer for one in sorted(stored, key=lambda one: one.depth)))
    whole = {one.layer for one in stored if one.filter is None}
    filters = {
        one.layer: 1 + max(other.filter for other in stored if other.layer == one.layer and other.filter is not None)
        for one in stored
        if one.filter is not None
    }
    snapshots = tuple(sorted({one.epoch for one in stored}))
    of_network = {key: keys[key] for key in RUN_KEYS} if keys["architecture"] else {"dataset": keys["dataset"]}
    # The empty network matches every selector: the input is shown beside any network.
    return Plan(of_network, tuple(layers), tuple(one for one in layers if one in whole), filters, snapshots, ({},), pretrained)


def _order(panel: Panel, on: dict) -> tuple:
    """The sort key of a panel: places in the lists of `on`, then names, epoch, depth and filter."""
    keys = ("dataset", "architecture", "activation", "seed", "sample", "embedding")
    listed = {key: values for key, values in on.items() if key in keys and isinstance(values, list)}
    # The input of a dataset has no network: it comes first.
    places = [values.index(panel.about[key]) if panel.about[key] in values else -1 for key, values in listed.items()]
    named = {**panel.about, "seed": -1 if panel.about["seed"] is None else panel.about["seed"]}
    stored = panel.stored
    number = -1 if stored.filter is None else stored.filter
    names = [by_number(named[key]) if isinstance(named[key], str) else named[key] for key in keys]
    return places, names, stored.epoch, stored.depth, number


def _words(about: dict, keys: list[str]) -> str:
    known = [key for key in keys if about[key] not in (None, "")]
    return ", ".join(f"seed {about[key]}" if key == "seed" else words(about[key]) for key in known)
