"""Letters of any script: DejaVu Sans for what it has, which comes with matplotlib, and installed fonts for the rest."""

import sys
import unicodedata
from collections.abc import Iterable
from functools import cache

from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

LATIN = "DejaVu Sans"
NORMAL_WEIGHT = 400
# Tried first, in this order: fonts for many scripts on Linux, macOS and Windows. Then any installed font, by name.
PREFERRED = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans",
    "Nirmala UI",
    "Leelawadee UI",
    "Segoe UI",
    "Arial Unicode MS",
)
# The first word of the names that Unicode gives to letters → a font to install.
TO_INSTALL = {"CJK": "Noto Sans CJK", "HIRAGANA": "Noto Sans CJK", "KATAKANA": "Noto Sans CJK", "HANGUL": "Noto Sans CJK"}


def use_fallbacks(figure: Artist) -> set[str]:
    """Let each text of a figure fall back on installed fonts for letters that DejaVu Sans lacks.

    Returns the letters that no installed font has: they are drawn as boxes.
    """
    lacking: set[str] = set()
    for text in figure.findobj(Text):
        families, missing = families_for(text.get_text())
        lacking |= missing
        if len(families) > 1:
            text.set_fontfamily(families)
    return lacking


def tell(letters: Iterable[str]) -> None:
    """Say on stderr which letters are drawn as boxes, a line a script."""
    for line in told(letters):
        print(f"layerscope: {line}", file=sys.stderr)


@cache
def families_for(text: str) -> tuple[list[str], frozenset[str]]:
    """The families of fonts that a text needs, DejaVu Sans first, and its letters that no installed font has."""
    wanted = {letter for letter in text if letter.isprintable() and not letter.isspace()} - _letters(_files()[LATIN])
    families = [LATIN]
    for family in _in_order() if wanted else ():
        found = wanted & _letters(_files()[family])
        if found:
            families.append(family)
            wanted -= found
        if not wanted:
            break
    return families, frozenset(wanted)


def told(letters: Iterable[str]) -> list[str]:
    """One line for each script of letters that no installed font has: the letters, and a font to install."""
    by_script: dict[str, list[str]] = {}
    for letter in sorted(letters):
        by_script.setdefault(unicodedata.name(letter, "UNKNOWN").split()[0], []).append(letter)
    return [
        f"no installed font has the {script.title() if script != 'CJK' else script} letters {' '.join(found[:20])}"
        f"{' ...' if len(found) > 20 else ''}, which are drawn as boxes; install a font that has them, for instance "
        f"{TO_INSTALL.get(script, f'Noto Sans {script.title()}')}, and delete the figure to have it drawn again"
        for script, found in sorted(by_script.items())
    ]


def _in_order() -> list[str]:
    installed = _files()
    return [*(name for name in PREFERRED if name in installed), *sorted({*installed} - {*PREFERRED, LATIN})]


@cache
def _files() -> dict[str, str]:
    """The file of each installed family of fonts: the upright one of normal weight, or the nearest to it."""
    found: dict[str, tuple] = {}
    for place, entry in enumerate(font_manager.fontManager.ttflist):
        weight = entry.weight if isinstance(entry.weight, int) else NORMAL_WEIGHT
        # Those that come with matplotlib are first.
        unlike = (entry.style != "normal", abs(weight - NORMAL_WEIGHT), place)
        if entry.name not in found or unlike < found[entry.name][0]:
            found[entry.name] = (unlike, entry.fname)
    return {name: file for name, (_, file) in found.items()}


@cache
def _letters(file: str) -> frozenset[str]:
    # The font of last resort has a sign for each script, and no letter.
    return frozenset() if "LastResort" in file else frozenset(map(chr, FT2Font(file).get_charmap()))
