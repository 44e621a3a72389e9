"""Convolutional autoencoders: an encoder, bottleneck, expansion, deconv1, deconv2, and the picture as output."""

from dataclasses import replace

from layerscope.errors import StudyError
from layerscope.models.plan import Layer, convolution_layers, image_shape

FAMILY = {
    "description": "Convolutional autoencoders of pictures of 32 × 32.",
    "reconstructs": True,
    "packages": ("torchvision",),
    "required": ("bottleneck",),
    "options": {
        "encoder": {
            "description": "inception is torchvision's InceptionV3, freshly initialised; convolutions are those listed.",
            "enum": ["inception", "convolutions"],
            "default": "inception",
        },
        "size": {
            "description": "Side of the square that pictures are resized to before the encoder.",
            "type": "integer",
            "minimum": 1,
            "default": 299,
        },
        "bottleneck": {"description": "Units between encoder and decoder.", "type": "integer", "minimum": 1},
        "channels": {
            "description": "Of the 4 × 4 maps that the decoder begins with; each of its layers halves them.",
            "type": "integer",
            "minimum": 4,
            "default": 256,
        },
        "convolutions": {"$ref": "#/$defs/convolutions", "default": []},
        "ceil_mode": {"description": "Poolings keep an incomplete last window.", "type": "boolean", "default": True},
        "batch_norm": {
            "description": "Batch norm before every hidden activation but those of InceptionV3 itself.",
            "type": "boolean",
            "default": True,
        },
        "initialisation": {"$ref": "#/$defs/initialisation"},
    },
}

SIDE = 32
INCEPTION_FEATURES = 2048
# On images of 299 × 299: parameters and operations as torchvision states them, and a bound on its output values.
INCEPTION_COST = (27.2e6, 11.4e9, 1.2e7)
# The maps of InceptionV3 vanish for images smaller than this.
SMALLEST_FOR_INCEPTION = 75


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """Resize images of 32 × 32 to `size` × `size`, encode them in `bottleneck` units and decode these to 32 × 32.

    encoder: `inception` is torchvision's InceptionV3 without its classifier (one layer, `inception`); `convolutions` are
    those of the architecture (conv1, ...), followed by the mean of each last map. The decoder is a linear layer to 4 × 4 ×
    `channels` and three transposed convolutions: to 8 × 8 with half as many channels, to 16 × 16 with a quarter, to the image.
    """
    channels, *sides = image_shape(shape, name)
    if sides != [SIDE, SIDE]:
        raise StudyError(f"architectures.{name}: autoencoders draw pictures of {SIDE} × {SIDE}")
    size = options["size"]
    if options["encoder"] == "inception":
        if options["convolutions"]:
            raise StudyError(
                f"architectures.{name}.convolutions changes nothing with encoder: inception; write encoder: convolutions, "
                "or remove it"
            )
        if size < SMALLEST_FOR_INCEPTION:
            raise StudyError(f"architectures.{name}.size: {size} is too small for InceptionV3; {SMALLEST_FOR_INCEPTION} or more")
        if channels != 3:
            raise StudyError(f"architectures.{name}.encoder: InceptionV3 reads three channels; use convolutions")
        features = (INCEPTION_FEATURES,)
        encoder = [
            Layer("inception", "built", *features, features, activation="identity", built_by=__name__, cost=INCEPTION_COST)
        ]
    elif options["convolutions"]:
        encoder = convolution_layers(name, options, (channels, size, size))
    else:
        raise StudyError(f"architectures.{name}.convolutions is missing; encoder: convolutions needs it")
    units, wide = options["bottleneck"], options["channels"]
    normalised = options["batch_norm"]
    return [
        replace(encoder[0], resize=size),
        *encoder[1:],
        Layer("bottleneck", "linear", units, (units,), activation="identity", flatten="mean"),
        Layer("expansion", "linear", 4 * 4 * wide, (wide, 4, 4)),
        Layer("deconv1", "transposed", wide // 2, (wide // 2, 8, 8), batch_norm=normalised),
        Layer("deconv2", "transposed", wide // 4, (wide // 4, 16, 16), batch_norm=normalised),
        Layer("output", "transposed", channels, (channels, SIDE, SIDE), activation="identity"),
    ]


def built(layer: Layer):
    """InceptionV3, freshly initialised, without its classifiers: (n, 3, side, side) to (n, 2048)."""
    from torch import nn

    from layerscope.torchvision_import import import_torchvision

    inception = import_torchvision().models.inception_v3(weights=None, aux_logits=False, init_weights=True)
    inception.fc = nn.Identity()
    inception.dropout = nn.Identity()
    return inception
