"""Convolutional networks: conv1, conv2, ..., hidden1, ..., output."""

from layerscope.models.plan import Layer, convolved, hidden_layers, image_shape, output_layer, per_layer


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """`options['convolutions']`, each {channels, kernel, padding: valid | same, pool, dropout}, then `hidden` and the output.

    Max pooling comes before the activation, which changes nothing for the monotone functions offered here.
    """
    maps = image_shape(shape, name)
    layers = []
    for number, convolution in enumerate(options["convolutions"], start=1):
        kernel, pool = convolution["kernel"], convolution["pool"]
        padding = "same" if convolution["padding"] == "same" else 0
        where = f"architectures.{name}.convolutions, conv{number}"
        maps = convolved(maps, convolution["channels"], kernel, padding, pool, options["ceil_mode"], where)
        layers.append(
            Layer(
                f"conv{number}",
                "conv",
                convolution["channels"],
                maps,
                kernel=kernel,
                padding=padding,
                pool=pool,
                ceil_mode=options["ceil_mode"],
                batch_norm=options["batch_norm"],
                dropout=convolution["dropout"],
            )
        )
    sizes = options["hidden"]
    dropouts = per_layer(options["dropout"], len(sizes), f"architectures.{name}.dropout")
    return [*layers, *hidden_layers(sizes, dropouts, options["batch_norm"]), output_layer(classes, options)]
