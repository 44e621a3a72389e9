"""What can be checked of a figure in print: its width, and of all texts their size, place, contrast and words."""

from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from layerscope.figures.shared.style import lay_out

SMALLEST_POINTS = 6
WIDTHS_MM = (85, 178)
# The Web Content Accessibility Guidelines ask for this ratio of luminances.
LEAST_CONTRAST = 4.5
# Dots an inch at which the ground of texts is looked at.
COARSE = 72
# Texts may touch, and lie on the edge, by so many pixels of the figure's own resolution.
TOUCH = 1.0


def problems(figure) -> list[str]:
    """One line for each fault in print of a figure."""
    texts = drawn_texts(figure)
    boxes = [rectangles(text) for text in texts]
    return [
        *_width(figure),
        *_sizes(texts),
        *_overlaps(texts, boxes),
        *_outside(figure, texts, boxes),
        *_pale(figure, texts, boxes),
        *(f"an identifier: {text.get_text()!r}" for text in texts if "_" in text.get_text()),
    ]


def key_entries(figure) -> list[str]:
    """The entries of all keys of a figure, each key read line by line."""
    lay_out(figure)
    found = []
    for key in figure.legends:
        boxes = [(text.get_window_extent(), text.get_text()) for text in key.get_texts()]
        found += [told for _, told in sorted(boxes, key=lambda entry: (-round(entry[0].y0), entry[0].x0))]
    return found


def drawn_texts(figure) -> list[Text]:
    """The texts that a figure really draws."""
    found = []
    original = Text.draw

    def draw(text, renderer):
        if text.get_visible() and text.get_text().strip():
            found.append(text)
        original(text, renderer)

    Text.draw = draw
    try:
        lay_out(figure)
    finally:
        Text.draw = original
    return list(dict.fromkeys(found))


def rectangles(text: Text) -> list[np.ndarray]:
    """The corners (4, 2) in pixels of each line of a text, which may be turned."""
    renderer = text.get_figure(root=True).canvas.get_renderer()
    _, lines, *_ = text._get_layout(renderer)
    start = text.get_transform().transform(text.get_unitless_position())
    angle = np.deg2rad(text.get_rotation())
    along, up = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    found = []
    for line, (width, ascent, descent), place in lines:
        if str(line).strip():
            corner = start + np.array(place) - up * descent
            height = ascent + descent
            found.append(np.array([corner, corner + along * width, corner + along * width + up * height, corner + up * height]))
    return found


def _width(figure):
    millimetres = 25.4 * figure.get_figwidth()
    if min(abs(millimetres - width) for width in WIDTHS_MM) > 0.5:
        yield f"{millimetres:.0f} mm wide"


def _sizes(texts):
    for text in texts:
        if text.get_fontsize() < SMALLEST_POINTS:
            yield f"{text.get_fontsize():.1f} points: {text.get_text()!r}"


def _overlaps(texts, boxes):
    for (one, of_one), (other, of_other) in combinations(zip(texts, boxes, strict=True), 2):
        if any(_overlap(a, b) for a in of_one for b in of_other):
            yield f"{one.get_text()!r} lies on {other.get_text()!r}"


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two rectangles have more in common than a touch: on no axis of either their shadows are apart."""
    for corners in (one, other):
        for way in (corners[1] - corners[0], corners[3] - corners[0]):
            length = np.linalg.norm(way)
            if length == 0:
                continue
            shadows = [points @ way / length for points in (one, other)]
            if shadows[0].max() < shadows[1].min() + TOUCH or shadows[1].max() < shadows[0].min() + TOUCH:
                return False
    return True


def _outside(figure, texts, boxes):
    inside_of = {id(text): axis for axis in figure.axes for text in axis.texts}
    for text, lines in zip(texts, boxes, strict=True):
        places = [figure.bbox] + ([inside_of[id(text)].get_window_extent()] if id(text) in inside_of else [])
        for place in places:
            for corners in lines:
                low, high = corners.min(axis=0), corners.max(axis=0)
                if (low < np.array([place.x0, place.y0]) - TOUCH).any() or (high > np.array([place.x1, place.y1]) + TOUCH).any():
                    yield f"outside: {text.get_text()!r}"
                    break


def _pale(figure, texts, boxes):
    shown = [text.get_visible() for text in texts]
    for text in texts:
        text.set_visible(False)
    canvas = FigureCanvasAgg(figure)
    figure.set_layout_engine("none")
    fine = figure.dpi
    figure.set_dpi(COARSE)
    canvas.draw()
    boxes = [[corners * COARSE / fine for corners in lines] for lines in boxes]
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3] / 255
    for text, visible in zip(texts, shown, strict=True):
        text.set_visible(visible)
    for text, lines in zip(texts, boxes, strict=True):
        ground = _halo(text)
        if ground is None:
            low, high = np.concatenate(lines).min(axis=0), np.concatenate(lines).max(axis=0)
            rows = slice(max(0, int(len(pixels) - high[1])), int(len(pixels) - low[1]) + 1)
            under = pixels[rows, max(0, int(low[0])) : int(high[0]) + 1]
            if not under.size:
                continue
            ground = under.reshape(-1, 3).mean(axis=0)
        ratio = contrast(to_rgb(text.get_color()), ground)
        if ratio < LEAST_CONTRAST:
            yield f"a contrast of {ratio:.1f}: {text.get_text()!r}"


def _halo(text):
    for effect in text.get_path_effects():
        if isinstance(effect, withStroke):
            return to_rgb(effect._gc["foreground"])
    return None


def contrast(one, other) -> float:
    """The ratio of the luminances of two colours, as WCAG 2 defines it."""
    lights = sorted(_luminance(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour) -> float:
    parts = np.asarray(colour, dtype=float)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
