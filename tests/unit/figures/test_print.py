"""Figures of every kind can be printed: at 85 or 178 mm no text is small, on another, outside, pale, or a name of the machine."""

import matplotlib.pyplot as plt
import pytest
from every_kind import DRAWN, drawn
from printed import contrast, problems

from layerscope.figures.shared.style import apply_style


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_figure_can_be_printed(tmp_path, name):
    assert problems(drawn(name, tmp_path)) == []


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
