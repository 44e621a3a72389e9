"""Networks of one's own: a function of a person's own file builds them, any torch module."""

from layerscope.models.kept import kept_plan
from layerscope.models.plan import Layer

FAMILY = {
    "description": (
        "A network of one's own: `build(shape, classes, activation, **options)` in a file under `code:` returns any "
        "torch.nn.Module that puts out one logit a class."
    ),
    "own_code": "file",
    "builds": True,
    "required": ("file",),
    "options": {
        "file": {"description": "One of the files under `code:`.", "type": "string", "minLength": 1},
        "function": {"description": "The function that builds it.", "type": "string", "minLength": 1, "default": "build"},
        "options": {
            "description": "What the function is given by name, beside shape, classes and activation.",
            "type": "object",
            "default": {},
        },
        "layers": {"$ref": "#/$defs/module_layers"},
        "pool": {"$ref": "#/$defs/sequence_pool"},
        "sequences": {"$ref": "#/$defs/sequence_axes"},
    },
}


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers that the patterns choose; the network is built and run once to find them, and what was found is kept."""
    return kept_plan(name, options, shape, classes)


def build(options: dict, shape: tuple[int, ...], classes: int, activation):
    """A freshly initialised module. activation: makes the module of the study's activation function."""
    from layerscope.models.own_code import built

    return built(options["file"], options["function"], shape, classes, activation, options["options"])
