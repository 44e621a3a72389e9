"""Networks whose activations people bring in files of their own, made by any framework: nothing is trained or run."""

import math
from pathlib import Path

from layerscope.errors import StudyError, one_of
from layerscope.models.plan import Layer

FAMILY = {
    "description": (
        "Activations of one's own in HDF5 or npz files, one file a network: an array (n, ...) a layer, `labels`, and perhaps "
        "`predictions`, `losses`, `input`, `classes` and `index`. layerscope.store.write_activations writes such a file."
    ),
    "given": True,
    "required": ("path",),
    "options": {
        "path": {
            "description": (
                "The file of each network, with {seed}, {dataset}, {architecture}, {activation} or {epoch} if there are more."
            ),
            "type": "string",
            "minLength": 1,
        },
        "layers": {
            "description": "Names of the layers that are taken, first to last; by default all in the order of the file.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/layer_name"},
        },
        "layout": {
            "description": (
                "Where the channels stand in arrays with three axes an observation; single maps can be looked at only then."
            ),
            "enum": ["channels_first", "channels_last"],
        },
        "split": {
            "description": "The split of the dataset that the rows are observations of.",
            "enum": ["train", "validation", "test"],
            "default": "test",
        },
        "epochs": {
            "description": (
                "The epochs of the files, where path has {epoch}; 0 is untrained. Otherwise a file is of a trained network."
            ),
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "integer", "minimum": 0},
        },
    },
}


def plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of the file at options['file'], first to last. Raises StudyError where the file does not tell their order."""
    from layerscope.data.given import look_at

    where = f"architectures.{name}"
    given = look_at(Path(options["file"]), where)
    if "layers" in options:
        unknown = [layer for layer in options["layers"] if layer not in given.layers]
        if unknown:
            raise StudyError(
                *(f"{where}.layers: {given.file} has no {layer}; {one_of(layer, given.layers)}" for layer in unknown)
            )
    elif not given.ordered:
        raise StudyError(
            f"{where}: {given.file} does not tell the order of its layers ({', '.join(given.layers)}); list them under `layers`, "
            "first to last"
        )
    return [_layer(layer, given.layers[layer], options.get("layout")) for layer in options.get("layers", given.layers)]


def _layer(name: str, shape: tuple[int, ...], layout: str | None) -> Layer:
    if len(shape) == 3 and layout is not None:
        shape = shape if layout == "channels_first" else (shape[2], *shape[:2])
        return Layer(name, "module", shape[0], shape)
    # Without a layout nothing says which axis counts maps: an observation is one vector.
    values = math.prod(shape)
    return Layer(name, "module", values, (values,))
