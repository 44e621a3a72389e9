"""What a family plans, what is built from it, and how its layers are listened to."""

import importlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from layerscope.errors import StudyError
from layerscope.models.families import autoencoder, cnn, mlp, vgg
from layerscope.models.hooks import outputs_of
from layerscope.models.network import ACTIVATIONS, build_network
from layerscope.models.plan import ACTIVATIONS as PLANNED_ACTIVATIONS

COMMON = {"dropout": 0.0, "batch_norm": False, "output_activation": "identity", "initialisation": "default"}
MLP = {"family": "mlp", "hidden": [12, 8], **COMMON}
VGG = {**COMMON, "family": "vgg", "depth": 11, "width_divisor": 16, "dropout": 0.25, "initialisation": "kaiming"}


def convolution(channels, kernel, pool=0, padding="valid", dropout=0.0):
    return {"channels": channels, "kernel": kernel, "pool": pool, "padding": padding, "dropout": dropout}


def cnn_of(*convolutions, **options):
    return {"family": "cnn", "convolutions": list(convolutions), "hidden": [], "ceil_mode": True, **COMMON, **options}


RUMAN = cnn_of(convolution(4, 5, 2), convolution(16, 3, 2), convolution(64, 5))


def build(options, shape, activation="relu", seed=0, classes=10):
    return build_network("net", options, shape, classes, activation, seed)


def outputs(network, shape):
    """Layer name → its output for three random observations."""
    found = {}
    network.eval()
    with outputs_of({layer.name: network.block(layer.name) for layer in network.plan}, found.__setitem__), torch.no_grad():
        network(torch.rand((3, *shape), generator=torch.Generator().manual_seed(0)))
    return found


AUTOENCODER = {
    "family": "autoencoder",
    "encoder": "convolutions",
    "size": 64,
    "bottleneck": 5,
    "channels": 256,
    "convolutions": [convolution(8, 3, 2, "same"), convolution(12, 3, 2, "same")],
    "ceil_mode": True,
    "batch_norm": True,
    "initialisation": "default",
}


# Plans


def test_an_autoencoder_goes_through_its_bottleneck_and_back():
    layers = autoencoder.plan("coder", AUTOENCODER, (3, 32, 32), 10)
    assert [(layer.name, layer.shape) for layer in layers] == [
        ("conv1", (8, 32, 32)),
        ("conv2", (12, 16, 16)),
        ("bottleneck", (5,)),
        ("expansion", (256, 4, 4)),
        ("deconv1", (128, 8, 8)),
        ("deconv2", (64, 16, 16)),
        ("output", (3, 32, 32)),
    ]
    pictures = torch.rand(4, 3, 32, 32)
    network = build(AUTOENCODER, (3, 32, 32))
    assert network.reconstructs
    assert network(pictures).shape == pictures.shape
    assert list(network.maps()) == [layer.name for layer in layers]


def test_the_encoder_of_an_autoencoder_can_be_inception_v3():
    """94 convolutions down to 2048 features, and no classifier left to train."""
    options = {**AUTOENCODER, "convolutions": [], "encoder": "inception", "size": 75}
    network = build(options, (3, 32, 32))
    found = outputs(network, (3, 32, 32))
    assert found["inception"].shape == (3, 2048)
    assert found["bottleneck"].shape == (3, 5)
    assert found["output"].shape == (3, 3, 32, 32)
    assert sum(isinstance(module, nn.Conv2d) for module in network.block("inception").modules()) == 94
    assert list(network.maps()) == ["bottleneck", "expansion", "deconv1", "deconv2", "output"]
    assert not build(MLP, (4,)).reconstructs


@pytest.mark.parametrize(
    ("options", "shape", "said"),
    [
        ({}, (3, 28, 28), "pictures of 32 × 32"),
        ({"convolutions": [], "encoder": "inception", "size": 64}, (3, 32, 32), "64 is too small for InceptionV3; 75 or more"),
        ({"convolutions": [], "encoder": "inception", "size": 299}, (32, 32), "reads three channels"),
        ({"convolutions": []}, (3, 32, 32), "convolutions is missing"),
        ({"size": 2, "convolutions": [convolution(8, 3)]}, (3, 32, 32), "too small"),
    ],
    ids=["picture", "inception", "grey", "no convolutions", "size"],
)
def test_an_autoencoder_that_cannot_be_is_said(options, shape, said):
    with pytest.raises(StudyError, match=said):
        autoencoder.plan("coder", {**AUTOENCODER, **options}, shape, 10)


def test_the_maps_of_rumans_network_shrink_from_28_to_1():
    layers = cnn.plan("net", RUMAN, (28, 28), 10)
    assert [layer.name for layer in layers] == ["conv1", "conv2", "conv3", "output"]
    assert [layer.shape for layer in layers] == [(4, 12, 12), (16, 5, 5), (64, 1, 1), (10,)]
    assert [layer.has_filters for layer in layers] == [True, True, False, False]


