"""What is packed into scripts comes out as it was, as exactly as a screen shows, and text stays text."""

import base64
import json

import numpy as np
import pytest

from layerscope.explorer.scripts import MISSING, STEPS, encoded, frame_of, in_script, quantised, rounded, write_script


def test_coordinates_are_off_by_half_a_step_at_most():
    points = np.random.default_rng(0).normal(0, [300, 2], (1000, 2)).astype(np.float32)
    left, bottom, side = frame = frame_of([points])
    steps = quantised(points, frame)
    assert steps.dtype == np.uint16
    back = steps * (side / STEPS) + (left, bottom)
    # The points are float32, of which one step of their largest is a thousandth of this.
    assert np.abs(back - points).max() <= 0.501 * side / STEPS


def test_one_scale_serves_both_axes_and_the_points_are_in_the_middle():
    points = np.array([[0.0, 0.0], [10.0, 2.0]])
    assert frame_of([points]) == (0.0, -4.0, 10.0)
    assert quantised(points, frame_of([points])).tolist() == [[0, round(0.4 * STEPS)], [STEPS, round(0.6 * STEPS)]]


def test_points_without_coordinates_are_missing_and_change_no_others():
    points = np.array([[0.0, 0.0], [np.nan, 1.0], [1.0, 1.0], [np.inf, 0.0]])
    steps = quantised(points, frame_of([points]))
    assert steps.tolist() == [[0, 0], [MISSING, MISSING], [STEPS, STEPS], [MISSING, MISSING]]


@pytest.mark.parametrize("points", [np.array([[3.0, 5.0]]), np.full((4, 2), 7.0), np.full((2, 2), np.nan), np.empty((0, 2))])
def test_points_without_extent_have_a_frame(points: np.ndarray):
    _, _, side = frame_of([points])
    assert side == 1.0
    assert len(quantised(points, frame_of([points]))) == len(points)


def test_values_of_a_unit_keep_their_order_and_their_ends():
    steps, low, high = rounded(np.array([-1.0, 0.0, np.nan, 3.0]))
    assert (low, high) == (-1.0, 3.0)
    assert steps.tolist() == [0, 64, 255, 254]


def test_numbers_are_little_endian_base64():
    assert base64.b64decode(encoded(np.array([1, 258]), "uint16")) == b"\x01\x00\x02\x01"


HOSTILE = ["</script><script>alert(1)</script>", "<!--", "' \" ` ${x}", "قط", "\u2028", "a & b"]


def test_names_cannot_end_a_script(tmp_path):
    written = tmp_path / "some.js"
    write_script(str(written), "sample", "digits/some", {"classes": HOSTILE})
    text = written.read_text()
    assert not set(text) & set("<>&\u2028")
    assert text.startswith('layerscope.received("sample", "digits/some", {')
    assert json.loads(in_script(HOSTILE)) == HOSTILE
