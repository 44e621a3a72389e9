"""The linear layer by which a network ends, by the names of its parameters in checkpoints."""

from collections.abc import Sequence

from layerscope.models.plan import Layer


def last_linear(layers: Sequence[Layer]) -> str:
    """What the names of the weight and the bias of the last layer begin with; "" where that is not linear.

    layers: the plan of a network, first to last.
    """
    last = layers[-1]
    if last.kind != "linear" or (last.batch_norm and not last.path):
        return ""
    # Of a module of other origin, its path in the module; of a network that follows its plan, the map of its block.
    return f"module.{last.path}." if last.path else f"steps.{last.name}.map."