def test_a_pooling_keeps_an_incomplete_last_window_where_asked():
    options = cnn_of(convolution(4, 4, 2))
    assert cnn.plan("net", options, (28, 28), 10)[0].shape == (4, 13, 13)
    assert cnn.plan("net", {**options, "ceil_mode": False}, (28, 28), 10)[0].shape == (4, 12, 12)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_padding_same_keeps_the_size_of_maps(kernel):
    assert cnn.plan("net", cnn_of(convolution(4, kernel, padding="same")), (9, 7), 10)[0].shape == (4, 9, 7)


@pytest.mark.parametrize(("depth", "convolutions"), [(11, 8), (13, 10), (16, 13), (19, 16)])
def test_a_vgg_counts_its_convolutions_and_three_more_layers_less_one(depth, convolutions):
    """The papers' depth counts three fully connected layers; here there are hidden1 and output."""
    layers = vgg.plan("net", {**VGG, "depth": depth}, (3, 32, 32), 10)
    kinds = [layer.kind for layer in layers]
    assert kinds == ["conv"] * convolutions + ["linear"] * 2
    assert convolutions == depth - 3
    assert [layer.name for layer in layers][-3:] == [f"conv{convolutions}", "hidden1", "output"]
    assert layers[convolutions - 1].shape[1:] == (1, 1)
    assert sum(layer.pool > 0 for layer in layers) == 5


@pytest.mark.parametrize("divisor", [1, 16])
def test_the_widths_of_a_vgg_are_divided(divisor):
    widths = [layer.width for layer in vgg.plan("net", {**VGG, "width_divisor": divisor}, (3, 32, 32), 10)]
    assert widths == [width // divisor for width in (64, 128, 256, 256, 512, 512, 512, 512, 256)] + [10]


def test_the_layers_of_an_mlp():
    layers = mlp.plan("net", {**MLP, "dropout": [0.1, 0.5]}, (28, 28), 10)
    assert [(layer.name, layer.shape, layer.dropout) for layer in layers] == [
        ("hidden1", (12,), 0.1),
        ("hidden2", (8,), 0.5),
        ("output", (10,), 0),
    ]


@pytest.mark.parametrize(
    ("options", "shape", "said"),
    [
        (RUMAN, (8, 8), "architectures.net.convolutions, conv2: maps of 2 × 2 are too small for kernel 3"),
        (RUMAN, (20,), "architecture 'net' convolves images; the dataset has vectors of 20 features"),
        (VGG, (20,), "architecture 'net' convolves images; the dataset has vectors of 20 features"),
        (VGG, (3, 28, 28), "architectures.net, conv8: maps of 1 × 1 are too small"),
        ({**MLP, "dropout": [0.1]}, (20,), "architectures.net.dropout lists 1 values for 2 layers"),
    ],
    ids=["small images", "vectors", "vectors for a VGG", "small images for a VGG", "dropouts"],
)
def test_what_does_not_fit_is_said(options, shape, said):
    plan = importlib.import_module(f"layerscope.models.families.{options['family']}").plan
    with pytest.raises(StudyError) as caught:
        plan("net", options, shape, 10)
    assert said in str(caught.value)


# Networks


@settings(max_examples=40, deadline=None)
@given(
    sides=st.tuples(st.integers(5, 14), st.integers(5, 14)),
    kernels=st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=2),
    pools=st.lists(st.integers(0, 4), min_size=2, max_size=2),
    ceil_mode=st.booleans(),
    padding=st.sampled_from(["same", "valid"]),
)
def test_what_is_built_has_the_shapes_of_the_plan(sides, kernels, pools, ceil_mode, padding):
    options = cnn_of(
        *(convolution(2, kernel, pool, padding) for kernel, pool in zip(kernels, pools, strict=False)),
        ceil_mode=ceil_mode,
        hidden=[5],
        dropout=0.5,
    )
    try:
        planned = cnn.plan("net", options, sides, 10)
    except StudyError:
        return
    found = outputs(build(options, (1, *sides)), (1, *sides))
    assert {name: tuple(output.shape[1:]) for name, output in found.items()} == {layer.name: layer.shape for layer in planned}


@pytest.mark.parametrize(
    ("options", "shape"),
    [(MLP, (20,)), (MLP, (1, 6, 5)), (RUMAN, (1, 28, 28)), (VGG, (3, 32, 32)), ({**VGG, "depth": 19}, (3, 64, 64))],
    ids=["mlp on vectors", "mlp on images", "cnn", "vgg", "vgg on large images"],
)
def test_each_family_has_the_shapes_of_its_plan(options, shape):
    network = build(options, shape)
    found = outputs(network, shape)
    assert list(found) == [layer.name for layer in network.plan]
    assert {name: tuple(output.shape[1:]) for name, output in found.items()} == {
        layer.name: layer.shape for layer in network.plan
    }


