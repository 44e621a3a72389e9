"""Fully connected networks: hidden1, hidden2, ..., output."""

from layerscope.models.plan import Layer, hidden_layers, output_layer, per_layer

FAMILY = {
    "description": "Fully connected networks: hidden1, hidden2, ..., output.",
    "required": ("hidden",),
    "by_default": {"mlp": {"hidden": [64, 64, 64], "initialisation": "glorot"}},
    "options": {
        "hidden": {"$ref": "#/$defs/hidden", "minItems": 1},
        "dropout": {"$ref": "#/$defs/dropout"},
        "batch_norm": {"$ref": "#/$defs/batch_norm"},
        "output_activation": {"$ref": "#/$defs/output_activation"},
        "initialisation": {"$ref": "#/$defs/initialisation"},
    },
}


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """Layers of `options['hidden']` units each, then the output. Images are flattened."""
    sizes = options["hidden"]
    dropouts = per_layer(options["dropout"], len(sizes), f"architectures.{name}.dropout")
    return [*hidden_layers(sizes, dropouts, options["batch_norm"]), output_layer(classes, options)]
