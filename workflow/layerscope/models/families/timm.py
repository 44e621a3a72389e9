"""Networks of timm by their names there: convnext_atto, vit_tiny_patch16_224, ..., freshly initialised."""

from layerscope.models.kept import kept_plan

FAMILY = {
    "description": "A classifier of timm by its name there, freshly initialised, for the channels that the data have.",
    "builds": True,
    "packages": ("timm", "torchvision"),
    "required": ("model",),
    "options": {
        "model": {
            "description": "For instance convnext_atto, as timm.create_model takes it.",
            "type": "string",
            "minLength": 1,
        },
        "options": {
            "description": "What timm.create_model takes by name, for instance {img_size: 32, patch_size: 4}.",
            "type": "object",
            "default": {},
        },
        "layers": {"$ref": "#/$defs/module_layers"},
        "pool": {"$ref": "#/$defs/sequence_pool"},
        "sequences": {"$ref": "#/$defs/sequence_axes"},
    },
}

# Options of timm that read weights in ways of its own.
FETCHING = ("pretrained", "pretrained_cfg", "checkpoint_path", "cache_dir")
plan = kept_plan


def network(name: str, options: dict, shape: tuple[int, ...], classes: int, activation, seed: int):
    """A freshly initialised network of a study; see layerscope.models.modules.module_network."""
    from layerscope.models.modules import module_network

    return module_network(build, name, options, shape, classes, activation, seed)


def build(options: dict, shape: tuple[int, ...], classes: int, activation):
    """A freshly initialised module; its activation functions are its own. Raises StudyError for names that timm lacks."""
    from difflib import get_close_matches

    from layerscope.errors import StudyError
    from layerscope.torchvision_import import import_torchvision

    # timm imports it, and the plain import fails beside some builds of torch.
    import_torchvision()
    try:
        import timm
    except ImportError as error:
        raise StudyError(f"family: timm needs the package timm ({error}); pip install timm") from error
    name, channels = options["model"], shape[0] if len(shape) == 3 else 1
    if not timm.is_model(name.partition(".")[0]):
        near = get_close_matches(name, timm.list_models(), n=3, cutoff=0.0)
        raise StudyError(f"timm has no model '{name}'; the nearest are {', '.join(near)}")
    for key in {*FETCHING} & {*options["options"]}:
        raise StudyError(f"options.{key} would fetch weights, or run the code in them; name a file of them by `weights`")
    try:
        return timm.create_model(
            name, **{"pretrained": False, "in_chans": channels, "num_classes": classes, **options["options"]}
        )
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise StudyError(f"timm's {name} cannot be built ({type(error).__name__}: {error})") from error
