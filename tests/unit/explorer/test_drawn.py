"""Of a sample with more observations than a browser moves, a part of each class is drawn."""

import numpy as np

from layerscope.explorer.drawn import LARGEST, drawn_positions


def test_a_sample_that_fits_is_drawn_whole():
    assert drawn_positions(np.zeros(LARGEST, int), LARGEST).tolist() == list(range(LARGEST))


def test_classes_are_drawn_in_their_proportions():
    labels = np.repeat([0, 1, 2], [30_000, 20_000, 10_000])
    drawn = drawn_positions(labels, len(labels))
    assert len(drawn) == LARGEST
    assert (np.diff(drawn) > 0).all()
    assert np.abs(np.bincount(labels[drawn]) - np.array([2500, 1666.7, 833.3])).max() < 1
    assert drawn[labels[drawn] == 0].max() > 25_000, "the first of a class, and not a random part"


def test_every_class_is_drawn_however_rare():
    labels = np.repeat([0, 7], [59_999, 1])
    assert 59_999 in drawn_positions(labels, len(labels))


def test_where_there_are_no_classes_a_part_of_all_is_drawn():
    drawn = drawn_positions(None, 20_000)
    assert len(drawn) == LARGEST
    assert np.bincount(drawn // 5000).min() > 1100
