"""Observations as the explorer shows them: pictures in one sheet, rows of numbers, names as they are."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from layerscope import store
from layerscope.data.dataset import Dataset
from layerscope.explorer.observations import observations_of_page
from layerscope.files.provenance import provenance

ALL = {"name": "some", "split": "test", "choose": "all"}


@pytest.fixture
def shown(tmp_path):
    """The observations of a sample of a dataset of these images, all of one class unless told otherwise."""

    def make(images, labels=None, classes=("one",), white=255.0, targets=(), sample=ALL):
        labels = np.zeros(len(images), int) if labels is None else np.asarray(labels)
        splits = {"train": (images, labels), "test": (images, labels)}
        dataset = Dataset(splits, [] if targets else list(classes), white, "made up", "00", targets=list(targets))
        store.write_data(tmp_path / "data.h5", {"dataset": "mine"}, provenance(), dataset)
        return observations_of_page(str(tmp_path / "data.h5"), sample, "mine")

    return make


def sheet_of(page: dict) -> np.ndarray:
    kind, _, content = page["pictures"]["sheet"].partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def numbers(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


def test_grey_pictures_lie_row_by_row_in_one_sheet_and_dark_is_full_intensity(shown):
    images = np.zeros((3, 4, 5), np.uint8)
    images[1, 2, 3] = 255
    images[2] = 51
    page = shown(images)
    assert {key: page["pictures"][key] for key in ("across", "width", "height", "grey")} == {
        "across": 2,
        "width": 5,
        "height": 4,
        "grey": True,
    }
    sheet = sheet_of(page)
    assert sheet.shape == (8, 10)
    assert np.argwhere(sheet == 0).tolist() == [[2, 8]]
    assert (sheet[4:, :5] == 204).all()


def test_coloured_pictures_keep_their_colours(shown):
    images = np.zeros((1, 3, 2, 2), np.uint8)
    images[0, 1] = 255
    page = shown(images)
    assert page["pictures"]["grey"] is False
    assert (sheet_of(page) == [0, 255, 0]).all()


def test_large_pictures_are_scaled_down(shown):
    page = shown(np.random.default_rng(0).integers(0, 256, (60, 3, 299, 299), np.uint8))
    assert (page["pictures"]["width"], page["pictures"]["height"]) == (64, 64)
    assert len(page["pictures"]["sheet"]) < 1_100_000


def test_many_pictures_are_smaller_still(shown):
    page = shown(np.random.default_rng(0).integers(0, 256, (2000, 3, 64, 64), np.uint8))
    assert page["pictures"]["width"] == 26
    assert len(page["pictures"]["sheet"]) < 5_500_000


def test_values_of_unknown_scale_take_their_range(shown):
    images = np.zeros((2, 3, 3), np.float32)
    images[0], images[1] = -4, 6
    sheet = sheet_of(shown(images, white=float("nan")))
    assert (sheet[:, :3] == 255).all()
    assert (sheet[:, 3:] == 0).all()


def test_a_row_shows_its_first_numbers(shown):
    rows = np.arange(60, dtype=np.float32).reshape(2, 30)
    page = shown(rows)
    assert "pictures" not in page
    assert (page["values"]["columns"], page["values"]["of"]) == (24, 30)
    assert numbers(page["values"]["values"], "<f4").reshape(2, 24)[1].tolist() == list(range(30, 54))


def test_observations_without_values_show_none(shown):
    assert not {"pictures", "values"} & shown(np.empty((4, 0), np.float32)).keys()


def test_three_hundred_classes_have_as_many_colours_and_one_observation_is_enough(shown):
    page = shown(np.zeros((1, 2, 2), np.uint8), labels=[299], classes=[f"class {number}" for number in range(300)])
    assert len(set(page["palette"])) == len(page["classes"]) == 300
    assert numbers(page["labels"], "<u2").tolist() == [299]
    assert (page["n"], page["total"]) == (1, 1)


def test_of_a_regression_there_are_targets(shown):
    targets = np.array([[1.5, -2.0], [3.0, 4.0]])
    page = shown(np.zeros((2, 2, 2), np.uint8), labels=targets, targets=("price", "<b>size</b>"))
    assert [target["name"] for target in page["targets"]] == ["price", "<b>size</b>"]
    assert numbers(page["targets"][1]["values"], "<f4").tolist() == [-2.0, 4.0]
    assert "labels" not in page


def test_rows_are_those_of_the_split(shown):
    sample = {"name": "some", "split": "test", "choose": "random", "n": 3, "seed": 1}
    page = shown(np.zeros((9, 2, 2), np.uint8), sample=sample)
    rows = numbers(page["rows"], "<u4")
    assert len(rows) == 3
    assert rows.tolist() != [0, 1, 2]
