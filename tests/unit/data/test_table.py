"""Tables of CSV and Parquet are data like any other; what is no number is named by its column."""

import numpy as np
import pandas as pd
import pytest

from layerscope.data.sources import table
from layerscope.errors import StudyError


@pytest.fixture
def flowers():
    """Thirty rows of two features, the first up to 500, of three kinds of flowers."""
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "height": generator.integers(1, 500, 30),
            "width": generator.random(30),
            "class": np.array(["iris", "lily", "rose"])[np.arange(30) % 3],
        }
    )


def write(frame, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".parquet":
        frame.to_parquet(file)
    else:
        frame.to_csv(file, index=False, sep="\t" if file.suffix == ".tsv" else ",")


def load(tmp_path, path="mine.csv", **options):
    return table.load("mine", {"path": path, **options}, tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_every_row_is_an_observation_and_every_column_a_feature(tmp_path, flowers, suffix):
    write(flowers, tmp_path / f"mine.{suffix}")
    dataset = load(tmp_path, f"mine.{suffix}", test=6)
    assert dataset.classes == ["iris", "lily", "rose"]
    features = np.concatenate([dataset.splits[split][0] for split in ("train", "test")])
    assert features.dtype == np.float32
    expected = flowers[["height", "width"]].to_numpy(np.float32)
    np.testing.assert_array_equal(np.sort(features, axis=0), np.sort(expected, axis=0))
    assert dataset.notes == ["6 of 30 rows are held out as the test split"]
    assert table.found_sizes("mine", {"path": f"mine.{suffix}"}, tmp_path) == {
        **{"shape": [2], "classes": 3, "class_names": ["iris", "lily", "rose"], "train": 24, "test": 6, "white_by_type": False},
    }


def test_a_column_can_say_the_splits(tmp_path, flowers):
    flowers["part"] = ["train"] * 18 + ["val"] * 6 + ["Test"] * 6
    write(flowers, tmp_path / "mine.csv")
    dataset = load(tmp_path, split="part")
    assert {split: images.shape for split, (images, _) in dataset.splits.items()} == {
        **{"train": (18, 2), "validation": (6, 2), "test": (6, 2)},
    }
    np.testing.assert_array_equal(dataset.splits["test"][0][:, 0], flowers["height"][24:])


def test_files_can_be_the_splits_whatever_the_order_of_their_columns(tmp_path, flowers):
    write(flowers[:20], tmp_path / "mine" / "train.csv")
    write(flowers[20:][["class", "width", "height"]], tmp_path / "mine" / "test.csv")
    dataset = load(tmp_path, "mine")
    np.testing.assert_array_equal(dataset.splits["test"][0][:, 0], flowers["height"][20:])
    assert dataset.notes == ["the columns of test stand in another order than those of train, and are read by their names"]


def test_columns_that_are_no_features_can_be_named(tmp_path, flowers):
    flowers.insert(0, "name", "flower")
    write(flowers, tmp_path / "mine.csv")
    dataset = load(tmp_path, ignore=["name"])
    assert dataset.splits["train"][0].shape == (24, 2)
    assert "the columns name are no features (ignore)" in dataset.notes


def changed(frame, column, row, value):
    frame = frame.astype({column: object})
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (
            lambda frame: changed(frame, "width", 3, None),
            {},
            "the column 'width' of train has 1 missing values, the first in row 4",
        ),
        (lambda frame: frame.assign(name="Ann"), {}, "the column 'name' of train holds 'Ann', which is no number; encode it"),
        (lambda frame: frame.reset_index().rename(columns={"index": "Unnamed: 0"}), {}, "the column 'Unnamed: 0' .*say `ignore`"),
        (
            lambda frame: frame.rename(columns={"class": "kind"}),
            {},
            "none of the columns height, width, kind is clearly .*`label: kind`",
        ),
        (lambda frame: frame.assign(y=1), {}, "class and y may both be that of the classes; name it: `label: class`"),
        (lambda frame: frame, {"label": "clas"}, "no column is called 'clas'; did you mean 'class'"),
        (lambda frame: frame, {"ignore": ["heigt"]}, "ignore names the column 'heigt'; did you mean 'height'"),
        (lambda frame: frame, {"split": "part"}, "split names the column 'part'"),
        (lambda frame: frame.assign(part="all"), {"split": "part"}, "the column 'part' holds 'all'; train, validation and test"),
        (
            lambda frame: changed(frame, "class", 3, None),
            {},
            "train has 1 rows without a class in the column 'class', .* row 4",
        ),
        (lambda frame: frame[:0], {}, "mine.csv has no rows"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, flowers, change, options, said):
    write(change(flowers), tmp_path / "mine.csv")
    with pytest.raises(StudyError, match=f"dataset 'mine': .*{said}"):
        load(tmp_path, **options)


def test_a_class_of_the_test_file_that_training_has_not_is_named(tmp_path, flowers):
    write(flowers[:20], tmp_path / "mine" / "train.csv")
    write(flowers[20:].assign(**{"class": "tulip"}), tmp_path / "mine" / "test.csv")
    with pytest.raises(StudyError, match="test has 10 observations of tulip, which train never has"):
        load(tmp_path, "mine")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00broken"])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    (tmp_path / "mine.parquet").write_bytes(content)
    with pytest.raises(StudyError, match=r"mine\.parquet is no table that can be read"):
        load(tmp_path, "mine.parquet")


def test_rows_longer_than_the_header_are_refused(tmp_path):
    """pandas would take the first column for the names of the rows, and lose it."""
    (tmp_path / "mine.csv").write_text("height,label\n0,1000,x\n1,2000,y\n")
    with pytest.raises(StudyError, match=r"mine\.csv is no table that can be read"):
        load(tmp_path)


def test_an_index_with_a_name_is_a_column(tmp_path, flowers):
    write(flowers.set_index("width"), tmp_path / "mine.parquet")
    assert load(tmp_path, "mine.parquet").splits["train"][0].shape == (24, 2)


def test_semicolons_and_spaces_in_the_header_are_understood(tmp_path, flowers):
    flowers.rename(columns={"class": " class"}).to_csv(tmp_path / "mine.csv", sep=";", index=False)
    dataset = load(tmp_path)
    assert dataset.splits["train"][0].shape == (24, 2)
    assert "the columns of mine.csv are separated by semicolons" in dataset.notes


def test_a_test_file_without_classes_is_named(tmp_path, flowers):
    write(flowers[:20], tmp_path / "mine" / "train.csv")
    write(flowers[20:].drop(columns="class"), tmp_path / "mine" / "test.csv")
    with pytest.raises(StudyError, match="test has no column 'class', that of the classes"):
        load(tmp_path, "mine")


def test_whole_numbers_too_large_for_float32_are_noted(tmp_path, flowers):
    write(flowers.assign(time=1_700_000_000_000 + np.arange(30)), tmp_path / "mine.csv")
    assert any("in time are rounded to seven digits" in note for note in load(tmp_path).notes)


def test_the_value_that_is_no_number_is_shown(tmp_path, flowers):
    write(changed(flowers, "width", 4, "?"), tmp_path / "mine.csv")
    with pytest.raises(StudyError, match=r"the column 'width' of train holds '\?', which is no number"):
        load(tmp_path)
