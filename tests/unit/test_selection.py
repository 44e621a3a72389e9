"""The grammar of `on:`: a value or a list of values a key; an absent key means all."""

import pytest

from layerscope.models.plan import output_layer
from layerscope.selection import KEYS, OUTPUT, Plan, View, allowed_epochs, allows, resolve, state, values
from layerscope.study.schema import blocks


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
    networks = [{"dataset": "digits", "architecture": "mlp", "activation": "relu", "seed": seed} for seed in (0, 1)]
    of_input = Plan({"dataset": "digits"}, ("input",), ("input",), {}, (0,), tuple(networks))
    assert resolve(selector, of_input) == (View([0], ["input"], {}) if expected else View())


def test_the_input_is_left_out_where_none_of_its_networks_is_meant():
    network = {"dataset": "digits", "architecture": "mlp", "activation": "relu", "seed": 0}
    of_input = Plan({"dataset": "digits"}, ("input",), ("input",), {}, (0,), (network,))
    assert not resolve({"architecture": "cnn"}, of_input)
    assert resolve({"architecture": ["cnn", "mlp"]}, of_input)


NETWORK = Plan(
    {"dataset": "digits", "architecture": "cnn", "activation": "relu", "seed": 0},
    layers=("conv1", "conv2", "hidden1", "output"),
    whole=("conv2", "hidden1", "output"),
    filters={"conv1": 3, "conv2": 8},
    snapshots=(0, 2, 7),
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, View([0, 2, 7], ["conv2", "hidden1", "output"], {"conv1": None, "conv2": None})),
        ({"seed": 1}, View()),
        ({"sample": "other"}, View()),
        ({"layer": "last"}, View([0, 2, 7], ["output"], {})),
        ({"layer": "hidden", "filter": "whole"}, View([0, 2, 7], ["conv2", "hidden1"], {})),
        ({"layer": ["hidden", "last"], "filter": 1}, View([0, 2, 7], [], {"conv1": [1], "conv2": [1]})),
        ({"filter": [2, 5]}, View([0, 2, 7], [], {"conv1": [2], "conv2": [2, 5]})),
        ({"state": "trained", "filter": "whole"}, View([7], ["conv2", "hidden1", "output"], {})),
        ({"layer": "input"}, View([0, 2, 7], [], {})),
    ],
    ids=["all", "another network", "another sample", "last", "hidden", "one filter", "filters", "a state", "the input"],
)
def test_what_a_selector_leaves_of_a_network(selector, expected):
    assert resolve(selector, NETWORK, sample="look") == expected


def test_last_and_hidden_are_of_the_layers_that_are_kept():
    kept = Plan(NETWORK.keys, ("conv1", "hidden1"), ("conv1", "hidden1"), {}, (7,))
    assert resolve({"layer": "last"}, kept).whole == ["hidden1"]
    assert resolve({"layer": "hidden"}, kept).whole == ["conv1", "hidden1"]


def test_two_views_share_what_is_in_both():
    one = View([0, 7], ["conv2"], {"conv1": None, "conv2": [1, 2]})
    other = View([7], ["conv2", "output"], {"conv1": [4], "conv2": [2, 3]})
    assert one.common(other) == View([7], ["conv2"], {"conv1": [4], "conv2": [2]})
    assert not one.common(View([2], ["conv2"], {}))


def test_a_view_shows_what_it_names():
    view = View([7], ["hidden1"], {"conv1": None, "conv2": [2]})
    assert view.shows(7, "hidden1", None)
    assert view.shows(7, "conv1", 5)
    assert not view.shows(7, "conv2", 1)
    assert not view.shows(0, "hidden1", None)
    assert View.from_params(view.to_params()) == view


def test_the_last_layer_of_every_family_is_called_as_the_grammar_says():
    assert output_layer(10, {"output_activation": "identity"}).name == OUTPUT


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
    assert set(KEYS) == set(blocks()["$defs"]["selector"]["properties"])
