"""Networks of torchvision by their names there: resnet18, vit_b_16, ..., freshly initialised."""

from layerscope.models.kept import kept_plan

FAMILY = {
    "description": (
        "A classifier of torchvision.models by its name there, freshly initialised. Grey pictures become three equal channels."
    ),
    "builds": True,
    "packages": ("torchvision",),
    "also_called": ("resnet",),
    "required": ("model",),
    "options": {
        "model": {
            "description": "For instance resnet18, as torchvision.models.get_model takes it.",
            "type": "string",
            "minLength": 1,
        },
        "options": {
            "description": "What the model's function takes by name, for instance {width_per_group: 32}.",
            "type": "object",
            "default": {},
        },
        "layers": {"$ref": "#/$defs/module_layers"},
        "pool": {"$ref": "#/$defs/sequence_pool"},
        "sequences": {"$ref": "#/$defs/sequence_axes"},
    },
}

# Options of torchvision that fetch weights.
FETCHING = ("weights", "weights_backbone", "pretrained")
plan = kept_plan


def network(name: str, options: dict, shape: tuple[int, ...], classes: int, activation, seed: int):
    """A freshly initialised network of a study; see layerscope.models.modules.module_network."""
    from layerscope.models.modules import module_network

    return module_network(build, name, options, shape, classes, activation, seed)


def build(options: dict, shape: tuple[int, ...], classes: int, activation):
    """A freshly initialised module; its activation functions are its own. Raises StudyError for names that torchvision lacks."""
    from layerscope.errors import StudyError, one_of
    from layerscope.torchvision_import import import_torchvision

    models = import_torchvision().models
    known = models.list_models(module=models)
    if options["model"] not in known:
        raise StudyError(f"torchvision has no model '{options['model']}'; {one_of(options['model'], known)}")
    for key in {*FETCHING} & {*options["options"]}:
        raise StudyError(f"options.{key} would fetch weights; name a file of them by `weights`")
    try:
        module = models.get_model(options["model"], weights=None, **{"num_classes": classes, **options["options"]})
    except (TypeError, ValueError) as error:
        raise StudyError(f"torchvision's {options['model']} cannot be built ({error})") from error
    if len(shape) == 2 or (len(shape) == 3 and shape[0] == 1):
        # A hook, since a module around this one would change the names of its layers and weights.
        module.register_forward_pre_hook(lambda module, inputs: (inputs[0].expand(-1, 3, -1, -1), *inputs[1:]))
    return module
