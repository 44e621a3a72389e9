"""One style for all figures: readable in print and for colour-blind readers, with the same bytes for the same data."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

STATE_LINES = {"untrained": "--", "pretrained": "-.", "trained": "-", "intermediate": ":"}
STATE_MARKERS = {"untrained": "o", "pretrained": "D", "trained": "s", "intermediate": "^"}
MARKERS = "os^vD<>phX*P"
RAMP = plt.get_cmap("viridis")
# seaborn's palette "colorblind".
COLOUR_BLIND_SAFE = "#0173B2 #DE8F05 #029E73 #D55E00 #CC78BC #CA9161 #FBAFE4 #949494 #ECE133 #56B4E9".split()  # noqa: SIM905
TITLE_CHARACTERS_PER_INCH = 14
LEGEND_LINE_INCHES = 0.19
SETTINGS = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.hashsalt": "layerscope",
    "svg.fonttype": "none",
    "savefig.dpi": 200,
    "figure.constrained_layout.use": True,
}


def apply_style() -> None:
    """Set matplotlib up for the figures of a study."""
    plt.rcParams.update(SETTINGS)


def colours(count: int) -> list:
    """`count` distinct colours: up to ten are safe for colour-blind readers, more are spread around the circle of hues."""
    if count <= len(COLOUR_BLIND_SAFE):
        return [to_rgb(colour) for colour in COLOUR_BLIND_SAFE[:count]]
    # Its import takes as long as drawing a figure does.
    import seaborn

    return seaborn.color_palette("husl", count)


def shapes(count: int) -> list:
    """`count` distinct marker shapes: plain ones first, then stars and asterisks with more and more points."""
    stars = [(points, style, 0) for points in range(5, 5 + count) for style in (1, 2)]
    return [*MARKERS, *stars][:count]


def make_room(figure: Figure, entries: int, across: int, spare: int = 4) -> None:
    """Make a figure higher for a legend of `entries`, `across` per line, below its panels; `spare` lines fit as it is."""
    lines = -(-entries // across)
    figure.set_figheight(figure.get_figheight() + LEGEND_LINE_INCHES * max(0, lines - spare))


def ramp(count: int) -> list:
    """`count` colours in a visible order, dark to bright, also for colour-blind readers and in print."""
    return [RAMP(place) for place in np.linspace(0, 0.9, count)] if count > 1 else [RAMP(0.3)]


def by_size(architectures: Iterable[str], sizes: dict[str, dict]) -> list[str]:
    """Architectures from shallow to deep, and from narrow to wide. sizes: architecture → depth and width."""
    return sorted(architectures, key=lambda name: (sizes[name]["depth"], sizes[name]["width"], name))


class PlainLogarithmic(LogFormatterSciNotation):
    """Writes 0.62 instead of 6.2 × 10^-1 on a logarithmic axis; matplotlib chooses which ticks have a number."""

    def __call__(self, x, pos=None) -> str:
        """The label of a tick at x, "" where matplotlib writes none."""
        return f"{x:g}" if super().__call__(x, pos) else ""


def save(figure: Figure, svg: Path, png: Path) -> None:
    """Write a figure as SVG and PNG, without dates or versions in the files."""
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", metadata={"Software": None})
    plt.close(figure)


def set_title(figure: Figure, text: str) -> None:
    """Set a title above all panels, wrapped to the figure's width. It is plain text: $ does not start a formula."""
    characters = max(20, int(TITLE_CHARACTERS_PER_INCH * figure.get_figwidth()))
    figure.suptitle("\n".join(textwrap.wrap(text, characters)).replace("$", r"\$"), fontsize=SETTINGS["axes.titlesize"])


def network_name(keys: dict) -> str:
    """One network as text. keys: those of its files; the input of a dataset has no architecture."""
    if not keys["architecture"]:
        return f"input of {keys['dataset']}"
    return f"{keys['architecture']} ({keys['activation']}, seed {keys['seed']}) on {keys['dataset']}"


def network_title(dataset: str, architecture: str) -> str:
    """The heading of a panel about one architecture on one dataset."""
    return f"{architecture} on {dataset}"
