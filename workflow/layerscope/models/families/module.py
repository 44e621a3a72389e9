"""Networks of one's own: a function of a person's own file builds them, any torch module."""

from layerscope.models.kept import kept_plan

FAMILY = {
    "description": (
        "A network of one's own: `build(shape, classes, activation, **options)` in a file under `code:` returns any "
        "torch.nn.Module that puts out one logit a class, or one number a target. Of sequences of tokens it is given "
        "`vocabulary` too."
    ),
    "own_code": "file",
    "builds": True,
    "packages": ("timm", "torchvision"),
    "takes_tokens": True,
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

plan = kept_plan


def network(name: str, options: dict, shape: tuple[int, ...], classes: int, activation, seed: int):
    """A freshly initialised network of a study; see layerscope.models.modules.module_network."""
    from layerscope.models.modules import module_network

    return module_network(build, name, options, shape, classes, activation, seed)


def build(options: dict, shape: tuple[int, ...], classes: int, activation):
    """A freshly initialised module. activation: makes the module of the study's activation function."""
    from layerscope.models.own_code import built

    tokens = {"vocabulary": options["vocabulary"]} if "vocabulary" in options else {}
    return built(options["file"], options["function"], shape, classes, activation, {**tokens, **options["options"]})
