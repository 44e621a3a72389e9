"""The networks of a study, and how those are built that follow the plan of their family."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from layerscope.models.declared import declared_layers
from layerscope.models.plan import Layer

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "logsig": nn.Sigmoid,
    "softsign": nn.Softsign,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "identity": nn.Identity,
}
GAINS = {"relu": 2**0.5, "leaky_relu": 2**0.5, "tanh": 5 / 3, "logsig": 4.0}


class Block(nn.Module):
    """One layer of a plan. Its output is the representation that the layer's name stands for (before dropout)."""

    def __init__(self, layer: Layer, incoming: tuple[int, ...], activation: str):
        super().__init__()
        self.flatten = layer.flatten if layer.kind == "linear" else None
        self.resize = layer.resize
        self.shape = layer.shape if layer.kind == "linear" and len(layer.shape) > 1 else None
        self.map = _map(layer, incoming)
        norm = nn.BatchNorm1d if layer.kind == "linear" else nn.BatchNorm2d
        steps: list[nn.Module] = []
        if layer.batch_norm:
            steps.append(norm(layer.width))
        if layer.pool:
            steps.append(nn.MaxPool2d(layer.pool, ceil_mode=layer.ceil_mode))
        steps.append(ACTIVATIONS[layer.activation or activation]())
        self.rest = nn.Sequential(*steps)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The output (n, ...) of this layer, given the output (n, ...) of the layer before it."""
        if self.resize:
            inputs = functional.interpolate(inputs, size=self.resize, mode="bilinear", align_corners=False)
        if self.flatten == "mean" and inputs.ndim == 4:
            inputs = inputs.mean(dim=(2, 3))
        elif self.flatten is not None:
            inputs = inputs.flatten(1)
        outputs = self.rest(self.map(inputs))
        return outputs if self.shape is None else outputs.unflatten(1, self.shape)


def _map(layer: Layer, incoming: tuple[int, ...]) -> nn.Module:
    """The linear map or convolution of a layer (or what its family builds), before batch norm, pooling and activation."""
    if layer.kind == "conv":
        return nn.Conv2d(incoming[0], layer.width, layer.kernel, padding=layer.padding)
    if layer.kind == "transposed":
        return nn.ConvTranspose2d(incoming[0], layer.width, 4, stride=2, padding=1)
    if layer.kind == "built":
        return import_module(layer.built_by).built(layer)
    features = int(torch.Size(incoming).numel()) if layer.flatten == "all" else incoming[0]
    return nn.Linear(features, layer.width)


class Network(nn.Module, ABC):
    """A network of a study, with named layers.

    plan: its layers, first to last. reconstructs: whether its output reconstructs the input and is trained by squared error;
    otherwise it is one logit per class.
    """

    plan: list[Layer]
    reconstructs: bool = False

    @abstractmethod
    def block(self, name: str) -> nn.Module:
        """The module whose output is the representation of a layer; several layers may be calls of one module."""

    @abstractmethod
    def maps(self) -> dict[str, nn.Module]:
        """Layer name → its linear map, convolution or recurrent layer, whose outputs are the values before the activation."""

    def kept(self, layer: Layer, output: torch.Tensor) -> torch.Tensor:
        """What is kept of an output of a layer's block: observations first, (n, *layer.shape)."""
        return output

    @property
    def origin(self) -> nn.Module:
        """The module as its own code built it, by whose names people know its parameters."""
        return self


class PlannedNetwork(Network):
    """The blocks of a plan in order, each followed by its dropout."""

    def __init__(self, layers: list[Layer], shape: tuple[int, ...], activation: str, reconstructs: bool = False):
        super().__init__()
        self.plan = layers
        self.reconstructs = reconstructs
        steps: OrderedDict[str, nn.Module] = OrderedDict()
        incoming = shape
        for layer in layers:
            steps[layer.name] = Block(layer, incoming, activation)
            if layer.dropout:
                steps[f"{layer.name}_dropout"] = nn.Dropout(layer.dropout)
            incoming = layer.shape
        self.steps = nn.Sequential(steps)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The last layer's output for inputs (n, ...): logits (n, classes) for a classifier."""
        return self.steps(inputs)

    def block(self, name: str) -> nn.Module:
        """See Network."""
        return getattr(self.steps, name)

    def maps(self) -> dict[str, nn.Module]:
        """See Network."""
        return {layer.name: cast(nn.Module, self.block(layer.name).map) for layer in self.plan if layer.has_map}

    @property
    def origin(self) -> nn.Module:
        """See Network; names begin with those of layers."""
        return self.steps


def planned(name: str, options: dict, shape: tuple[int, ...], classes: int) -> tuple[list[Layer], bool]:
    """The layers of an architecture, and whether its networks reconstruct their input.

    options: as in a study. If they have `declared`, the layers that the user's own family declares, no family module is imported.
    """
    if "declared" in options:
        return declared_layers(name, options["declared"], options, shape, classes), False
    family = import_module(f"layerscope.models.families.{options['family']}")
    return family.plan(name, options, shape, classes), family.FAMILY.get("reconstructs", False)


def build_network(name: str, options: dict, shape: tuple[int, ...], classes: int, activation: str, seed: int) -> Network:
    """A freshly initialised network.

    name, options: the architecture, as in a study. shape: of one input, (channels, height, width) or (features,).
    seed: of the initialisation alone. torch's global CPU generator is restored, those of other devices are not touched.
    """
    if "declared" not in options:
        family = import_module(f"layerscope.models.families.{options['family']}")
        if hasattr(family, "network"):
            return family.network(name, options, shape, classes, ACTIVATIONS[activation], seed)
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would seed the generators of all devices too.
        torch.default_generator.manual_seed(seed)
        layers, reconstructs = planned(name, options, shape, classes)
        network = PlannedNetwork(layers, shape, activation, reconstructs)
        _initialise(network, options.get("initialisation", "default"), activation)
    return network


def _initialise(network: PlannedNetwork, scheme: str, activation: str) -> None:
    if scheme == "default":
        return
    for tapped in network.maps().values():
        weight, bias = cast(torch.Tensor, tapped.weight), cast(torch.Tensor, tapped.bias)
        if scheme == "glorot":
            nn.init.xavier_uniform_(weight, gain=GAINS.get(activation, 1.0))
        else:
            nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(bias)
