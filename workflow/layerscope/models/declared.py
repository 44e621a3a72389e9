"""Layers that a family declares as a literal, instead of planning them by a function."""

from layerscope.errors import StudyError
from layerscope.models.plan import Layer, convolved, image_shape

KINDS = ("conv", "linear")
FIELDS = ("name", "kind", "each", "width", "kernel", "padding", "pool", "batch_norm", "activation", "dropout", "flatten")


def declared_layers(name: str, declared: list[dict], options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of an architecture, first to last.

    declared: one mapping per layer, with the fields of layerscope.models.plan.Layer; shapes are computed. A value that is the
    name of an option of the architecture is replaced by the option's value, `classes` by the number of classes. `each` names an
    option that is a list and makes one layer per item: in its fields `value` is replaced by the item, and in its name `{number}`
    by the item's place, from 1. padding: in pixels, or `same`. Raises StudyError where a layer has unknown or missing fields,
    and where the layers do not fit the images.
    """
    layers: list[Layer] = []
    incoming = shape
    for about in declared:
        unknown = [field for field in about if field not in FIELDS]
        if unknown or about.get("kind") not in KINDS or "name" not in about or "width" not in about:
            what = f"has no field {unknown[0]}" if unknown else f"needs a name, a width, and a kind ({' or '.join(KINDS)})"
            raise StudyError(f"architectures.{name}: the layer {about.get('name', about)} that its family declares {what}")
        values = options[about["each"]] if "each" in about else [None]
        for number, value in enumerate(values, start=1):
            known = {**options, "classes": classes, "value": value}
            fields = {
                field: known.get(part, part) if isinstance(part, str) else part
                for field, part in about.items()
                if field not in ("name", "kind", "each")
            }
            layer_name = about["name"].format(number=number)
            if about["kind"] == "linear":
                layer = Layer(layer_name, "linear", shape=(fields["width"],), **fields)
            else:
                maps = image_shape(incoming, name)
                kernel, padding, pool = fields["kernel"], fields.get("padding", 0), fields.get("pool", 0)
                where = f"architectures.{name}, {layer_name}"
                layer = Layer(
                    layer_name, "conv", shape=convolved(maps, fields["width"], kernel, padding, pool, True, where), **fields
                )
            layers.append(layer)
            incoming = layer.shape
    if not layers:
        raise StudyError(f"architectures.{name}: its family declares no layers")
    return layers
