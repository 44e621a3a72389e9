"""The plan of an architecture, which its family provides: the layers in order, with their shapes, before anything is built.

Families are imported whenever a study is planned, so neither this module nor theirs imports torch.
"""

from dataclasses import dataclass

from layerscope.errors import StudyError

ACTIVATIONS = ("relu", "tanh", "logsig", "softsign", "leaky_relu", "elu", "gelu", "identity")


@dataclass(frozen=True)
class Layer:
    """One layer: a linear map or convolution, then batch norm, max pooling, the activation and dropout, where asked for.

    name: as in files and selectors. kind: conv, linear, transposed (a transposed convolution that doubles the side of its maps)
    or built (a whole network, by the function `built` of the module built_by, that costs as many parameters, operations and
    output values as `cost` says). width: number of filters or units. shape: of the output for one
    observation, after pooling; the units of a linear layer are reshaped to it. activation: the layer's own, None for that of
    the study. flatten: what a linear layer reads of maps, `all` values or the `mean` of each map. resize: the side that images
    are resized to before the layer; 0 for none.

    Of a layer in a torch module of another origin (kind conv, linear or module): path: of the module in the network. call, calls:
    which call of it in a pass, of how many. axis: that of the observations in its output. sequence_pool: what is kept of several
    vectors an observation (mean, cls, last, none; "" where there is one). channels_first: whether the first axis of these is that
    of their numbers. parameters: numbers that it learns.
    """

    name: str
    kind: str
    width: int
    shape: tuple[int, ...]
    kernel: int = 0
    padding: int | str = 0
    pool: int = 0
    ceil_mode: bool = True
    batch_norm: bool = False
    activation: str | None = None
    dropout: float = 0.0
    flatten: str = "all"
    resize: int = 0
    path: str = ""
    call: int = 1
    calls: int = 1
    axis: int = 0
    sequence_pool: str = ""
    channels_first: bool = False
    parameters: int = 0
    built_by: str = ""
    cost: tuple[float, float, float] | None = None

    @property
    def has_maps(self) -> bool:
        """Whether the output is maps of which each can be looked at as a filter."""
        return self.kind == "conv" or (self.kind == "module" and len(self.shape) == 3)

    @property
    def has_filters(self) -> bool:
        """Whether `all` layers with filters include this one: its output is maps larger than 1 × 1."""
        return self.has_maps and self.shape[1:] != (1, 1)

    @property
    def normalises(self) -> bool:
        """Whether the layer contains batch norm, which cannot train on batches of one observation."""
        return self.batch_norm or self.kind == "built"

    @property
    def has_map(self) -> bool:
        """Whether the layer is a single linear map or convolution, so that it has outputs before the activation."""
        return self.kind not in ("built", "module") and self.calls == 1


def hidden_layers(sizes: list[int], dropouts: list[float], batch_norm: bool) -> list[Layer]:
    """Fully connected layers hidden1, hidden2, ..."""
    return [
        Layer(f"hidden{number}", "linear", size, (size,), dropout=dropout, batch_norm=batch_norm)
        for number, (size, dropout) in enumerate(zip(sizes, dropouts, strict=True), start=1)
    ]


def output_layer(classes: int, options: dict, flatten: str = "all") -> Layer:
    """The last layer of a classifier. Its logits have no activation unless the study sets `output_activation`."""
    return Layer("output", "linear", classes, (classes,), activation=options["output_activation"], flatten=flatten)


def image_shape(shape: tuple[int, ...], name: str) -> tuple[int, int, int]:
    """(channels, height, width) of a dataset's images. Raises StudyError for vectors."""
    if len(shape) == 1:
        raise StudyError(f"architecture '{name}' convolves images; the dataset has vectors of {shape[0]} features")
    return (1, *shape) if len(shape) == 2 else (shape[0], shape[1], shape[2])


def convolved(
    shape: tuple[int, int, int], channels: int, kernel: int, padding: int | str, pool: int, ceil_mode: bool, where: str
) -> tuple[int, int, int]:
    """(channels, height, width) after a convolution of stride 1 and a max pooling. Raises StudyError where nothing is left."""
    sides = list(shape[1:]) if isinstance(padding, str) else [side + 2 * padding - kernel + 1 for side in shape[1:]]
    if pool:
        sides = [-(-(side - pool) // pool) + 1 if ceil_mode else (side - pool) // pool + 1 for side in sides]
    if min(sides) < 1:
        raise StudyError(f"{where}: maps of {shape[1]} × {shape[2]} are too small for kernel {kernel} and pool {pool or 1}")
    return (channels, sides[0], sides[1])


def convolution_layers(name: str, options: dict, maps: tuple[int, int, int]) -> list[Layer]:
    """conv1, conv2, ... as `options['convolutions']` of an architecture lists them, on (channels, height, width) maps.

    Each is {channels, kernel, padding: valid | same, pool, dropout}. Raises StudyError where the maps are too small.
    """
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
    return layers


def per_layer(value: float | list[float], count: int, where: str) -> list[float]:
    """A list of `count` values, from one value for all layers or a list with one per layer. StudyError for other lengths."""
    if not isinstance(value, list):
        return [value] * count
    if len(value) != count:
        raise StudyError(f"{where} lists {len(value)} values for {count} layers; give one value, or one a layer")
    return value
