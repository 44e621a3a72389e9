"""How alike the layers of networks are to each other: a matrix of layers by layers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope import selection, store
from layerscope.figures.shared import sheet
from layerscope.figures.shared.names import network_title, observations, runs_counted, sentence, words
from layerscope.figures.shared.style import COLUMN, RAMP, SMALLEST
from layerscope.similarity.shared.measures import compare_by, prepared, similarity_measures
from layerscope.statistics.estimates import estimate
from layerscope.statistics.keys import NETWORK
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "How alike the layers of a network are to each other, the input included: a matrix of layers by layers for each "
        "snapshot, the mean over networks that differ in their seed alone, by a measure of similarity (docs/metrics.md)."
    ),
    "reads": ("activations",),
    "shows_one": ("sample",),
    "options": {
        "measure": {
            "description": "A measure of similarity.",
            "enum": ["cka", "matched_correlation", "procrustes", "svcca", "pwcca", "rsa", "mutual_neighbors"],
            "default": "cka",
        },
        "panel_inches": {
            "description": "The least side of a panel; panels fill the width of one or two columns of print.",
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 2.2,
        },
    },
}

PAIR = [*NETWORK, "epoch", "depth", "layer", "other_depth", "other_layer"]
# Values are written into the cells of panels with at most so many layers.
MOST_WRITTEN = 8


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel for each kind of network and snapshot, with its layers down and across, the input first.

    The table has a row a pair of layers, the first one before the other: the mean over networks, their number, standard
    deviation and 95 % interval, and `chance`: the value in the first network with the observations of the first layer shuffled.
    """
    measure = options["measure"]
    facts = similarity_measures()[measure]
    inputs = {keys["dataset"]: source for source, keys in _files(reads.activations) if not keys["architecture"]}
    pairs, seen = [], set()
    for source, keys in _files(reads.activations):
        if keys["architecture"]:
            kind = tuple(keys[key] for key in NETWORK)
            found = _pairs(source, inputs.get(keys["dataset"]), options.get("on", {}), measure, with_chance=kind not in seen)
            pairs += [{**dict(zip(NETWORK, kind, strict=True)), **pair} for pair in found]
            seen.add(kind)
    table = summed_up(pd.DataFrame(pairs))
    panels = table.groupby([*NETWORK, "epoch"], sort=False)
    down, across, width = sheet.shape(panels.ngroups, min(options["panel_inches"], COLUMN))
    figure, axes = sheet.panels(down, across, width, width / across)
    scale = Normalize(0, 1)
    for axis, ((dataset, architecture, activation, epoch), own) in zip(axes.flat, panels, strict=False):
        matrix, layers = _matrix(own, itself=0.0 if measure == "procrustes" else 1.0)
        _draw_matrix(axis, matrix, layers, scale)
        heading = f"{network_title(dataset, architecture)}, {words(activation)}, {f'epoch {epoch}' if epoch else 'untrained'}"
        axis.set_title(f"{sheet.wrapped(heading, sheet.inside(width, across), 7)}\n{runs_counted(int(own['n'].max()))}")
    sheet.leave_out(axes.flat[panels.ngroups :])
    bar = figure.colorbar(ScalarMappable(scale, RAMP), ax=axes, shrink=0.8, aspect=25, pad=0.01)
    bar.set_label(facts["label"])
    counts = sorted({int(count) for count in table["observations"]})
    chance = _two_digits(table["chance"].mean())
    about = f"{facts['label']} of layers, means over networks, {observations(*counts)}; by chance {chance}"
    sheet.set_title(figure, options["title"] or sentence(about))
    sheet.fit(figure, axes.flat[: panels.ngroups])
    return figure, table


def _files(sources: list[str]) -> Iterator[tuple[str, dict]]:
    for source in sources:
        yield source, store.file_params(source)["keys"]


def _pairs(source: str, of_input: str | None, on: dict, measure: str, with_chance: bool) -> Iterator[dict]:
    """Every pair of layers of one network at each snapshot that `on` chooses."""
    first = [] if of_input is None else list(store.representations(of_input))
    by_epoch: dict[int, list[store.StoredRepresentation]] = {}
    for stored in store.representations(source):
        by_epoch.setdefault(stored.epoch, []).append(stored)
    chosen = selection.allowed_epochs(on, sorted(by_epoch), pretrained=store.file_params(source).get("pretrained", False))
    for epoch in chosen:
        layers = [*first, *by_epoch[epoch]]
        ready = [prepared(layer.array, [measure]) for layer in layers]
        for number, one in enumerate(layers):
            shuffled = np.random.default_rng(number).permutation(len(one.array))
            by_chance = prepared(one.array[shuffled], [measure]) if with_chance else None
            for place in range(number + 1, len(layers)):
                other = layers[place]
                yield {
                    "epoch": epoch,
                    "depth": one.depth,
                    "layer": one.layer,
                    "other_depth": other.depth,
                    "other_layer": other.layer,
                    "value": compare_by(ready[number], ready[place], [measure])[measure],
                    "chance": compare_by(by_chance, ready[place], [measure])[measure] if by_chance else float("nan"),
                    "observations": len(one.array),
                }


def summed_up(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of layers with the mean over networks, the number of networks, standard deviation, interval and chance."""
    rows = []
    for key, group in pairs.groupby(PAIR, sort=False):
        found = estimate(group["value"])
        row = dict(zip(PAIR, key, strict=True)) | {"mean": found.mean, "n": found.n, "sd": found.sd}
        row |= {"interval_low": found.low, "interval_high": found.high, "chance": group["chance"].mean()}
        rows.append(row | {"observations": group["observations"].max()})
    return pd.DataFrame(rows)


def _matrix(own: pd.DataFrame, itself: float) -> tuple[np.ndarray, list[str]]:
    """The means as a symmetric matrix, and the names of its layers in order. itself: of a layer with itself."""
    names = {row.depth: row.layer for row in own.itertuples()} | {row.other_depth: row.other_layer for row in own.itertuples()}
    place = {depth: number for number, depth in enumerate(sorted(names))}
    matrix = np.full((len(place), len(place)), itself)
    for row in own.itertuples():
        one, other = place[row.depth], place[row.other_depth]
        matrix[one, other] = matrix[other, one] = row.mean
    return matrix, [words(names[depth]) for depth in sorted(names)]


def _draw_matrix(axis, matrix: np.ndarray, layers: list[str], scale: Normalize) -> None:
    axis.imshow(np.ma.masked_invalid(matrix), cmap=RAMP, norm=scale, interpolation="nearest")
    places = np.arange(len(layers))
    axis.set_xticks(places, layers, fontsize=SMALLEST, rotation=90)
    axis.set_yticks(places, layers, fontsize=SMALLEST)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(matrix) if len(layers) <= MOST_WRITTEN else ():
        if np.isfinite(value):
            colour = "black" if scale(value) > 0.6 else "white"
            axis.text(column, row, _two_digits(value), fontsize=SMALLEST, ha="center", va="center", color=colour)


def _two_digits(value: float) -> str:
    """A value as text; what is 0 in two digits has no sign."""
    return f"{value:.2f}".replace("-0.00", "0.00")
