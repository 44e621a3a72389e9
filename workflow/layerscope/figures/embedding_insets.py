"""One embedding, with images of its clusters beside it."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared import sheet
from layerscope.figures.shared.class_names import Named, told_below, wanted, write_among
from layerscope.figures.shared.class_scatter import class_key, mistakes, scatter_classes
from layerscope.figures.shared.images import pictures_of_rows, thumbnails
from layerscope.figures.shared.names import layer_name, network_name, observations, plain, sentence, short
from layerscope.figures.shared.one_network import chosen_embedding, chosen_epochs, of_network
from layerscope.figures.shared.style import PAGE, SMALLEST, colours
from layerscope.geometry.gaps import split_in_two
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "One embedding of one layer, and images of its clusters beside it. Shown are the two halves of classes that fall "
        "into two (see the score split_classes), or classes as a whole where none does."
    ),
    "shows_observations_of": "sample",
    "names_rows": ("observations",),
    "reads": ("embedding", "activations", "data"),
    "needs": ("classes",),
    "shows_one": ("network", "sample", "embedding", "layer", "snapshot"),
    "of": "layer",
    "options": {
        "observations": {
            "description": "Rows of the split around which to show images, instead of clusters that are found.",
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "integer", "minimum": 0},
            "default": [],
        },
        "insets": {"description": "At most.", "type": "integer", "minimum": 1, "default": 10},
        "images": {"description": "Of each cluster.", "type": "integer", "minimum": 1, "default": 9},
        "gap": {
            "description": "A class is split where its gap is at least so many times the spacing beside it.",
            "type": "number",
            "minimum": 1,
            "default": 2,
        },
        "smallest": {
            "description": "The least share of a class on either side of the gap.",
            "type": "number",
            "minimum": 0.01,
            "maximum": 0.5,
            "default": 0.2,
        },
        "mark_misclassified": {"$ref": "#/$defs/mark_misclassified"},
        "point_size": {"type": "number", "exclusiveMinimum": 0, "default": 4},
    },
}


# The share of a cluster, those nearest to its middle, around which a line is drawn.
INNER = 0.8
# The side of the panel in the middle, in inches.
SIDE = 4.2


@dataclass(frozen=True)
class Cluster:
    """A group of observations. members: positions in the sample, nearest to the middle first. gap: of its class, NaN if none."""

    name: str
    label: int
    members: np.ndarray
    gap: float


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """If `observations` (rows of the split) are given, the clusters are their neighbourhoods.

    Otherwise they are both halves of each class that splits in two (layerscope.geometry.gaps), widest gap first; if no class
    does, each whole class. The table has the clusters, their gap and size, and the rows of the images shown.
    """
    described = store.describe_data(reads.data[0])
    on = options["on"]
    [layer] = selection.named(on, "layer")
    [epoch] = chosen_epochs(options)
    source = of_network(reads.activations)
    stored = chosen_embedding(reads.embedding, layer, epoch)
    labels, index = store.read_labels(source), store.read_index(source)
    if options["observations"]:
        clusters = around(stored.array, labels, index, options["observations"], described.classes, options["images"])
    else:
        clusters = found(stored.array, labels, described.classes, options["gap"], options["smallest"])
    split_classes = sum(cluster.gap >= options["gap"] for cluster in clusters) // 2
    # Show both halves of a class, or neither.
    clusters = clusters[: options["insets"] - (options["insets"] % 2 if split_classes else 0)]
    split = store.file_params(source)["sample"]["split"]
    palette = colours(len(described.classes))
    figure, main, sides = _layout(len(clusters))
    wrong = mistakes(source).get(epoch) if options["mark_misclassified"] else None
    scatter_classes(main, stored, labels, palette, options["point_size"], wrong)
    main.set_xlabel(told_below(stored.array, labels, wrong), fontsize=SMALLEST)
    rows, letters = [], []
    for axis, cluster, letter in zip(sides, _side_by_side(clusters, stored.array), _letters(len(clusters)), strict=True):
        shown = cluster.members[: options["images"]]
        images = thumbnails(pictures_of_rows(reads.data[0], split, index[shown]))
        # Preprocessed images, edges for instance, can be dark: scale the brightest pixel shown to white.
        images = images / (images.max() or described.white)
        name = plain(described.classes[cluster.label])
        about = f"{letter}: {short(name, 14)}, {len(cluster.members)}"
        _show_inset(axis, images, about, palette[cluster.label])
        middle = stored.array[cluster.members[0]]
        # A letter on an outlier of its cluster would stand outside the line.
        inner = cluster.members[: max(3, int(INNER * len(cluster.members)))]
        _outline(main, stored.array[inner], palette[cluster.label])
        letters.append(Named(letter, cluster.label, inner, must=True))
        rows.append(
            {
                "letter": letter,
                "cluster": cluster.name,
                "class": described.classes[cluster.label],
                "gap": cluster.gap,
                "observations": len(cluster.members),
                "x": middle[0],
                "y": middle[1],
                "rows": " ".join(str(row) for row in index[shown]),
            }
        )
    class_key(figure, described.classes, palette, marked=wrong is not None)
    network = network_name(store.file_params(source)["keys"])
    about = sentence(f"{layer_name(stored.depth, layer)} of {network}, epoch {epoch}, {observations(len(labels))}")
    if not options["observations"]:
        about += f": {_counted(split_classes, len(np.unique(labels)))} into two clusters"
    about += "; images are from the middles of clusters, numbers count observations"
    sheet.set_title(figure, options["title"] or about)
    sheet.fit(figure, main)
    lettered = {cluster.label for cluster in clusters}
    others = [one for one in wanted(stored.array, labels, described.classes) if one.label not in lettered]
    write_among(main, stored.array, labels, [*letters, *others])
    return figure, pd.DataFrame(rows)


def _counted(split: int, total: int) -> str:
    """How many classes fall, as the beginning of a phrase."""
    if split < 2:
        return f"{'one' if split else 'none'} of {total} classes falls"
    return f"{split} of {total} classes fall"


def _letters(count: int) -> list[str]:
    """A, B, C, ...; AA after Z."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [(alphabet[number // 26 - 1] if number >= 26 else "") + alphabet[number % 26] for number in range(count)]


