"""The parts of a network that was built to know them, and which of them are layers of a study. torch is not imported."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from layerscope.errors import StudyError
from layerscope.models.plan import Layer

OUTPUT = "output"


@dataclass(frozen=True)
class Part:
    """One output of a part of a network.

    name: the module's path, with @2, @3, ... for further calls within one pass; `output` is the network itself. module: its
    class. kind: conv, linear (recurrent layers too) or module. shape: of the output for one observation. axis: that of the
    observations. parameters: numbers that the module and its parts learn. ends: whether its output is that of the network.
    """

    name: str
    path: str
    call: int
    module: str
    kind: str
    shape: tuple[int, ...]
    axis: int
    parameters: int
    ends: bool

    @property
    def values(self) -> int:
        """Values of the output for one observation."""
        return math.prod(self.shape)


def chosen_parts(parts: Sequence[Part], default: Sequence[str], patterns: Sequence[str] | None, where: str) -> list[Part]:
    """The parts that are layers of a study, in the order in which they end; the output of the model is always the last.

    default: the names that are layers where there are no patterns. patterns: names of parts (see fits). Raises StudyError for a
    pattern that fits nothing, with the nearest names.
    """
    output = parts[-1]
    if patterns is None:
        chosen = [part for part in parts[:-1] if part.name in default]
        if chosen and chosen[-1].ends:
            # A linear layer at the end is followed under the name of the output.
            output = replace(chosen.pop(), name=OUTPUT)
        return [*chosen, output]
    names = [part.name for part in parts]
    missing = [pattern for pattern in patterns if not any(fits(name, pattern) for name in names)]
    if missing:
        raise StudyError(
            *(f"{where}.layers: no part of the network is called '{name}'; {_nearest(name, names)}" for name in missing)
        )
    return [*(part for part in parts[:-1] if any(fits(part.name, pattern) for pattern in patterns)), output]


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=3, cutoff=0.3) or names[:3]
    return f"the nearest are {', '.join(near)}; `layerscope describe` lists all"


def fits(name: str, pattern: str) -> bool:
    """Whether a module's path fits a pattern: * stands for a part of a name between dots, ** for any part, ? for a letter."""
    spelt = {"**": ".*", "*": "[^.]*", "?": "[^.]"}
    steps = re.findall(r"\*\*|\*|\?|[^*?]+", pattern)
    return re.fullmatch("".join(spelt.get(step, re.escape(step)) for step in steps), name) is not None


def layers_of(parts: Sequence[Part], pool: str, normalises: bool) -> list[Layer]:
    """The plan of chosen parts. pool: what becomes of outputs of several vectors an observation (tokens, steps)."""
    layers = []
    for part in parts:
        pooled = pool if len(part.shape) == 2 and part.kind != "conv" and not _is_signal(part) else ""
        shape = part.shape[1:] if pooled and pooled != "none" else part.shape
        width = shape[0] if len(shape) == 3 else shape[-1]
        layers.append(
            Layer(
                *(part.name, part.kind, width, shape),
                batch_norm=normalises and part is parts[-1],
                path=part.path,
                call=part.call,
                axis=part.axis,
                sequence_pool=pooled,
                parameters=part.parameters,
            )
        )
    return layers


def _is_signal(part: Part) -> bool:
    """Whether an output of two axes has its channels first: that of a one-dimensional convolution."""
    return part.module in ("Conv1d", "ConvTranspose1d")


def classifies(parts: list[Part], classes: int, where: str) -> None:
    """Raise StudyError where the last of the parts is not one logit for each class."""
    ends = [part.shape for part in parts[-1:] if part.name == OUTPUT]
    if ends != [(classes,)]:
        found = " × ".join(map(str, ends[0])) if ends else "nothing that keeps observations apart"
        raise StudyError(f"{where} puts out {found} for an observation; {classes} numbers, one a class, are wanted")
