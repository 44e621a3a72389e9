"""Fully connected networks: hidden1, hidden2, ..., output."""

from layerscope.models.plan import Layer, hidden_layers, output_layer, per_layer


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """Layers of `options['hidden']` units each, then the output. Images are flattened."""
    sizes = options["hidden"]
    dropouts = per_layer(options["dropout"], len(sizes), f"architectures.{name}.dropout")
    return [*hidden_layers(sizes, dropouts, options["batch_norm"]), output_layer(classes, options)]