def _outline(axis, points: np.ndarray, colour: tuple) -> None:
    """Draw a line around points; none around points in a line."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        corners = points[ConvexHull(points.astype(np.float64)).vertices]
    except (QhullError, ValueError):
        return
    dark = tuple(0.6 * part for part in colour)
    axis.add_patch(Polygon(corners, closed=True, fill=False, edgecolor=dark, linewidth=0.8, zorder=3))


def found(points: np.ndarray, labels: np.ndarray, classes: list[str], gap: float, smallest: float) -> list[Cluster]:
    """Both halves of each class with a gap of at least `gap`, widest first; if there is no such class, every whole class."""
    halves, wholes = [], []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        split = split_in_two(points[own], smallest)
        name = classes[label]
        wholes.append(Cluster(name, int(label), _from_the_middle(points, own), split.gap))
        if split.gap >= gap:
            parts = (own[~split.second], own[split.second])
            named = zip("ab", parts, strict=True)
            pair = [Cluster(f"{name} {part}", int(label), _from_the_middle(points, half), split.gap) for part, half in named]
            halves.append(pair)
    halves.sort(key=lambda pair: -pair[0].gap)
    return [half for pair in halves for half in pair] or wholes


def around(
    points: np.ndarray, labels: np.ndarray, index: np.ndarray, rows: list[int], classes: list[str], count: int
) -> list[Cluster]:
    """One cluster per given row of the split: the `count` observations of any class that are nearest to it, itself first."""
    clusters = []
    for row in rows:
        if row not in index:
            raise StudyError(f"observations: row {row} of the split is not in the sample; name one that is")
        own = int(np.flatnonzero(index == row)[0])
        members = np.argsort(np.square(points - points[own]).sum(axis=1), kind="stable")
        clusters.append(Cluster(f"{classes[labels[own]]}, row {row}", int(labels[own]), members[:count], float("nan")))
    return clusters


def _from_the_middle(points: np.ndarray, own: np.ndarray) -> np.ndarray:
    distances = np.square(points[own] - np.median(points[own], axis=0)).sum(axis=1)
    middle = points[own[distances.argmin()]]
    return own[np.argsort(np.square(points[own] - middle).sum(axis=1), kind="stable")]


def _side_by_side(clusters: list[Cluster], points: np.ndarray) -> list[Cluster]:
    """Clusters in the order of the insets: those on the left go down the left side, the others down the right."""
    middles = {cluster.name: points[cluster.members[0]] for cluster in clusters}
    across = sorted(clusters, key=lambda cluster: middles[cluster.name][0])
    half = (len(clusters) + 1) // 2
    sides = (across[:half], across[half:])
    return [cluster for side in sides for cluster in sorted(side, key=lambda cluster: -middles[cluster.name][1])]


def _layout(count: int) -> tuple[Figure, plt.Axes, list[plt.Axes]]:
    """The panel in the middle, insets down both sides."""
    left = (count + 1) // 2
    figure = plt.figure(figsize=(PAGE, SIDE + 0.6))
    around = (PAGE - SIDE) / 2
    grid = figure.add_gridspec(left, 3, width_ratios=(around, SIDE, around))
    main = figure.add_subplot(grid[:, 1])
    sides = [figure.add_subplot(grid[number, 0]) for number in range(left)]
    return figure, main, sides + [figure.add_subplot(grid[number, 2]) for number in range(count - left)]


def _show_inset(axis: plt.Axes, images: np.ndarray, about: str, colour: tuple) -> None:
    across = int(np.ceil(np.sqrt(len(images))))
    blank = np.ones_like(images[0])
    filled = [*images, *[blank] * (-len(images) % across)]
    lines = [np.concatenate(filled[start : start + across], axis=1) for start in range(0, len(filled), across)]
    axis.imshow(np.clip(np.concatenate(lines, axis=0), 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set(visible=True, color=colour, linewidth=1.2)
    axis.set_title(about, fontsize=SMALLEST, pad=2)
