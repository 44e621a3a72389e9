"""Which representations are flagged when they are scored."""

import numpy as np
import pytest
from figure_files import made

from layerscope import store
from layerscope.selection import View
from layerscope.stages.score import flag_of

N = 300


@pytest.fixture
def flags(tmp_path):
    """The flag of each representation of a convolution of four filters, by the number of the filter."""

    def of(maps, neighbors_asked=10):
        files = made(tmp_path, np.arange(N) % 3)
        _, file = files.activations({"conv1": maps}, [5])
        view = View([5], ["conv1"], {"conv1": None})
        return {stored.filter: flag_of(file, stored, neighbors_asked) for stored in store.representations(file, view)}

    return of


def maps():
    return np.maximum(np.random.default_rng(0).normal(size=(N, 4, 2, 2)), 0).astype(np.float32)


def test_dead_filters_are_flagged_and_the_layer_is_not(flags):
    found = maps()
    found[2:, 1] = 0
    assert flags(found) == {None: "", 0: "", 1: "dead filter: answers to 2 of 300 observations", 2: "", 3: ""}


def test_a_filter_with_fewer_maps_than_neighbors_is_dead_too(flags):
    found = maps()
    found[:, 3] = np.arange(N)[:, None, None] % 7
    assert flags(found)[3] == "dead filter: 7 distinct rows, fewer than the 10 neighbours asked for"


def test_what_is_not_finite_is_no_fault_of_a_filter(flags):
    found = maps()
    found[5, 2, 0, 0] = np.nan
    assert flags(found) == {None: "not finite", 0: "", 1: "", 2: "not finite", 3: ""}
