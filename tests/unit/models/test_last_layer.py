"""The linear layer by which a network ends: its parameters, as named in checkpoints, make the logits of what it reads."""

from pathlib import Path

import pytest
import torch

from layerscope.models.last_layer import last_linear
from layerscope.models.network import build_network

OWN = str(Path(__file__).with_name("own_network.py"))
PLANNED = {"output_activation": "identity", "batch_norm": False, "dropout": 0.0}
MLP = {"family": "mlp", "hidden": [12, 8], **PLANNED}
CNN = {
    "family": "cnn",
    "convolutions": [{"channels": 3, "kernel": 3, "pool": 2, "padding": "valid", "dropout": 0.0}],
    "hidden": [],
    "flatten": "all",
    "ceil_mode": True,
    **PLANNED,
}
MODULE = {"family": "module", "file": OWN, "function": "build", "options": {}, "pool": "mean"}


@pytest.mark.parametrize("options", [MLP, CNN, MODULE], ids=lambda options: options["family"])
def test_its_weights_and_bias_make_the_logits(options):
    network = build_network("mine", options, (1, 10, 10), 4, "relu", seed=0).eval()
    start, state = last_linear(network.plan), network.state_dict()
    weights, bias = state[f"{start}weight"], state[f"{start}bias"]
    assert weights.shape[0] == 4
    read = []
    last = dict(network.named_modules())[start.rstrip(".")]
    last.register_forward_hook(lambda module, inputs, output: read.append(inputs[0]))
    inputs = torch.rand(6, 1, 10, 10)
    with torch.no_grad():
        logits = network(inputs)
    torch.testing.assert_close(read[0] @ weights.T + bias, logits)


def test_a_network_whose_last_layer_is_none_that_is_linear_has_none():
    network = build_network("mine", {**MODULE, "layers": ["stem"]}, (1, 10, 10), 4, "relu", seed=0)
    assert network.plan[-1].kind == "module"
    assert last_linear(network.plan) == ""
    coder = {"family": "mlp", "hidden": [4], **{**PLANNED, "batch_norm": True}}
    assert last_linear(build_network("mine", coder, (1, 10, 10), 4, "relu", seed=0).plan) == "steps.output.map."
