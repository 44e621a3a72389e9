"""VGG networks (Simonyan and Zisserman 2015, configurations A, B, D, E) for small images: conv1, ..., hidden1, output."""

from dataclasses import replace

from layerscope.models.plan import Layer, convolved, hidden_layers, image_shape, output_layer

FAMILY = {
    "description": "VGG networks (Simonyan and Zisserman 2015) with batch norm, for small images.",
    "required": ("depth",),
    "options": {
        "depth": {"enum": [11, 13, 16, 19]},
        "width_divisor": {"description": "Divides every number of filters.", "enum": [1, 2, 4, 8, 16, 32], "default": 1},
        "dropout": {
            "description": "Before the output.",
            "type": "number",
            "minimum": 0,
            "exclusiveMaximum": 1,
            "default": 0.25,
        },
        "output_activation": {"$ref": "#/$defs/output_activation"},
        "initialisation": {"$ref": "#/$defs/initialisation", "default": "kaiming"},
    },
}

BLOCKS = {
    11: [(64, 1), (128, 1), (256, 2), (512, 2), (512, 2)],
    13: [(64, 2), (128, 2), (256, 2), (512, 2), (512, 2)],
    16: [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)],
    19: [(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)],
}


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """Five blocks of 3 × 3 convolutions with batch norm, each ended by max pooling, then a hidden layer and the output.

    The hidden layer reads the mean of each last map and has half as many units. `depth` is 11, 13, 16 or 19; `width_divisor`
    divides the number of filters of every layer.
    """
    maps = image_shape(shape, name)
    layers: list[Layer] = []
    for channels, repeats in BLOCKS[options["depth"]]:
        channels //= options["width_divisor"]
        for repeat in range(1, repeats + 1):
            number = len(layers) + 1
            pool = 2 if repeat == repeats else 0
            maps = convolved(maps, channels, 3, 1, pool, False, f"architectures.{name}, conv{number}")
            layers.append(
                Layer(
                    f"conv{number}",
                    "conv",
                    channels,
                    maps,
                    kernel=3,
                    padding=1,
                    pool=pool,
                    ceil_mode=False,
                    batch_norm=True,
                )
            )
    hidden = hidden_layers([layers[-1].width // 2], [options["dropout"]], batch_norm=True)[0]
    return [*layers, replace(hidden, flatten="mean"), output_layer(classes, options)]
