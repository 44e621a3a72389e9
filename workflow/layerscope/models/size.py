"""The size of a network, from its plan alone: how many values it learns, computes and puts out."""

import math
from dataclasses import dataclass

from layerscope.models.plan import Layer

TRANSPOSED_KERNEL = 4


@dataclass(frozen=True)
class NetworkSize:
    """The size of a network; all but the parameters are for one observation.

    parameters: learned numbers, without biases. operations: multiplications and additions of one forward pass. outputs: values
    of all layers, before and after pooling; maps: those of them that lie in maps. largest: input plus output values of the layer
    that has the most.
    """

    parameters: int
    operations: float
    outputs: float
    maps: float
    largest: float


def network_size(layers: list[Layer], shape: tuple[int, ...]) -> NetworkSize:
    """The size of a network. shape: of one input, (channels, height, width), (height, width) or (features,)."""
    parameters, operations, outputs, maps, largest = 0.0, 0.0, 0.0, 0.0, 0.0
    incoming = (1, *shape) if len(shape) == 2 else tuple(shape)
    learned: float
    computed: float
    for layer in layers:
        before_pooling = float(math.prod(layer.shape)) * max(1, layer.pool) ** 2
        if layer.parameters:
            # Of a module only what it learns is known; each weight takes part at every position.
            learned, computed = layer.parameters, 2 * layer.parameters * max(1, math.prod(layer.shape[1:]))
        elif layer.cost:
            learned, computed, before_pooling = layer.cost
        elif layer.kind == "module":
            learned, computed = 0, before_pooling
        elif layer.kind == "linear":
            learned = (math.prod(incoming) if layer.flatten == "all" else incoming[0]) * layer.width
            computed = 2 * learned
        else:
            kernel = layer.kernel or TRANSPOSED_KERNEL
            learned = incoming[0] * layer.width * kernel**2
            computed = 2 * learned * before_pooling / layer.width
        parameters += learned
        operations += computed
        own = 2 * before_pooling + (math.prod(layer.shape) if layer.pool else 0)
        outputs += own
        maps += own if len(layer.shape) > 1 else 0
        largest = max(largest, before_pooling + math.prod(incoming))
        incoming = layer.shape
    return NetworkSize(int(parameters), operations, outputs, maps, largest)
