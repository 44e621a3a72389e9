"""Texts among points, none on another, each inside its panel."""

from collections.abc import Iterable, Sequence

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from layerscope.figures.shared.fonts import families_for
from layerscope.figures.shared.style import SMALLEST

# Directions from a point in which a note beside it is tried, right first.
AROUND = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
# Between a note and its point, and around texts, in pixels.
APART, SPARE = 12.0, 3.0


def halo(text: Text, colour: str = "white") -> Text:
    """Give a text a seam, so that it is read on points of any colour."""
    text.set_path_effects([effects.withStroke(linewidth=1.6, foreground=colour)])
    return text


def write(axis, label: str, **style) -> Text:
    """A text with a halo in a panel, at no place yet."""
    families, _ = families_for(label)
    text = axis.text(0, 0, label, fontsize=SMALLEST, fontfamily=families, ha="center", va="center", **style)
    text.set_in_layout(False)
    return halo(text)


def size_of(text: Text) -> tuple[float, float]:
    """The width and height of a text in pixels."""
    box = text.get_window_extent()
    return box.width, box.height


def box_at(place: np.ndarray, size: np.ndarray | Sequence[float], spare: float = SPARE) -> Bbox:
    """The box of a text of some size in pixels whose middle is at a place."""
    half = np.asarray(size) / 2 + spare
    return Bbox([np.asarray(place) - half, np.asarray(place) + half])


def is_free(box: Bbox, taken: Iterable[Bbox], room: Bbox) -> bool:
    """Whether a box lies inside `room` and on none of the taken ones."""
    inside = room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1
    return inside and not any(box.overlaps(other) for other in taken)


def note_points(axis, points: np.ndarray, labels: Sequence[str], taken: Iterable[Bbox] = ()) -> None:
    """Write a note beside each of some points (n, 2) in data coordinates, where there is room; the others have none."""
    pixels = axis.transData.transform(points)
    room = axis.get_window_extent()
    # The points themselves are not to be covered.
    used = [*taken, *(box_at(pixel, (2 * APART, 2 * APART), 0) for pixel in pixels)]
    for pixel, label in zip(pixels, labels, strict=True):
        text = write(axis, label, color="0.15")
        size = np.array(size_of(text))
        for way in AROUND:
            place = pixel + np.array(way) * (size / 2 + 2 * APART)
            box = box_at(place, size)
            if is_free(box, used, room):
                text.set_position(axis.transData.inverted().transform(place))
                used.append(box)
                break
        else:
            text.remove()
