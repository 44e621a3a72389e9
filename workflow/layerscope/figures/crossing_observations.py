"""The observations that gain and lose most of a score from layer to layer, as pictures: which ones cross to their class."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.images import pictures_of_rows, thumbnails
from layerscope.figures.shared.names import in_space, layer_name, measure, network_title, plain, sentence, short, words
from layerscope.figures.shared.style import PAGE, SMALLEST
from layerscope.figures.shared.tiles import draw_tiles, name_rows
from layerscope.statistics.observations import ObservedLayer, mean_of_known, observed_layers
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "The observations that gain and lose most of a score of every observation from each layer to the next, for instance "
        "neighbours of their own class: their pictures (row numbers where there are none), class, prediction, the mean gain over "
        "networks that differ in their seed alone, and how many of these agree in its sign; at the last snapshot chosen by `on`."
    ),
    "reads": ("observations", "activations", "data"),
    "needs": ("classes", "metrics"),
    "shows_one": ("sample",),
    "one_kind_of_network": True,
    "fewest_layers": 2,
    "one_space": True,
    "parts": ("whole",),
    "required": ("score",),
    "options": {
        "score": {
            "$ref": "#/$defs/score_name",
            "description": "A score under `observations`, for instance the neighborhood hit.",
        },
        "count": {
            "description": "How many observations of each layer are shown that gain most, and how many that lose most.",
            "type": "integer",
            "minimum": 1,
            "maximum": 12,
            "default": 8,
        },
    },
}

# Room below each picture for three lines of text, in sides of a picture, and the widest side of a picture in inches.
ROOM, WIDEST = 0.55, 0.7
# The letters of a name of a class, at most and at least, and the gap between two names in inches.
LONGEST, SHORTEST, GAP = 16, 3, 0.06
# What stands to the left of the pictures, in inches.
BESIDE = 1.4
GAINED, LOST = "gained", "lost"
COLOURS = {GAINED: "0.15", LOST: "#A01818"}


@dataclass(frozen=True)
class Step:
    """What becomes of every observation from one layer to the next, over networks.

    first, second: the layers as text. gain: (n,) mean over the networks that have both values. agreeing: (n,) in how many of
    these the gain has the sign of the mean. networks: (n,) how many have both.
    """

    first: str
    second: str
    gain: np.ndarray
    agreeing: np.ndarray
    networks: np.ndarray


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Two rows of pictures for each layer but the first: those that gain most from the layer before, and those that lose most.

    Below each its class, the class that most networks predict, the mean gain and how many networks agree in its sign. The table
    has a row an observation shown.
    """
    on, score = options.get("on", {}), options["score"]
    layers = _last_epochs(list(observed_layers(reads.observations, [score])), on)
    steps = _steps(layers, on)
    rows, labels = layers[0].rows, np.asarray(layers[0].labels)
    described = store.describe_data(reads.data[0])
    predicted = _predicted(reads.activations, {_network(one.keys): one.keys["epoch"] for one in layers}, len(rows))
    lines = [
        {
            "from": step.first,
            "to": step.second,
            "change": change,
            "place": place,
            "row": int(rows[number]),
            "class": described.classes[labels[number]],
            "predicted": "" if predicted is None else described.classes[predicted[number]],
            "mean_gain": step.gain[number],
            "agreeing": int(step.agreeing[number]),
            "networks": int(step.networks[number]),
        }
        for step in steps
        for change in (GAINED, LOST)
        for place, number in enumerate(_chosen(step, rows, change, options["count"]))
    ]
    columns = ["from", "to", "change", "place", "row", "class", "predicted", "mean_gain", "agreeing", "networks"]
    table = pd.DataFrame(lines, columns=columns)
    keys = next(one.keys for one in layers if one.keys["architecture"])
    networks = len({_network(one.keys) for one in layers if one.keys["architecture"]})
    over = f"{networks} network{'' if networks == 1 else 's'}"
    told = "the prediction" if networks == 1 else "what most networks predict"
    about = (
        f"{measure(options, score).label} of single observations from layer to layer {in_space(keys['space'])}, "
        f"{network_title(keys['dataset'], keys['architecture'])} ({words(keys['activation'])}), epoch {keys['epoch']}; "
        f"below each its class, → {told}, its mean gain over {over}, and how many of these agree in the sign"
    )
    figure = _drawn(table, steps, _pictures(reads, table, described.white), options["count"], options["title"] or sentence(about))
    return figure, table.drop(columns="place")


def _network(keys: dict) -> tuple:
    return keys["architecture"], keys["seed"]


def _last_epochs(layers: list[ObservedLayer], on: dict) -> list[ObservedLayer]:
    """The layers of each network at the last snapshot that `on` chooses, and those of the input; StudyError without any."""
    found: list[ObservedLayer] = []
    by_network: dict[tuple, list[ObservedLayer]] = {}
    for one in layers:
        by_network.setdefault(_network(one.keys), []).append(one)
    for of_network in by_network.values():
        if not of_network[0].keys["architecture"]:
            found += of_network
            continue
        states = {one.keys["epoch"]: one.keys["state"] for one in of_network}
        named = {selection.FIRST: min(states), selection.LAST: max(states)}
        epochs = {named.get(epoch, epoch) for epoch in selection.named(on, "epoch")} or {*states}
        chosen = [epoch for epoch, state in states.items() if epoch in epochs and selection.allows(on, state=state)]
        found += [one for one in of_network if chosen and one.keys["epoch"] == max(chosen)]
    if not any(one.keys["architecture"] for one in found):
        raise StudyError("no scores of observations are left of what the figure's `on` chooses; widen it")
    if not all(np.array_equal(one.rows, found[0].rows) for one in found):
        raise StudyError("the networks that the figure's `on` chooses were given other observations each; choose others")
    return found


