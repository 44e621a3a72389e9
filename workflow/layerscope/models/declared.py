"""Layers that a family declares as a literal, instead of planning them by a function."""

from layerscope.errors import StudyError, one_of
from layerscope.models.plan import ACTIVATIONS, Layer, convolved, image_shape

KINDS = ("conv", "linear")
TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("width", "kernel", "padding", "pool"), int),
    "batch_norm": bool,
    "dropout": (int, float),
    **dict.fromkeys(("activation", "flatten"), str),
}
WANTED = dict.fromkeys(("width", "kernel", "padding", "pool"), "a whole number") | {
    "batch_norm": "true or false",
    "dropout": "a number",
    **dict.fromkeys(("activation", "flatten"), "text"),
}
WORDS = {"activation": ACTIVATIONS, "flatten": ("all", "mean")}
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
        values = options.get(about["each"]) if "each" in about else [None]
        if not isinstance(values, list):
            raise StudyError(f"architectures.{name}: `each` of {about['name']} names no option with a list: '{about['each']}'")
        for number, value in enumerate(values, start=1):
            known = {**options, "classes": classes, "value": value}
            fields = {
                field: known.get(part, part) if isinstance(part, str) else part
                for field, part in about.items()
                if field not in ("name", "kind", "each")
            }
            layer_name = about["name"].replace("{number}", str(number))
            _check_fields(fields, about["kind"], f"architectures.{name}, {layer_name}")
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


def _check_fields(fields: dict, kind: str, where: str) -> None:
    """Raise StudyError for a field of a layer that has no fitting value, now that names of options are replaced by theirs."""
    if kind == "conv" and "kernel" not in fields:
        raise StudyError(f"{where} has no kernel, which a convolution needs; add it to the layer that the family declares")
    for field, value in fields.items():
        wanted = TYPES[field]
        fits = isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)
        if not fits and not (field == "padding" and value == "same"):
            raise StudyError(f"{where}: {field} is {value!r}; {WANTED[field]}, or the name of such an option, is wanted")
        if field in WORDS and value not in WORDS[field]:
            raise StudyError(f"{where}: {field} is {value!r}; {one_of(value, WORDS[field])}")
