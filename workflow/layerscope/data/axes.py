"""Which axis of one observation is that of the channels. Read when studies are planned, so NumPy is not imported."""

from collections.abc import Sequence

from layerscope.errors import StudyError

FIRST, LAST = "channels_first", "channels_last"
LAYOUTS = (FIRST, LAST)
# Grey and colour, with transparency or without.
CHANNELS = (1, 3, 4)


def axes_of(shape: Sequence[int], asked: str | None, declared: Sequence[int] | None, where: str) -> tuple[int, ...]:
    """The axes of one observation in the order (channels, height, width); without that of the channels where there is one.

    shape: of one observation, as stored. asked: `channels_first` or `channels_last`, None where the study does not say.
    declared: the shape that the study gives, None where it gives none. Raises StudyError where several readings are possible, and
    for observations of other dimensions than a table, pictures or pictures with channels.
    """
    if 0 in shape:
        raise StudyError(f"{where}: observations of shape {written(shape)} hold nothing")
    if not 1 <= len(shape) <= 3:
        raise StudyError(
            f"{where}: one observation has the shape {written(shape) or 'of a single number'}; rows of numbers, "
            "pictures or pictures with channels are wanted"
        )
    if len(shape) < 3:
        return tuple(range(len(shape)))
    readings = [asked] if asked else _layouts(shape)
    if len(readings) > 1 and declared is not None:
        readings = [layout for layout in readings if list(declared) == [shape[axis] for axis in _ordered(layout)]] or readings
    if len(readings) != 1:
        raise StudyError(
            f"{where}: one observation is {written(shape)}, and either end may be that of the channels; say `layout: {FIRST}` or "
            f"`layout: {LAST}`"
        )
    axes = _ordered(readings[0])
    return axes[1:] if shape[axes[0]] == 1 else axes


def _ordered(layout: str) -> tuple[int, int, int]:
    return (0, 1, 2) if layout == FIRST else (2, 0, 1)


def _layouts(shape: Sequence[int]) -> list[str]:
    """The layouts that three numbers may be, by what channels usually are, or else by what makes the pictures square."""
    likely = [layout for layout, axis in ((FIRST, 0), (LAST, 2)) if shape[axis] in CHANNELS]
    square = [layout for layout in LAYOUTS if len({shape[axis] for axis in _ordered(layout)[1:]}) == 1]
    if len(likely) == 1:
        return likely if likely[0] in square or not square else list(LAYOUTS)
    return square if len(square) == 1 else list(LAYOUTS)


def written(shape: Sequence[int]) -> str:
    """A shape in messages: 28 × 28."""
    return " × ".join(map(str, shape))
