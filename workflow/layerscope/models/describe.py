"""Build a network and run it once: what its parts put out, as JSON. Run in a process of its own by layerscope.models.kept."""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from importlib import import_module

from torch import nn

from layerscope.errors import StudyError
from layerscope.models.modules import (
    built_module,
    default_names,
    has_batch_norm,
    has_signals,
    input_shape,
    other_names,
    parts_of,
)


def describe(name: str, options: dict, shape: list[int], classes: int) -> dict:
    """parts of a network, the names that are layers by default, and whether it has batch norm. Raises StudyError if it fails."""
    family = import_module(f"layerscope.models.families.{options['family']}")
    module = built_module(family.build, name, options, tuple(shape), classes, nn.ReLU, seed=0)
    parts = parts_of(module, input_shape(tuple(shape)), f"architectures.{name}")
    return {
        "parts": [asdict(part) for part in parts],
        "default": default_names(module, parts),
        "others": other_names(module, parts),
        "normalises": has_batch_norm(module),
        "signals": has_signals(module),
    }


def main() -> None:
    """Read what is asked from standard input, and answer on the last line of standard output."""
    asked = json.load(sys.stdin)
    try:
        # A person's own code may print.
        with redirect_stdout(sys.stderr):
            answer = describe(**asked)
    except StudyError as error:
        answer = {"mistakes": list(error.messages)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
