"""The grammar of `on:`: a value or a list of values a key; an absent key means all."""

import pytest

from layerscope.selection import KEYS, allowed_epochs, allows, allows_input, state, values


def test_an_absent_key_means_all():
    assert values({}, "seed") is None
    assert allows({}, dataset="digits", seed=3, layer="conv1")


def test_a_value_is_short_for_a_list_of_one():
    assert values({"seed": 0}, "seed") == [0]
    assert values({"seed": [0, 2]}, "seed") == [0, 2]
    for selector in ({"architecture": "mlp"}, {"architecture": ["mlp", "cnn"]}):
        assert allows(selector, architecture="mlp")
        assert not allows(selector, architecture="vgg")


def test_every_key_must_fit():
    selector = {"dataset": "digits", "seed": [0, 1]}
    assert allows(selector, dataset="digits", seed=1)
    assert not allows(selector, dataset="digits", seed=2)
    assert not allows(selector, dataset="mnist", seed=1)


def test_keys_that_are_not_asked_about_do_not_matter():
    assert allows({"layer": "conv1"}, dataset="digits")


def test_a_list_is_handed_out_as_a_copy():
    selector = {"seed": [0, 1]}
    values(selector, "seed").append(2)
    assert selector == {"seed": [0, 1]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"architecture": "mlp", "activation": "relu", "seed": 0}, True),
        ({"dataset": "other"}, False),
        ({"layer": ["conv1"]}, False),
        ({"layer": ["input", "conv1"]}, True),
        ({"filter": 3}, False),
        ({"filter": ["whole", 3]}, True),
    ],
    ids=["all", "one network", "another dataset", "other layers", "input named", "filters", "whole named"],
)
def test_the_input_belongs_to_every_network_of_its_dataset(selector, expected):
    assert allows_input(selector, "digits") is expected


SNAPSHOTS = [0, 2, 7]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, [0, 2, 7]),
        ({"epoch": 2}, [2]),
        ({"epoch": [7, 0]}, [0, 7]),
        ({"epoch": "first"}, [0]),
        ({"epoch": "last"}, [7]),
        ({"epoch": ["first", "last", 7]}, [0, 7]),
        ({"epoch": 5}, []),
        ({"state": "untrained"}, [0]),
        ({"state": "trained"}, [7]),
        ({"state": ["untrained", "trained"]}, [0, 7]),
        ({"state": "intermediate"}, [2]),
        ({"state": "input"}, []),
        ({"epoch": "last", "state": "untrained"}, []),
        ({"epoch": [0, 2], "state": ["intermediate", "trained"]}, [2]),
    ],
)
def test_epochs_come_in_the_order_of_the_snapshots(selector, expected):
    assert allowed_epochs(selector, SNAPSHOTS) == expected


def test_first_is_the_first_snapshot_even_where_that_is_not_epoch_0():
    assert allowed_epochs({"epoch": "first"}, [3, 7]) == [3]
    assert allowed_epochs({"state": "untrained"}, [3, 7]) == []


def test_a_network_that_is_trained_for_no_epochs_is_untrained():
    assert state(0, [0]) == "untrained"
    assert allowed_epochs({"epoch": "last"}, [0]) == [0]


def test_states_of_snapshots():
    assert [state(epoch, SNAPSHOTS) for epoch in SNAPSHOTS] == ["untrained", "intermediate", "trained"]


def test_the_keys_of_the_grammar_are_those_of_the_schema():
    from layerscope.study.file import schema

    assert set(KEYS) == set(schema()["$defs"]["selector"]["properties"])
