"""The layers of networks that must be built to know them."""

from dataclasses import dataclass

from layerscope.models.answers import answer
from layerscope.models.parts import Part, chosen_parts, classifies, layers_of, sequences_stated
from layerscope.models.plan import Layer

# Options that choose among the parts of a network, or give it other weights, and do not change what its parts put out.
CHOICES = ("layers", "pool", "sequences", "weights", "fresh")


def kept_plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of an architecture, first to last.

    Raises StudyError where the network cannot be built or run, where it is no classifier, and for patterns that fit nothing.
    """
    where = f"architectures.{name}"
    found = kept(name, options, shape, classes)
    classifies(found.parts, classes, where)
    chosen = chosen_parts(found.parts, found.default, options.get("layers"), where, found.others)
    first = sequences_stated(options, found.signals, chosen, where)
    return layers_of(chosen, options["pool"], found.normalises, first)


@dataclass(frozen=True)
class Kept:
    """What is kept of a network: its parts, the names that are layers by default, and the modules that are no parts.

    normalises: whether it has batch norm. signals: whether it has one-dimensional convolutions.
    """

    parts: list[Part]
    default: list[str]
    others: list[str]
    normalises: bool
    signals: bool


def kept(name: str, options: dict, shape: tuple[int, ...], classes: int) -> Kept:
    """What was found of a network; see layerscope.models.answers."""
    options = {key: value for key, value in options.items() if key not in CHOICES}
    found = answer("parts", {"name": name, "options": options, "shape": list(shape), "classes": classes})
    parts = [Part(**{**part, "shape": tuple(part["shape"])}) for part in found["parts"]]
    return Kept(parts, found["default"], found["others"], found["normalises"], found["signals"])
