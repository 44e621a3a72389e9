"""Convolutional networks: conv1, conv2, ..., hidden1, ..., output."""

from layerscope.models.plan import Layer, convolution_layers, hidden_layers, image_shape, output_layer, per_layer

FAMILY = {
    "description": "Convolutional networks: conv1, ..., hidden1, ..., output.",
    "required": ("convolutions",),
    "by_default": {
        "cnn": {
            "convolutions": [{"channels": 16, "kernel": 3, "pool": 2}, {"channels": 32, "kernel": 3, "pool": 2}],
            "hidden": [64],
            "initialisation": "glorot",
        },
    },
    "smallest_side": 12,
    "options": {
        "convolutions": {"$ref": "#/$defs/convolutions", "minItems": 1},
        "ceil_mode": {"description": "Poolings keep an incomplete last window.", "type": "boolean", "default": True},
        "hidden": {"$ref": "#/$defs/hidden", "default": []},
        "dropout": {"$ref": "#/$defs/dropout"},
        "batch_norm": {"$ref": "#/$defs/batch_norm"},
        "output_activation": {"$ref": "#/$defs/output_activation"},
        "initialisation": {"$ref": "#/$defs/initialisation"},
    },
}


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """`options['convolutions']`, each {channels, kernel, padding: valid | same, pool, dropout}, then `hidden` and the output.

    Max pooling comes before the activation. For monotone activations, all but gelu, the order makes no difference.
    """
    layers = convolution_layers(name, options, image_shape(shape, name))
    sizes = options["hidden"]
    dropouts = per_layer(options["dropout"], len(sizes), f"architectures.{name}.dropout")
    return [*layers, *hidden_layers(sizes, dropouts, options["batch_norm"]), output_layer(classes, options)]
