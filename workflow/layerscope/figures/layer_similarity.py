"""How alike the layers of networks are to each other: a matrix of layers by layers."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope.figures.shared import sheet
from layerscope.figures.shared.comparisons import PAIR, over_networks, rows_of
from layerscope.figures.shared.names import network_title, observations, runs_counted, sentence, words
from layerscope.figures.shared.style import COLUMN, RAMP, SMALLEST
from layerscope.statistics.keys import NETWORK
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "How alike the layers of a network are to each other, the input included: a matrix of layers by layers for each "
        "snapshot, the mean over networks that differ in their seed alone, by a measure of similarity (docs/metrics.md)."
    ),
    "reads": ("comparison",),
    "needs": ("measures",),
    "compares": {"between": "layers", "measures": ("cka",)},
    "options": {
        "comparison": {"$ref": "#/$defs/comparison_name"},
        "measure": {"$ref": "#/$defs/measure_name"},
        "order": {
            "description": (
                "Layers by depth; or clustered, so that like layers stand side by side: the order of a dendrogram of average "
                "linkage by how far the measure is from that of a layer with itself. Then each panel has an order of its own."
            ),
            "enum": ["depth", "clustered"],
            "default": "depth",
        },
        "panel_inches": {
            "description": "The least side of a panel; panels fill the width of one or two columns of print.",
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 2.2,
        },
    },
}

# Values are written into the cells of panels with at most so many layers.
MOST_WRITTEN = 8


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel for each kind of network and snapshot, with its layers down and across.

    The table has a row a pair of layers: the mean over networks, their number, standard deviation and 95 % interval, and
    `chance`, the mean value with the observations of one layer shuffled.
    """
    facts = options["measures"][options["measure"]]
    table = over_networks(rows_of(reads.comparison, options["measure"], options.get("on", {})), PAIR)
    panels = table.groupby([*NETWORK, "epoch", "state"], sort=False)
    down, across, width = sheet.shape(panels.ngroups, min(options["panel_inches"], COLUMN))
    figure, axes = sheet.panels(down, across, width, width / across)
    scale = Normalize(*_ends(facts["range"], table["mean"]))
    for axis, ((dataset, architecture, activation, epoch, state), own) in zip(axes.flat, panels, strict=False):
        matrix, layers = _matrix(own, facts["itself"])
        if options["order"] == "clustered":
            order = clustered(matrix, facts["itself"])
            matrix, layers = matrix[np.ix_(order, order)], [layers[place] for place in order]
        _draw_matrix(axis, matrix, layers, scale)
        heading = f"{network_title(dataset, architecture)}, {words(activation)}, {f'epoch {epoch}' if epoch else state}"
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


def clustered(matrix: np.ndarray, itself: float) -> list[int]:
    """The layers in the order of the leaves of a dendrogram of average linkage.

    It is turned so that likes stand side by side, its shallower end first. Layers without a value come last, in their own order.
    matrix: of how alike layers are. itself: of a layer with itself.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart = np.abs(itself - matrix)
    np.fill_diagonal(apart, 0)
    known = [place for place in range(len(apart)) if np.isfinite(np.delete(apart[place], place)).any()]
    left = [place for place in range(len(apart)) if place not in known]
    inside = apart[np.ix_(known, known)]
    if len(known) < 3 or not np.isfinite(inside).all():
        return [*known, *left]
    leaves = leaves_list(linkage(squareform(inside, checks=False), "average", optimal_ordering=True)).tolist()
    # Both directions are one dendrogram.
    leaves = leaves[::-1] if leaves[0] > leaves[-1] else leaves
    return [*(known[place] for place in leaves), *left]


def _ends(within: list[float | None], values: pd.Series) -> tuple[float, float]:
    """The ends of the colours: from 0, or from the least value that a measure can have above it, to its largest one."""
    low, high = within
    return max(0.0, low or 0.0), float(np.nanmax([values.max(), 0.0])) if high is None else high


def _matrix(own: pd.DataFrame, itself: float) -> tuple[np.ndarray, list[str]]:
    """The means as a symmetric matrix, and the names of its layers in order. itself: of a layer with itself."""
    names = {row.depth: row.layer for row in own.itertuples()} | {row.other_depth: row.other_layer for row in own.itertuples()}
    place = {depth: number for number, depth in enumerate(sorted(names))}
    matrix = np.full((len(place), len(place)), np.nan)
    np.fill_diagonal(matrix, itself)
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
