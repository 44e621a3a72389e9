"""Networks of torchvision by their names there: resnet18, vit_b_16, ..., freshly initialised."""

from layerscope.models.kept import kept_plan
from layerscope.models.plan import Layer

FAMILY = {
    "description": "A classifier of torchvision.models by its name there, freshly initialised.",
    "builds": True,
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


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers that the patterns choose; the network is built and run once to find them, and what was found is kept."""
    return kept_plan(name, options, shape, classes)


def build(options: dict, shape: tuple[int, ...], classes: int, activation):
    """A freshly initialised module; its activation functions are its own. Raises StudyError for names that torchvision lacks."""
    from layerscope.errors import StudyError, one_of
    from layerscope.torchvision_import import import_torchvision

    models = import_torchvision().models
    known = models.list_models(module=models)
    if options["model"] not in known:
        raise StudyError(f"torchvision has no model '{options['model']}'; {one_of(options['model'], known)}")
    try:
        return models.get_model(options["model"], weights=None, **{"num_classes": classes, **options["options"]})
    except (TypeError, ValueError) as error:
        raise StudyError(f"torchvision's {options['model']} cannot be built ({error})") from error
