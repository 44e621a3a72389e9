"""A family of networks: fully connected layers of any widths."""

FAMILY = {
    "description": "Fully connected layers, hidden1, hidden2, ..., and the output.",
    "required": ("widths",),
    "options": {
        "widths": {"description": "Units of the layers.", "type": "array", "minItems": 1, "items": {"type": "integer"}},
        "initialisation": {"$ref": "#/$defs/initialisation"},
    },
    "layers": [
        {"name": "hidden{number}", "kind": "linear", "each": "widths", "width": "value"},
        {"name": "output", "kind": "linear", "width": "classes", "activation": "identity"},
    ],
}
