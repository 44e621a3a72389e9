"""Whether the files that a study ends in, pictures and pages, can be shown."""

from pathlib import Path
from xml.etree import ElementTree

from layerscope.errors import StudyError
from layerscope.store.reading import reading

DECODED = {".png": "PNG", ".gif": "GIF"}


def refuse_damaged(source: str | Path) -> None:
    """Read a PNG or GIF in all its frames, an SVG, or else text in UTF-8; StudyError where it is empty or damaged."""
    kind = Path(source).suffix
    content = Path(source).read_bytes()
    if not content:
        raise StudyError(f"{source} is empty; delete it and run snakemake again")
    # Pillow's readers raise whatever a damaged file makes go wrong in them.
    with reading(source, Exception):
        if kind in DECODED:
            _decode(source, DECODED[kind])
        elif kind == ".svg":
            ElementTree.fromstring(content)
        else:
            content.decode()


def _decode(source: str | Path, kind: str) -> None:
    from PIL import Image, ImageSequence

    # The one reading that compares the checksums of a PNG; the picture is of no use after it.
    with Image.open(source, formats=[kind]) as picture:
        picture.verify()
    with Image.open(source, formats=[kind]) as picture:
        for frame in ImageSequence.Iterator(picture):
            frame.load()
