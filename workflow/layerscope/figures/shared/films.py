"""Animated figures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from layerscope.figures.shared.fonts import tell, use_fallbacks
from layerscope.figures.shared.style import title_of

DOTS_PER_INCH = 130
# Colours in the GIF: enough for the classes and the blended edges of their dots. Fewer make a smaller file.
COLOURS = 64


@dataclass(frozen=True)
class Film:
    """An animated figure. show: draws the frame of a number, from 0, into it. milliseconds: the duration of each frame."""

    figure: Figure
    show: Callable[[int], None]
    frames: int
    milliseconds: int


def save_film(film: Film, target: Path) -> None:
    """Write a film as a GIF that loops, with the title of its figure as a comment."""
    tell(use_fallbacks(film.figure))
    film.figure.set_dpi(DOTS_PER_INCH)
    canvas = FigureCanvasAgg(film.figure)
    # A frame may have a title of its own.
    comment = title_of(film.figure).encode()
    pictures = []
    for number in range(film.frames):
        film.show(number)
        canvas.draw()
        # No dithering: its noise would take up most of the file.
        pixels = np.asarray(canvas.buffer_rgba())
        pictures.append(Image.fromarray(pixels).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE))
    first, *rest = pictures
    first.save(target, format="GIF", save_all=True, append_images=rest, duration=film.milliseconds, loop=0, comment=comment)
    plt.close(film.figure)
