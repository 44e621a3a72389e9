"""Build a network and look at it, as JSON. Run in a process of its own by layerscope.models.answers.

Each question is a function of this module.
"""

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from torch import nn

from layerscope.errors import Mistakes, StudyError
from layerscope.models.modules import (
    built_module,
    default_names,
    has_batch_norm,
    has_signals,
    input_shape,
    other_names,
    parts_of,
)
from layerscope.models.network import build_network
from layerscope.models.patterns import fits, nearest
from layerscope.models.weights import load_weights


def parts(name: str, options: dict, shape: list[int], classes: int) -> dict:
    """The parts of a module, the names that are layers by default, and whether it has batch norm. StudyError if it fails."""
    family = import_module(f"layerscope.models.families.{options['family']}")
    module = built_module(family.build, name, options, tuple(shape), classes, nn.ReLU, seed=0)
    found = parts_of(module, input_shape(tuple(shape)), f"architectures.{name}", options.get("vocabulary"))
    return {
        "parts": [asdict(part) for part in found],
        "default": default_names(module, found),
        "others": other_names(module, found),
        "normalises": has_batch_norm(module),
        "signals": has_signals(module),
    }


def parameters(
    name: str, options: dict, shape: list[int], classes: int, activation: str, weights: str | None, patterns: dict[str, list[str]]
) -> dict:
    """The names of the parameters of a network. Raises StudyError where weights or patterns of names do not fit them.

    weights: the file that the network begins with. patterns: key of the training → patterns of names.
    """
    mistakes = Mistakes()
    network = build_network(name, options, tuple(shape), classes, activation, seed=0)
    if weights:
        with mistakes.gathered():
            load_weights(network, Path(weights), options.get("fresh", []), f"architectures.{name}")
    names = [parameter for parameter, _ in network.origin.named_parameters()]
    known = list(network.origin.state_dict())
    for key, given in patterns.items():
        for pattern in given:
            if not any(fits(known_name, pattern) for known_name in known):
                what = f"no parameter of {name} is called '{pattern}'"
                mistakes.messages.append(f"training.{key}: {what}; {nearest(pattern, known)}")
    if "freeze" in patterns and all(any(fits(known_name, pattern) for pattern in patterns["freeze"]) for known_name in names):
        mistakes.messages.append(f"training.freeze leaves nothing of {name} to train; `epochs: 0` trains nothing")
    mistakes.refuse()
    return {"parameters": names}


QUESTIONS: dict[str, Callable[..., dict]] = {"parts": parts, "parameters": parameters}


def main() -> None:
    """Read what is asked from standard input, and answer on the last line of standard output."""
    asked = json.load(sys.stdin)
    try:
        # A person's own code may print.
        with redirect_stdout(sys.stderr):
            answer = {"whole": True, **QUESTIONS[sys.argv[1]](**asked)}
    except StudyError as error:
        answer = {"mistakes": list(error.messages)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
