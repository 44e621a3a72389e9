"""Figures of every kind can be printed: at 85 or 178 mm no text is small, on another, outside, pale, or a name of the machine."""

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pytest
from every_kind import DRAWN, drawn
from PIL import Image
from printed import contrast, key_entries, problems

from layerscope.figures.shared import sheet
from layerscope.figures.shared.style import COLUMN, apply_style, save


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_figure_can_be_printed(tmp_path, name):
    figure = drawn(name, tmp_path)
    assert problems(figure) == []
    # What the solver of the layout finds differs in the last digits from one process to the next.
    places = np.array([axis.get_position(original=True).extents for axis in figure.axes])
    np.testing.assert_array_equal(places, np.round(places, 6))
    assert figure.get_figheight() == round(figure.get_figheight(), 6)


def test_a_figure_is_the_same_bytes_each_time_at_300_dots_an_inch(tmp_path):
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        save(drawn("embedding_panels: words", folder), folder / "f.svg", folder / "f.png")
    for name in ("f.svg", "f.png"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    with Image.open(tmp_path / "1" / "f.png") as image:
        assert image.width == pytest.approx(300 * COLUMN, abs=1)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_photograph_keeps_its_colours(tmp_path):
    noise = np.random.default_rng(0).random((60, 60, 3))
    figure = plt.figure(figsize=(1, 1), dpi=60, layout="none")
    figure.figimage(noise)
    with plt.rc_context({"savefig.dpi": 60}):
        save(figure, tmp_path / "f.svg", tmp_path / "f.png")
    with Image.open(tmp_path / "f.png") as image:
        np.testing.assert_allclose(np.asarray(image.convert("RGB")) / 255, noise, atol=0.005)


def spoiled(change):
    """The faults that are found in a figure of one column with a line of text, after a change of it."""
    apply_style()
    figure = plt.figure(figsize=(85 / 25.4, 1))
    change(figure, figure.text(0.5, 0.5, "one", ha="center"))
    return problems(figure)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda figure, text: None, []),
        (lambda figure, text: figure.set_figwidth(5), ["127 mm wide"]),
        (lambda figure, text: text.set_fontsize(5), ["5.0 points: 'one'"]),
        (lambda figure, text: figure.text(0.5, 0.52, "two", ha="center"), ["'one' lies on 'two'"]),
        (lambda figure, text: figure.text(0.5, 0.52, "two", ha="center", rotation=45), ["'one' lies on 'two'"]),
        (lambda figure, text: text.set_x(1), ["outside: 'one'"]),
        (lambda figure, text: text.set_color("0.7"), ["a contrast of 2.1: 'one'"]),
        (lambda figure, text: text.set_text("n_1"), ["an identifier: 'n_1'"]),
    ],
)
def test_what_is_wrong_in_print_is_found(change, found):
    assert spoiled(change) == found


def test_contrast_is_that_of_the_guidelines():
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    # The example of WebAIM: #777777 on white just fails.
    assert contrast((0x77 / 255,) * 3, (1, 1, 1)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("count", [1, 7, 10, 11])
def test_a_key_is_read_line_by_line_and_its_lines_are_about_as_long(count):
    apply_style()
    figure, axes = sheet.panels(1, 1, COLUMN, 1)
    handles = [axes[0, 0].plot([], [], "o")[0] for _ in range(count)]
    names = [f"class {number}" for number in range(count)]
    sheet.add_key(figure, handles, names)
    sheet.fit(figure, axes)
    assert key_entries(figure) == names
    lines = Counter(round(text.get_window_extent().y0) for text in figure.legends[0].get_texts())
    assert [lines[height] for height in sorted(lines, reverse=True)] == {1: [1], 7: [4, 3], 10: [5, 5], 11: [4, 4, 3]}[count]
