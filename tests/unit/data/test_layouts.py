"""Arrays of every layout are read as one, or one message says how to state what they are."""

import numpy as np
import pytest

from layerscope.data.axes import axes_of
from layerscope.data.layouts import laid_out
from layerscope.errors import StudyError


def read(array, layout=None, declared=None):
    notes = []
    found, white = laid_out({"x_train": array, "x_test": array[:1]}, layout, declared, "dataset 'mine'", notes)
    return found["x_train"], white, notes


@pytest.mark.parametrize(
    ("stored", "axes"),
    [
        ((784,), (0,)),
        ((28, 28), (0, 1)),
        ((28, 28, 1), (0, 1)),
        ((1, 28, 28), (1, 2)),
        ((3, 28, 28), (0, 1, 2)),
        ((28, 28, 3), (2, 0, 1)),
        ((28, 20, 3), (2, 0, 1)),
        ((28, 28, 4), (2, 0, 1)),
        ((64, 64, 12), (2, 0, 1)),
        ((512, 4, 4), None),
        ((10, 3, 3), None),
        ((12, 64, 64), (0, 1, 2)),
        ((1, 1, 1), None),
        ((3, 3, 3), None),
        ((3, 28, 1), None),
        ((10, 20, 30), None),
        ((2, 3, 4, 5), None),
        ((28, 0), None),
    ],
)
def test_where_the_channels_stand(stored, axes):
    if axes is None:
        with pytest.raises(StudyError, match=r"dataset 'mine': (one observation|observations of shape)"):
            axes_of(stored, None, None, "dataset 'mine'")
    else:
        assert axes_of(stored, None, None, "dataset 'mine'") == axes


def test_what_is_not_certain_can_be_stated():
    assert axes_of((10, 20, 30), "channels_last", None, "") == (2, 0, 1)
    assert axes_of((3, 28, 1), "channels_first", None, "") == (0, 1, 2)
    assert axes_of((3, 28, 1), "channels_last", None, "") == (0, 1)
    assert axes_of((3, 32, 3), None, [3, 3, 32], "") == (2, 0, 1)


def test_channels_that_stand_last_are_put_first_and_one_channel_is_none():
    grey, colour = np.random.default_rng(0).integers(0, 256, (2, 5, 8, 6, 3), dtype=np.uint8)
    found, white, [note] = read(colour)
    np.testing.assert_array_equal(found, np.moveaxis(colour, -1, 1))
    assert (white, note) == (255, "observations of 8 × 6 × 3 are read as 3 × 8 × 6 (channels × height × width)")
    found, _, [note] = read(grey[..., :1])
    np.testing.assert_array_equal(found, grey[..., 0])
    assert note == "observations of 8 × 6 × 1 are read as 8 × 6 (height × width)"


@pytest.mark.parametrize(
    ("array", "dtype", "white"),
    [
        (np.array([[0, 255], [3, 4]], np.uint8), np.uint8, 255),
        (np.array([[0, 65535], [3, 4]], np.uint16), np.float32, 65535),
        (np.array([[True, False], [True, True]]), np.uint8, 1),
        (np.array([[0.25, 1], [-1, 0.5]]), np.float32, 1),
        (np.array([[-80.0, -3], [0, 0.5]]), np.float32, None),
        (np.array([[0, 65535], [3, 4]], ">u2"), np.float32, 65535),
        (np.array([[0, 255], [3, 4]]), np.float32, None),
        (np.array([[0.5, 500], [3, 4]], np.float16), np.float32, None),
    ],
)
def test_the_value_of_full_intensity(array, dtype, white):
    found, full, notes = read(array)
    np.testing.assert_array_equal(found, array.astype(np.float32))
    assert (found.dtype, full, notes) == (dtype, white, [])


def test_whole_numbers_too_large_for_float32_are_noted():
    assert "rounded to seven digits" in read(np.array([[2**24 + 1, 0], [0, 0]]))[2][0]
    assert read(np.array([[2**24, 0], [0, 0]]))[2] == []


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([[1, np.nan], [np.inf, 2], [0, 1]]), "x_train has 2 observations with values that are not finite"),
        (np.array([[1e39, 2.0]]), "x_train has 1 observations with values that are not finite"),
        (np.array([[1j, 2]]), "x_train is complex128"),
        (np.array([["a", "b"]]), "x_train is <U1"),
        (np.arange(5), r"x_train is int64 \(5,\); numbers, an observation a row"),
    ],
)
def test_what_is_no_number_is_said(array, said):
    with pytest.raises(StudyError, match=f"dataset 'mine': {said}"):
        read(array)


def test_splits_of_one_shape_and_type_only():
    images = np.zeros((4, 8, 8))
    for other in (images[:, :7], images.astype(np.uint8)):
        with pytest.raises(StudyError, match=r"x_train is float64 \(8, 8\), x_test"):
            laid_out({"x_train": images, "x_test": other}, None, None, "dataset 'mine'", [])
