"""One style for all figures: drawn at the size of print, readable for colour-blind readers, the same bytes for the same data."""

import io
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from layerscope.figures.shared.fonts import LATIN, tell, use_fallbacks

# The widths of one and of two columns of a journal, in inches: 85 and 178 mm.
COLUMN, PAGE = 85 / 25.4, 178 / 25.4
# Sizes in points at the printed width. Nothing is smaller than SMALLEST.
SMALLEST, NORMAL, LARGEST = 6.0, 7.0, 8.0
STATE_LINES = {"untrained": "--", "pretrained": "-.", "trained": "-", "intermediate": ":"}
STATE_MARKERS = {"untrained": "o", "pretrained": "D", "trained": "s", "intermediate": "^"}
MARKERS = "os^vD<>phX*P"
RAMP = plt.get_cmap("viridis")
# Of what has a sign: 0 is white.
BOTH_WAYS = plt.get_cmap("PuOr_r")
# The end of the ramp is left out where it colours lines and points: its yellow is hardly seen on white.
RAMP_END = 0.88
# Petroff (2021), moved by little so that any two differ by a CIEDE2000 of 15 or more, also with a colour vision deficiency.
PALETTE = "#3F90DA #DE5F00 #842EB5 #FFAA18 #B91500 #83D9E4 #9E6D5E #B2A97A #717581 #94A4A2".split()  # noqa: SIM905
# The mean change of a channel, of 255, up to which a picture is written in 256 colours.
LARGEST_CHANGE = 0.5
# Of the height of a figure in inches, and of places as a share of the figure.
DIGITS = 6
SETTINGS = {
    "font.family": [LATIN],
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALLEST,
    "ytick.labelsize": SMALLEST,
    "legend.fontsize": SMALLEST,
    "legend.title_fontsize": SMALLEST,
    "figure.titlesize": LARGEST,
    "figure.labelsize": NORMAL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlepad": 3.0,
    "axes.labelpad": 2.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "legend.frameon": False,
    "legend.borderpad": 0.2,
    "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2,
    "legend.handletextpad": 0.4,
    # Names of people's own are plain text: $ starts no formula.
    "text.parse_math": False,
    "svg.hashsalt": "layerscope",
    "svg.fonttype": "none",
    # Texts are placed at the resolution at which they are written: at another one they have other widths.
    "figure.dpi": 300,
    "savefig.dpi": 300,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.constrained_layout.h_pad": 0.03,
}


def apply_style() -> None:
    """Set matplotlib up for the figures of a study."""
    plt.rcParams.update(SETTINGS)
    # What is missing is said in a line of our own, with what to do.
    warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)


def colours(count: int) -> list:
    """`count` distinct colours: up to ten are told apart by colour-blind readers, more are spread around the circle of hues."""
    if count <= len(PALETTE):
        return [to_rgb(colour) for colour in PALETTE[:count]]
    # Its import takes as long as drawing a figure does.
    import seaborn

    return seaborn.color_palette("husl", count)


def shapes(count: int) -> list:
    """`count` distinct marker shapes: plain ones first, then stars and asterisks with more and more points."""
    stars = [(points, style, 0) for points in range(5, 5 + count) for style in (1, 2)]
    return [*MARKERS, *stars][:count]


def ramp(count: int) -> list:
    """`count` colours in a visible order, dark to bright, also for colour-blind readers and in print."""
    return [RAMP(place) for place in np.linspace(0, RAMP_END, count)] if count > 1 else [RAMP(0.3)]


def lay_out(figure: Figure) -> None:
    """Let all panels and texts of a figure find their places, as its `draw_without_rendering` does in several times the time.

    That one scales every image to its panel, although nothing shows it.
    """
    images = [image for axis in figure.axes for image in axis.images if image.get_visible()]
    for image in images:
        image.set_visible(False)
    try:
        figure.draw_without_rendering()
    finally:
        for image in images:
            image.set_visible(True)


def settle(figure: Figure) -> None:
    """Give all panels and texts of a figure their places for good.

    The solver of the layout differs in the last digits from one process to the next, and an SVG has the digits in its names of
    clips: places are rounded.
    """
    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    # Labels of ticks change with the size of their panel: the second time the layout knows them.
    for _ in range(2):
        lay_out(figure)
    figure.set_layout_engine("none")
    for axis in figure.axes:
        extents = np.round(axis.get_position(original=True).extents, DIGITS)
        axis.set_position(Bbox.from_extents(*extents))
    for text in figure.texts:
        across, up = text.get_position()
        text.set_position((round(across, DIGITS), round(up, DIGITS)))
    # Square panels take their part of these places when they are drawn.
    lay_out(figure)


def save(figure: Figure, svg: Path, png: Path) -> None:
    """Write a figure as SVG and PNG, with its title for those who list pictures, and without dates or versions in the files."""
    tell(use_fallbacks(figure))
    settle(figure)
    title = title_of(figure)
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None} | ({"Title": title} if title else {}))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    with Image.open(drawn) as image:
        dots = image.info.get("dpi")
        _in_few_colours(image.convert("RGB")).save(png, format="PNG", optimize=True, dpi=dots, pnginfo=_titled(title))
    plt.close(figure)


def title_of(figure: Figure) -> str:
    """The title of a figure in one line, without control characters; "" if it has none."""
    line = " ".join(figure.get_suptitle().split())
    return "".join(letter for letter in line if letter.isprintable())


def _titled(title: str) -> PngInfo:
    about = PngInfo()
    if title:
        about.add_itxt("Title", title)
    return about


def _in_few_colours(image: Image.Image) -> Image.Image:
    """The image in 256 colours, which take a third of the room, unless photographs in it would suffer."""
    fewer = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    change = np.abs(np.asarray(fewer.convert("RGB"), dtype=np.int16) - np.asarray(image, dtype=np.int16)).mean()
    return fewer if change < LARGEST_CHANGE else image
