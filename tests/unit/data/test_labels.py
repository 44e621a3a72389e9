"""Labels of every spelling become classes numbered from 0, or one message says what they are."""

import numpy as np
import pytest

from layerscope.data.labels import numbered
from layerscope.errors import StudyError


def read(train, test=None, names=None):
    """Numbers of the training labels, the names of the classes, and what is noted."""
    notes = []
    given = {"y_train": train, "y_test": train if test is None else test}
    labels, classes = numbered(given, names, "dataset 'mine'", notes)
    return labels["y_train"].tolist(), classes, notes


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 2, 1], np.uint8),
        np.array([[0], [2], [1]]),
        np.array([0.0, 2.0, 1.0]),
        np.array([0, 2, 1], ">i4"),
        np.array([0, 2, 1], np.uint64),
    ],
    ids=["bytes", "a column", "with a point", "big-endian", "unsigned"],
)
def test_whole_numbers_from_zero_are_taken_as_they_are(labels):
    assert read(labels) == ([0, 2, 1], ["0", "1", "2"], [])


def test_true_and_false_are_two_classes():
    assert read(np.array([True, False, True])) == ([1, 0, 1], ["0", "1"], [])


@pytest.mark.parametrize("text", [np.array(["cat", "ant", "cat"]), np.array([b"cat", b"ant", b"cat"])], ids=["text", "bytes"])
def test_text_gives_the_classes_their_names(text):
    assert read(text) == ([1, 0, 1], ["ant", "cat"], [])


@pytest.mark.parametrize(
    ("labels", "numbers", "classes"),
    [
        (np.arange(1, 11), list(range(10)), [str(label) for label in range(1, 11)]),
        (np.array([3, 8, 3]), [0, 1, 0], ["3", "8"]),
        (np.array([-1, 1]), [0, 1], ["-1", "1"]),
        (np.array([0, 10**12]), [0, 1], ["0", "1000000000000"]),
    ],
)
def test_other_numbers_are_numbered_anew_and_keep_their_names(labels, numbers, classes):
    found, names, [note] = read(labels)
    assert (found, names) == (numbers, classes)
    assert f"are numbered 0 to {len(classes) - 1}; the classes keep them as names" in note


def test_names_of_classes_are_by_number():
    assert read(np.array([0, 2, 1]), names=["ant", "bee", "cat"]) == ([0, 2, 1], ["ant", "bee", "cat"], [])
    without = ["y_train has no observation of bee"]
    assert read(np.array([0, 2]), names=["ant", "bee", "cat"]) == ([0, 2], ["ant", "bee", "cat"], without)
    assert read(np.array([1, 3, 2]), names=["ant", "bee", "cat"])[:2] == ([0, 2, 1], ["ant", "bee", "cat"])
    assert read(np.array(["cat", "ant"]), names=["cat", "bee", "ant"]) == ([0, 2], ["cat", "bee", "ant"], without)


ONE_HOT = np.eye(3, dtype=int)[[0, 2, 1, 0]]


@pytest.mark.parametrize(
    ("train", "test", "names", "said"),
    [
        (ONE_HOT, None, None, r"y_train holds one-hot rows \(4 × 3\); hand over their argmax\(axis=1\)"),
        (ONE_HOT.astype(float), None, None, "one-hot"),
        (np.ones((4, 3), int), None, None, "y_train is 4 × 3; one label for each observation"),
        (np.array([0, 0.5]), None, None, "y_train holds 0.5; classes are whole numbers or text"),
        (np.array([0, np.nan]), None, None, "y_train holds nan"),
        (np.array([0, 1j]), None, None, "y_train is complex128"),
        (np.array([], int), None, None, "y_train is empty"),
        (np.zeros(5, int), None, None, r"one class only \(0\)"),
        (np.array([0, 1]), np.array([0, 1, 2, 2]), None, "y_test has 2 observations of 2, which y_train never has"),
        (np.array(["ant", "bee"]), np.array(["cat"]), None, "y_test has 1 observations of cat, which y_train never has"),
        (
            np.array(["ant", "bee"]),
            np.array([0, 1]),
            None,
            "y_train holds text, y_test holds numbers; write all in one way",
        ),
        (np.array([0, 3]), None, ["ant", "bee"], "y_train has labels from 0 to 3, and classes names 2"),
        (np.array(["ant", "cow"]), None, ["ant", "bee"], "y_train has cow, which classes does not name"),
        (
            np.array([1, 3]),
            None,
            ["ant", "bee", "cat", "dog"],
            "labels from 1 to 3, and classes names 4: whether label 1 is",
        ),
        (np.array([0, 1]), np.array([0, 1, 2]), ["ant", "bee", "cat"], "y_test has 1 observations of 2, which y_train never has"),
        (np.array([b"\xff", b"a"]), None, None, "y_train holds bytes that are no UTF-8"),
        (np.array([0, 1]), None, ["ant", "ant"], "ant stands there twice"),
        (np.array(["$x$", "y"]), None, None, r"'\$x\$' cannot be the name of a class"),
    ],
)
def test_what_is_no_label_is_said(train, test, names, said):
    with pytest.raises(StudyError, match=f"dataset 'mine': .*{said}"):
        read(train, test, names)
