"""How many observations run through a network at once: a function of the network, so that large ones fit into memory."""

import pytest
import torch
from torch import nn

from layerscope.models.at_once import WIDEST, observations_at_once

FLOAT = 4


def test_small_networks_take_as_many_as_are_asked_for():
    network = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3))
    assert observations_at_once(network, torch.zeros(7, 5), 1000) == 1000


@pytest.mark.parametrize("n", [1, 2, 9])
def test_the_widest_output_within_the_network_counts(n: int):
    """It is that of a convolution inside of a part, which need not be a layer of the study."""
    inner = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(64))
    network = nn.Sequential(inner, nn.Flatten(), nn.Linear(4 * 32, 3))
    expected = WIDEST // (32 * 128 * 128 * FLOAT)
    assert expected == 128
    assert observations_at_once(network, torch.zeros(n, 1, 128, 128), 1000) == expected
    assert observations_at_once(network, torch.zeros(n, 1, 128, 128), 100) == 100


def test_inputs_that_are_wider_than_all_outputs_count():
    values = WIDEST // FLOAT // 10
    network = nn.Sequential(nn.Linear(values, 1))
    assert observations_at_once(network, torch.zeros(1, values), 1000) == 10


def test_one_observation_runs_however_wide_it_is():
    class Wide(nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return inputs.expand(len(inputs), 2 * WIDEST // FLOAT)

    assert observations_at_once(Wide(), torch.zeros(3, 1), 1000) == 1


def test_modules_that_put_out_no_tensor_count_not():
    class Told(nn.Module):
        def forward(self, inputs: torch.Tensor) -> str:
            return "nothing"

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.told, self.map = Told(), nn.Linear(4, 2)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            self.told(inputs)
            return self.map(inputs)

    assert observations_at_once(Whole(), torch.zeros(3, 4), 10) == 10


def test_no_hook_stays_and_nothing_is_learned():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    inputs, state = torch.rand(3, 1, 6, 6), torch.get_rng_state()
    observations_at_once(network, inputs, 10)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
