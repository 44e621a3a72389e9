"""Check that the pictures and pages of a study are readable, and read the titles that stand on pictures."""

from pathlib import Path
from xml.etree import ElementTree

from layerscope.errors import StudyError
from layerscope.files.seals import MADE_AGAIN
from layerscope.store.reading import reading

DECODED = {".png": "PNG", ".gif": "GIF"}


def refuse_damaged(source: str | Path) -> None:
    """Read all frames of a PNG or GIF, an SVG, or any other file as UTF-8 text. Raises StudyError if it is empty or damaged."""
    kind = Path(source).suffix
    content = Path(source).read_bytes()
    if not content:
        raise StudyError(f"{source} is empty; {MADE_AGAIN}")
    # On a damaged file Pillow may raise any exception.
    with reading(source, Exception):
        if kind in DECODED:
            _decode(source, DECODED[kind])
        elif kind == ".svg":
            ElementTree.fromstring(content)
        else:
            content.decode()


def read_title(source: str | Path) -> str:
    """The title that stands on a PNG or GIF of this project; "" if it has none. Raises StudyError if it is damaged."""
    from PIL import Image

    # On a damaged file Pillow may raise any exception.
    with reading(source, Exception), Image.open(source, formats=list(DECODED.values())) as picture:
        comment = picture.info.get("comment", b"")
        return str(picture.info.get("Title", "")) or comment.decode("utf-8", "replace")


def _decode(source: str | Path, kind: str) -> None:
    from PIL import Image, ImageSequence

    # Only verify() compares the checksums of a PNG, and it leaves the picture unusable.
    with Image.open(source, formats=[kind]) as picture:
        picture.verify()
    with Image.open(source, formats=[kind]) as picture:
        for frame in ImageSequence.Iterator(picture):
            frame.load()