def test_representations_are_taken_after_the_activation_and_before_dropout():
    network = build({**MLP, "dropout": 0.9}, (20,))
    network.train()
    found = {}
    with outputs_of({"hidden1": network.block("hidden1")}, found.__setitem__), torch.no_grad():
        network(torch.rand(50, 20, generator=torch.Generator().manual_seed(0)))
    inputs = torch.rand(50, 20, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(found["hidden1"], network.maps()["hidden1"](inputs).relu())
    assert (found["hidden1"] > 0).float().mean() > 0.2


def test_the_output_is_the_logits():
    network = build(MLP, (20,))
    found = outputs(network, (20,))
    assert (found["output"] < 0).any()
    assert (outputs(build({**MLP, "output_activation": "relu"}, (20,)), (20,))["output"] >= 0).all()


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("relu", lambda x: x.clamp(min=0)),
        ("tanh", torch.tanh),
        ("logsig", lambda x: 1 / (1 + torch.exp(-x))),
        ("softsign", lambda x: x / (1 + x.abs())),
        ("leaky_relu", lambda x: torch.where(x > 0, x, 0.01 * x)),
        ("elu", lambda x: torch.where(x > 0, x, torch.exp(x) - 1)),
        ("gelu", lambda x: x * torch.distributions.Normal(0, 1).cdf(x)),
        ("identity", lambda x: x),
    ],
)
def test_activation_functions(name, reference):
    x = torch.linspace(-3, 3, 50)
    torch.testing.assert_close(ACTIVATIONS[name]()(x), reference(x))


def test_every_planned_activation_can_be_built():
    assert set(PLANNED_ACTIVATIONS) == set(ACTIVATIONS)


def test_a_vgg_averages_its_maps_before_its_hidden_layer():
    network = build(VGG, (3, 64, 64))
    assert network.block("conv8").map.out_channels == network.block("hidden1").map.in_features == 32


# Initialisation


def weights(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("initialisation", ["default", "glorot", "kaiming"])
@pytest.mark.parametrize(("options", "shape"), [(MLP, (20,)), (RUMAN, (1, 28, 28))], ids=["mlp", "cnn"])
def test_a_seed_says_all_about_the_weights(options, shape, initialisation):
    options = {**options, "initialisation": initialisation}
    first = weights(build(options, shape, seed=3))
    torch.rand(100)
    assert equal(first, weights(build(options, shape, seed=3)))
    other = weights(build(options, shape, seed=4))
    assert not any(torch.equal(first[name], other[name]) for name in first if name.endswith("map.weight"))


def test_building_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    build(RUMAN, (1, 28, 28), seed=9)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_dropout_does_not_change_the_initialisation():
    assert equal(weights(build(MLP, (20,))), weights(build({**MLP, "dropout": 0.5}, (20,))))


def test_glorot_scales_by_the_gain_of_the_activation():
    """Glorot and Bengio 2010: uniform within ± gain · sqrt(6 / (in + out))."""
    for activation, gain in (("tanh", 5 / 3), ("relu", 2**0.5), ("softsign", 1.0)):
        network = build({**MLP, "hidden": [400], "initialisation": "glorot"}, (200,), activation)
        bound = gain * (6 / 600) ** 0.5
        assert float(network.maps()["hidden1"].weight.detach().abs().max()) == pytest.approx(bound, rel=0.01)
        assert (network.maps()["hidden1"].bias == 0).all()


def test_kaiming_counts_outgoing_connections():
    """He et al. 2015: normal with variance 2 / (outgoing connections)."""
    network = build({**MLP, "hidden": [400], "initialisation": "kaiming"}, (200,))
    assert float(network.maps()["hidden1"].weight.detach().std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)


# Listening


def hooks_of(network):
    return [module for module in network.modules() if module._forward_hooks]


def test_no_hook_stays():
    network = build(MLP, (20,))
    outputs(network, (20,))
    assert not hooks_of(network)


def test_no_hook_stays_after_an_error():
    network = build(MLP, (20,))
    heard = []
    with pytest.raises(RuntimeError, match="shapes"), outputs_of(network.maps(), lambda *output: heard.append(output)):
        network(torch.zeros(2, 19))
    with pytest.raises(ZeroDivisionError), outputs_of(network.maps(), lambda *_: 1 / 0):
        network(torch.zeros(2, 20))
    assert not hooks_of(network)
    network(torch.zeros(2, 20))
    assert heard == []


def test_no_hook_stays_where_one_cannot_be_set():
    network = build(MLP, (20,))
    with pytest.raises(AttributeError), outputs_of({**network.maps(), "none": None}, print):
        pass
    assert not hooks_of(network)


def test_a_module_after_it_that_works_in_place_changes_nothing_that_was_copied():
    linear = nn.Linear(4, 3)
    network = nn.Sequential(linear, nn.ReLU(inplace=True))
    kept = {}
    inputs = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
    with outputs_of({"linear": linear}, lambda name, output: kept.update({name: output.clone()})):
        network(inputs)
    torch.testing.assert_close(kept["linear"], linear(inputs).detach())
    assert (kept["linear"] < 0).any()


def test_what_is_received_has_no_gradient():
    network = build(MLP, (20,))
    assert not any(output.requires_grad for output in outputs(network, (20,)).values())


def test_the_input_is_left_as_it_is():
    """A first activation that worked in place would change the data for every later epoch."""
    for activation in ACTIVATIONS:
        network = build(MLP, (20,), activation)
        inputs = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
        before = inputs.clone()
        network(inputs)
        assert torch.equal(inputs, before)