def _steps(layers: list[ObservedLayer], on: dict) -> list[Step]:
    """Every layer that `on` chooses, beside the one before, in the order of their depth."""
    names = {one.keys["layer"]: one.keys["depth"] for one in layers}
    ordered = sorted(names, key=lambda name: names[name])
    named = selection.with_layers_named(on, ordered)
    ordered = [name for name in ordered if selection.allows(named, layer=name)]
    values = {(one.keys["layer"], _network(one.keys)): one.values for one in layers}
    networks = sorted({_network(one.keys) for one in layers if one.keys["architecture"]})

    def of_networks(name: str) -> np.ndarray:
        lost = np.full(len(layers[0].rows), np.nan)
        of_input = next((values[key] for key in values if key[0] == name and not key[1][0]), lost)
        return np.stack([values.get((name, network), of_input) for network in networks])

    steps = []
    for first, second in pairwise(ordered):
        gains = of_networks(second) - of_networks(first)
        mean = mean_of_known(gains)
        known = np.isfinite(gains)
        agreeing = (known & (np.sign(gains) == np.sign(mean))).sum(axis=0)
        told = [layer_name(names[name], name) if names[name] else words(name) for name in (first, second)]
        steps.append(Step(told[0], told[1], mean, agreeing, known.sum(axis=0)))
    if not steps:
        raise StudyError("the figure's `on` leaves a single layer; name two or more")
    return steps


def _chosen(step: Step, rows: np.ndarray, change: str, count: int) -> np.ndarray:
    """The positions of the observations with the largest gains, or losses; among equals of those in which most agree, by row."""
    gain = step.gain if change == GAINED else -step.gain
    order = np.lexsort((rows, -step.agreeing, -np.where(np.isfinite(gain), gain, -np.inf)))
    return np.array([number for number in order[:count] if gain[number] > 0], dtype=np.int64)


def _predicted(sources: Sequence[str], epochs: dict[tuple, int], n: int) -> np.ndarray | None:
    """(n,) the class that most networks predict, ties to the lower class; None where no network predicts classes."""
    votes = []
    for source in sources:
        epoch = epochs.get(_network(store.file_params(source)["keys"]))
        votes += [one.classes for one in store.predictions(source) if one.epoch == epoch and one.classes is not None]
    if not votes:
        return None
    counts = [Counter(int(vote) for vote in of_one) for of_one in zip(*votes, strict=True)]
    return np.array([min(count, key=lambda label: (-count[label], label)) for count in counts])


def _pictures(reads: Reads, table: pd.DataFrame, white: float) -> dict[int, np.ndarray]:
    """The pictures of the observations shown, by their row; none where observations are no pictures."""
    rows = np.unique(table["row"].to_numpy(dtype=np.int64))
    split = store.file_params(reads.activations[-1])["sample"]["split"]
    if not len(rows) or store.read_images(reads.data[0], split, rows[:1]).ndim < 3:
        return {}
    return dict(zip(rows.tolist(), thumbnails(pictures_of_rows(reads.data[0], split, rows) / white), strict=True))


def _drawn(table: pd.DataFrame, steps: list[Step], images: dict[int, np.ndarray], count: int, title: str) -> Figure:
    places = {(step.first, change): 2 * number + (change == LOST) for number, step in enumerate(steps) for change in COLOURS}
    side = min(WIDEST, (PAGE - BESIDE) / count)
    figure, panels = sheet.panels(1, 1, PAGE, len(places) * side * (1 + ROOM))
    axis = panels[0, 0]
    cells = {place: (places[line["from"], line["change"]], line["place"]) for place, line in table.iterrows()}
    shown = {cells[place]: np.clip(images[line["row"]], 0, 1) for place, line in table.iterrows() if line["row"] in images}
    draw_tiles(axis, shown, len(places), count, ROOM, cmap="gray_r", vmin=0, vmax=1)
    for place, line in table.iterrows():
        row, column = cells[place]
        top, middle = row * (1 + ROOM), column + 0.5
        if line["row"] not in images:
            axis.text(middle, top + 0.5, f"row\n{line['row']}", ha="center", va="center", fontsize=SMALLEST)
        told = [_fitting("", line["class"], side), *([_fitting("→ ", line["predicted"], side)] if line["predicted"] else [])]
        below = "\n".join([*told, f"{line['mean_gain']:+.2f} ({line['agreeing']}/{line['networks']})"])
        axis.text(middle, top + 1, below, ha="center", va="top", fontsize=SMALLEST, color=COLOURS[line["change"]])
    for (first, change), row in places.items():
        if not (table["from"].eq(first) & table["change"].eq(change)).any():
            axis.text(0.1, row * (1 + ROOM) + 0.5, f"none {change}", va="center", fontsize=SMALLEST, color="0.35")
    names = [f"{step.first} →\n{step.second}:\n{change}" for step in steps for change in COLOURS]
    name_rows(axis, names, ROOM)
    sheet.set_title(figure, title)
    sheet.fit(figure, panels, side * len(places) * (1 + ROOM))
    return figure


def _fitting(before: str, name: str, inches: float) -> str:
    """The name of a class with as many letters as fit below a picture of so many inches, and what stands before it."""
    texts = (before + short(plain(name), letters) for letters in range(LONGEST, SHORTEST, -1))
    return next(
        (text for text in texts if sheet.inches_of(text, SMALLEST) <= inches - GAP), before + short(plain(name), SHORTEST)
    )
