"""One picture file as an array: its colours, its full range, as a viewer shows it, brought to one size."""

import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named

if TYPE_CHECKING:
    from PIL.Image import Image

# Pillow goes by content, not by name, and has others run programs: Ghostscript for EPS.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
# The number of this tag in EXIF.
ORIENTATION = 0x0112
# The tag of a TIFF, and its value where 0 is white.
INTERPRETATION, WHITE_IS_ZERO = 262, 0
WHITE = 255
# From 16 bits to the scale of 8.
STEP = 257


@dataclass
class Wanted:
    """How pictures are read. size: (height, width). colour: whether three channels are kept. resize: pad or squash.

    ground: the grey value from 0 to 255 under transparent parts and beside padded pictures.
    """

    size: tuple[int, int]
    colour: bool
    resize: str
    ground: int


@dataclass
class Tally:
    """What was done to pictures: what, in words → how many. pictures: how many were read."""

    done: Counter[str] = field(default_factory=Counter)
    pictures: int = 0


def opened(file: Path, content: bytes, where: str) -> tuple["Image", bool]:
    """The picture in the content of a file, its first frame, and whether a camera noted that it is to be turned.

    Raises StudyError for what is no picture, and names the file.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
        # Pillow turns a TIFF itself while it loads it.
        turned = picture.getexif().get(ORIENTATION, 1) in range(2, 9)
        picture.load()
        return picture, turned
    except Exception as error:
        # Pillow's readers raise whatever a damaged file makes go wrong in them.
        unknown = isinstance(error, UnidentifiedImageError)
        why = f"it is none of {', '.join(FORMATS)}" if unknown else error
        raise StudyError(f"{where}: {file} is no readable image ({why}); mend or remove it") from None


def content_of(file: Path) -> bytes:
    """The bytes of a file. Raises StudyError that names the machine's own reason where it cannot be read."""
    with refusals_named(file):
        return file.read_bytes()


def read_picture(file: Path, content: bytes, wanted: Wanted, where: str, tally: Tally) -> np.ndarray:
    """(height, width) or (3, height, width), uint8, or float32 from 0 to 255 for pictures of 16 bits a value.

    The orientation that a camera noted is applied. What was done is counted in tally. Raises StudyError for files that are no
    pictures and for 32 bits a value, of which nothing tells the full range.
    """
    from PIL import Image, ImageOps

    picture, is_turned = opened(file, content, where)
    # MPO is the JPEG of some telephones: its other frames are previews and depths.
    if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
        tally.done["are animated or have several pages: the first frame is read"] += 1
    deep = picture.mode in SIXTEEN_BITS or (picture.mode == "I" and picture.format in ("PNG", "PPM"))
    if picture.mode in ("I", "F") and not deep:
        raise StudyError(
            f"{where}: {file} has signed or 32-bit values, and nothing tells which is white; save it with 8 or 16 bits, or "
            "hand the pictures over as an npz file with `white`"
        )
    if _truncated(content, picture):
        tally.done["have 16 bits a colour, of which the upper 8 are read"] += 1
    turned = ImageOps.exif_transpose(picture)
    if is_turned:
        tally.done["are turned as their camera noted"] += 1
    tally.pictures += 1
    if deep:
        values = np.asarray(turned).astype(np.float32) / STEP
        if picture.format == "TIFF" and getattr(picture, "tag_v2", {}).get(INTERPRETATION) == WHITE_IS_ZERO:
            values = WHITE - values
        pixels = _resized(Image.fromarray(values), wanted, tally)
        return np.stack([pixels] * 3) if wanted.colour else pixels
    flat = _on_ground(turned, wanted.ground, tally)
    if not wanted.colour and _has_colour(flat):
        tally.done["have colours, which are read as their grey values (`colour: true` keeps them)"] += 1
    pixels = _resized(flat.convert("RGB" if wanted.colour else "L"), wanted, tally)
    return pixels.transpose(2, 0, 1) if wanted.colour else pixels


def has_colour(file: Path, where: str) -> tuple[bool, tuple[int, int]]:
    """Whether any pixel of a picture has a colour, and its (height, width), as a viewer shows it."""
    from PIL import ImageOps

    picture = ImageOps.exif_transpose(opened(file, content_of(file), where)[0])
    grey = picture.mode in ("1", "L", "LA", "La", "I", "F", *SIXTEEN_BITS)
    return not grey and _has_colour(_on_ground(picture, WHITE, Tally())), (picture.size[1], picture.size[0])


def _has_colour(picture: "Image") -> bool:
    if picture.mode in ("1", "L"):
        return False
    channels = np.asarray(picture.convert("RGB"))
    return bool((channels != channels[..., :1]).any())


def _truncated(content: bytes, picture: "Image") -> bool:
    """Whether Pillow reads 8 of 16 bits: of colours and of grey with transparency in PNG, TIFF and PPM."""
    if picture.format == "PNG":
        return content[24] == 16 and picture.mode not in ("I", *SIXTEEN_BITS)
    if picture.format == "TIFF":
        bits = getattr(picture, "tag_v2", {}).get(258, (8,))
        return max(bits) == 16 and picture.mode not in ("I", *SIXTEEN_BITS)
    return False


def _on_ground(picture: "Image", ground: int, tally: Tally) -> "Image":
    """A picture without transparency: L or RGB, transparent parts over a grey value."""
    from PIL import Image

    if not (picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info):
        return picture if picture.mode in ("1", "L", "RGB") else picture.convert("RGB")
    clear = picture.convert("RGBA")
    if clear.getchannel("A").getextrema()[0] == WHITE:
        return clear.convert("RGB")
    tally.done[f"are transparent in places, which are laid on the grey value {ground} (`ground`)"] += 1
    return Image.alpha_composite(Image.new("RGBA", clear.size, (ground, ground, ground, WHITE)), clear).convert("RGB")


def _resized(picture: "Image", wanted: Wanted, tally: Tally) -> np.ndarray:
    from PIL import Image

    height, width = wanted.size
    if picture.size == (width, height):
        return np.asarray(picture)
    factor = min(width / picture.size[0], height / picture.size[1])
    inner = (width, height)
    if wanted.resize == "pad":
        inner = (min(width, max(1, round(picture.size[0] * factor))), min(height, max(1, round(picture.size[1] * factor))))
    resized = picture.resize(inner, Image.Resampling.BICUBIC)
    if inner == (width, height):
        stretched = width / picture.size[0] != height / picture.size[1]
        tally.done[f"are resized to {height} × {width}{', which changes their proportions' if stretched else ''}"] += 1
        return np.clip(np.asarray(resized), 0, WHITE)
    tally.done[f"are resized to {height} × {width}, padded with the grey value {wanted.ground}"] += 1
    ground: float | int | tuple[int, ...] = wanted.ground if picture.mode != "RGB" else (wanted.ground,) * 3
    whole = Image.new(picture.mode, (width, height), ground)
    whole.paste(resized, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return np.clip(np.asarray(whole), 0, WHITE)
