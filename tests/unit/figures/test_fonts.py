"""Letters that DejaVu Sans lacks are drawn in an installed font that has them, or told in a line that says what to install."""

import matplotlib.pyplot as plt
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from layerscope.figures.shared import fonts
from layerscope.figures.shared.style import apply_style, save

CAT = "猫"


@pytest.fixture(autouse=True)
def style():
    forget()
    apply_style()
    yield
    plt.close("all")
    forget()


def forget():
    for known in (fonts.families_for, fonts._files, fonts._letters):
        known.cache_clear()


@pytest.fixture
def installed(tmp_path):
    """A font of one letter, a square, which is installed for the test."""
    pen = TTGlyphPen(None)
    for place, corner in enumerate([(0, 0), (0, 800), (800, 800), (800, 0)]):
        (pen.lineTo if place else pen.moveTo)(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "cat"])
    builder.setupCharacterMap({ord(CAT): "cat"})
    builder.setupGlyf({".notdef": square, "cat": square})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "cat": (1000, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Only Cats", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "cats.ttf")
    before = list(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(tmp_path / "cats.ttf")
    yield "Only Cats"
    font_manager.fontManager.ttflist = before


def written(folder, text):
    figure = plt.figure(figsize=(2, 1))
    shown = figure.text(0.1, 0.5, text)
    save(figure, folder / "f.svg", folder / "f.png")
    return shown


@pytest.mark.filterwarnings("error")
def test_a_letter_without_a_font_is_told_once_with_a_remedy(tmp_path, capfd):
    written(tmp_path, f"{CAT} and {CAT}")
    told = capfd.readouterr().err.strip().split("\n")
    assert len(told) == 1
    assert CAT in told[0]
    assert "install" in told[0]
    assert "Noto Sans CJK" in told[0]


@pytest.mark.filterwarnings("error")
def test_an_installed_font_that_has_the_letter_is_used(tmp_path, capfd, installed):
    shown = written(tmp_path, f"cat {CAT}")
    assert shown.get_fontfamily() == [fonts.LATIN, installed]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("text", ["cat", "Straße", "кошка", "γάτα", "חתול", "قطة", "KL ← → ↓ R²"])
def test_what_dejavu_has_depends_on_no_font_of_the_machine(text):
    assert fonts.families_for(text) == ([fonts.LATIN], frozenset())


def test_each_script_has_a_line():
    assert [line.split(",")[0] for line in fonts.told({"猫", "ก", "ข"})] == [
        "no installed font has the CJK letters 猫",
        "no installed font has the Thai letters ก ข",
    ]
