"""What the explorer shows of the observations of a sample: labels or targets, and their pictures or rows."""

import base64
import io
import math
from collections.abc import Iterable, Iterator

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from layerscope import store
from layerscope.data.samples import rows_of_sample
from layerscope.explorer.drawn import drawn_positions
from layerscope.explorer.scripts import encoded
from layerscope.figures.shared.images import pictures
from layerscope.figures.shared.style import RAMP, RAMP_END, colours

# Values of the pictures of a sample together; larger ones are scaled down to fit, for the sake of the time that a page takes.
VALUES = 4_000_000
LARGEST_SIDE, SMALLEST_SIDE = 64, 8
# Pictures that are read at once.
PART = 200
# Values of an observation that is no picture.
VALUES_OF_ROW = 24
RAMP_STOPS = 33


def observations_of_page(data: str, sample: dict, dataset: str) -> dict:
    """The observations of a sample for its script.

    total: how many the sample has, n: how many of them are drawn. rows: in the split. labels: numbers of classes; of a regression
    targets: one array for each. classes, palette: name and colour of each class. pictures: all in one PNG, or values: the first
    numbers of each observation, where they are no pictures.
    """
    labels = store.read_split_labels(data, sample["split"])
    rows = rows_of_sample(labels, sample, dataset)
    described = store.describe_data(data)
    drawn = drawn_positions(None if described.targets else labels[rows], len(rows))
    page = {"split": sample["split"], "total": len(rows), "n": len(drawn)}
    rows = rows[drawn]
    labels = labels[rows]
    page |= {"rows": encoded(rows, "uint32"), "ramp": [to_hex(RAMP(place)) for place in np.linspace(0, RAMP_END, RAMP_STOPS)]}
    if described.targets:
        named = enumerate(described.targets)
        page["targets"] = [{"name": name, "values": encoded(labels[:, place], "float32")} for place, name in named]
    else:
        page |= {"labels": encoded(labels, "uint16"), "classes": described.classes}
        page["palette"] = [to_hex(colour) for colour in colours(len(described.classes))]
    return page | _seen(data, sample["split"], rows, described.white)


def _seen(data: str, split: str, rows: np.ndarray, white: float) -> dict:
    first = store.read_images(data, split, rows[:1])
    if first.ndim == 2:
        shown = np.concatenate([part[:, :VALUES_OF_ROW] for part in _parts(data, split, rows)])
        about = {"columns": shown.shape[1], "of": first.shape[1], "values": encoded(shown, "float32")}
        return {"values": about} if first.shape[1] else {}
    height, width, *channels = pictures(first).shape[1:]
    scale = _scale(len(rows), height, width, channels[0] if channels else 1)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    ends = (0.0, white)
    if not math.isfinite(white):
        ranges = [(np.nanmin(part), np.nanmax(part)) for part in _parts(data, split, rows)]
        ends = (float(min(low for low, _ in ranges)), float(max(high for _, high in ranges)))
    shown_pictures = (picture for part in _parts(data, split, rows) for picture in _in_bytes(pictures(part), *ends))
    sheet, across = _sheet((_scaled(picture, size) for picture in shown_pictures), len(rows))
    about = {"across": across, "width": size[0], "height": size[1], "grey": not channels}
    return {"pictures": about | {"sheet": _as_png(sheet)}}


def _parts(data: str, split: str, rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), PART):
        yield store.read_images(data, split, rows[start : start + PART])


def _sheet(scaled: Iterable[np.ndarray], count: int) -> tuple[np.ndarray, int]:
    """Pictures of one size in one, row by row from the top left, and how many of them are beside each other."""
    across = math.ceil(math.sqrt(count))
    sheet = np.zeros(0)
    for place, picture in enumerate(scaled):
        height, width, *channels = picture.shape
        if not place:
            sheet = np.full((math.ceil(count / across) * height, across * width, *channels), 255, np.uint8)
        down, right = divmod(place, across)
        sheet[down * height : (down + 1) * height, right * width : (right + 1) * width] = picture
    return sheet, across


def _as_png(sheet: np.ndarray) -> str:
    """A picture as the address of a PNG, with its content."""
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _scale(n: int, height: int, width: int, channels: int) -> float:
    """By how much pictures are made smaller, at most 1: so that all of them have no more than VALUES values."""
    fits = math.sqrt(VALUES / (n * height * width * channels))
    longest = max(height, width)
    return min(1.0, LARGEST_SIDE / longest, max(fits, SMALLEST_SIDE / longest))


def _in_bytes(images: np.ndarray, black: float, white: float) -> np.ndarray:
    """Images as bytes; grey ones are inverted as in the figures, so that dark is full intensity."""
    shares = np.clip((np.nan_to_num(images.astype(np.float32), nan=black) - black) / ((white - black) or 1.0), 0, 1)
    return np.rint((1 - shares if images.ndim == 3 else shares) * 255).astype(np.uint8)


def _scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
