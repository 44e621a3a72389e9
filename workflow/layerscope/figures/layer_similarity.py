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
# The inches of a cell from which on it has room for two lines, names beside it counted in.
ROOMY = 0.4


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """One panel for each kind of network and snapshot, with its layers down and across.

    Below a mean in its cell is the standard deviation over networks, where there is room. Cells of layers without a value are
    blank. The table has a row a pair of layers: the mean over networks, their number, standard deviation and 95 % interval, and
    `chance`, the mean value with the observations of one layer shuffled.
    """
    facts = options["measures"][options["measure"]]
    table = over_networks(rows_of(reads.comparison, options["measure"], options.get("on", {})), PAIR, facts["range"])
    panels = table.groupby([*NETWORK, "epoch", "state"], sort=False)
    down, across, width = sheet.shape(panels.ngroups, min(options["panel_inches"], COLUMN))
    figure, axes = sheet.panels(down, across, width, width / across)
    scale = Normalize(*_ends(facts["range"], table["mean"]))
    blank = False
    for axis, ((dataset, architecture, activation, epoch, state), own) in zip(axes.flat, panels, strict=False):
        layers, matrix, spread = _layers(own), _matrix(own, "mean", facts["itself"]), _matrix(own, "sd", np.nan)
        if options["order"] == "clustered":
            order = clustered(matrix, facts["itself"])
            matrix, spread, layers = matrix[np.ix_(order, order)], spread[np.ix_(order, order)], [layers[one] for one in order]
        _draw_matrix(axis, matrix, spread, layers, scale, width / across)
        blank |= not np.isfinite(matrix).all()
        heading = f"{network_title(dataset, architecture)}, {words(activation)}, {f'epoch {epoch}' if epoch else state}"
        axis.set_title(f"{sheet.wrapped(heading, sheet.inside(width, across), 7)}\n{runs_counted(int(own['n'].max()))}")
    sheet.leave_out(axes.flat[panels.ngroups :])
    bar = figure.colorbar(ScalarMappable(scale, RAMP), ax=axes, shrink=0.8, aspect=25, pad=0.01)
    bar.set_label(facts["label"])
    counts = sorted({int(count) for count in table["observations"]})
    chance = _two_digits(table["chance"].mean())
    most = table["sd"].max()
    deviations = f" (standard deviations up to {_two_digits(most)})" if np.isfinite(most) else ""
    about = f"{facts['label']} of layers, means over networks{deviations}, {observations(*counts)}; by chance {chance}"
    about += "; the earlier of two layers is the first" if facts.get("one_sided") else ""
    about += "; blank: no value" if blank else ""
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


def _layers(own: pd.DataFrame) -> list[str]:
    """The names of the layers in order."""
    names = dict(zip([*own["depth"], *own["other_depth"]], [*own["layer"], *own["other_layer"]], strict=True))
    return [words(names[depth]) for depth in sorted(names)]


def _matrix(own: pd.DataFrame, column: str, itself: float) -> np.ndarray:
    """A column of the rows of pairs as a symmetric matrix. itself: of a layer that has a value with any other."""
    place = {depth: number for number, depth in enumerate(sorted({*own["depth"], *own["other_depth"]}))}
    matrix = np.full((len(place), len(place)), np.nan)
    for depth, other_depth, value in own[["depth", "other_depth", column]].itertuples(index=False, name=None):
        one, other = place[depth], place[other_depth]
        matrix[one, other] = matrix[other, one] = value
    np.fill_diagonal(matrix, np.where(np.isfinite(matrix).any(axis=1), itself, np.nan))
    return matrix


def _draw_matrix(axis, matrix: np.ndarray, spread: np.ndarray, layers: list[str], scale: Normalize, inches: float) -> None:
    axis.imshow(np.ma.masked_invalid(matrix), cmap=RAMP, norm=scale, interpolation="nearest")
    places = np.arange(len(layers))
    axis.set_xticks(places, layers, fontsize=SMALLEST, rotation=90)
    axis.set_yticks(places, layers, fontsize=SMALLEST)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(matrix) if len(layers) <= MOST_WRITTEN else ():
        if np.isfinite(value):
            deviation = float(spread[row, column])
            told = _two_digits(value)
            told += f"\n±{_two_digits(deviation)}" if np.isfinite(deviation) and inches / len(layers) >= ROOMY else ""
            colour = "black" if scale(value) > 0.6 else "white"
            axis.text(column, row, told, fontsize=SMALLEST, ha="center", va="center", color=colour)


def _two_digits(value: float) -> str:
    """A value as text; what is 0 in two digits has no sign."""
    return f"{value:.2f}".replace("-0.00", "0.00")
