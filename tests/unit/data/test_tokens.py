"""Sequences of tokens: read as they are, refused where they are none, and counted where numbers must have distances."""

import numpy as np
import pytest

from layerscope.data.observations import observations_of_split
from layerscope.data.sources import npz
from layerscope.data.tokens import counted
from layerscope.errors import StudyError
from layerscope.store import write_data

SEQUENCES = np.array([[0, 3, 3, 1], [2, 2, 2, 2], [1, 0, 4, 4]], np.int64)


def loaded(folder, vocabulary=5, test=None, **arrays):
    given = {"x_train": np.tile(SEQUENCES, (4, 1)), "y_train": np.arange(12) % 3, "x_test": SEQUENCES, "y_test": np.arange(3)}
    np.savez(folder / "words.npz", **{**given, **arrays})
    options = {"path": str(folder / "words.npz"), "vocabulary": vocabulary, **({"test": test} if test else {})}
    return npz.load("words", options, folder), npz.found_sizes("words", options, folder)


def test_networks_receive_tokens_as_they_are(tmp_path):
    dataset, sizes = loaded(tmp_path)
    assert (sizes["shape"], sizes["classes"], sizes["train"], sizes["test"]) == ([4], 3, 12, 3)
    write_data(tmp_path / "data.h5", {}, {}, dataset)
    observed = observations_of_split(str(tmp_path / "data.h5"), "test", "tokens")
    assert observed.shape == (4,)
    assert observed.inputs().dtype == np.int64
    np.testing.assert_array_equal(observed.inputs(), SEQUENCES)
    np.testing.assert_array_equal(observed.inputs(slice(1, 2)), SEQUENCES[1:2])


def test_a_sequence_counts_how_often_each_token_stands_in_it():
    np.testing.assert_array_equal(counted(SEQUENCES, 5), [[1, 1, 0, 2, 0], [0, 0, 4, 0, 0], [1, 1, 0, 0, 2]])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vocabulary": 4}, "x_train has tokens from 0 to 4; vocabulary: 4 is 0 to 3"),
        ({"x_test": SEQUENCES - 1}, "x_test has tokens from -1 to 3; vocabulary: 5 is 0 to 4"),
        ({"x_train": np.zeros((12, 4)), "x_test": np.zeros((3, 4))}, "x_train is float64 of shape 12 × 4; with `vocabulary`"),
        ({"x_train": np.zeros((12, 4, 4), int), "x_test": np.zeros((3, 4, 4), int)}, "x_train is int64 of shape 12 × 4 × 4"),
    ],
    ids=["too large", "negative", "no whole numbers", "pictures"],
)
def test_what_is_no_sequence_of_tokens_is_refused(tmp_path, given, said):
    with pytest.raises(StudyError) as refused:
        loaded(tmp_path, **given)
    assert said in str(refused.value)
