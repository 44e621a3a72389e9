"""The parts of a network that was built to know them, and which of them are layers of a study. torch is not imported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from layerscope.errors import StudyError
from layerscope.models.patterns import fits, nearest
from layerscope.models.plan import Layer

OUTPUT = "output"


@dataclass(frozen=True)
class Part:
    """One output of a part of a network.

    name: the module's path, with @2, @3, ... for further calls within one pass; `output` is the network itself. call, calls:
    which call of the module in a pass this is, of how many. module: its class. kind: conv, linear (recurrent layers too) or
    module. shape: of the output for one observation. axis: that of the observations. parameters: numbers that the module and its
    parts learn. ends: whether its output is that of the network.
    """

    name: str
    path: str
    call: int
    calls: int
    module: str
    kind: str
    shape: tuple[int, ...]
    axis: int
    parameters: int
    ends: bool


def chosen_parts(
    parts: Sequence[Part], default: Sequence[str], patterns: Sequence[str] | None, where: str, others: Sequence[str] = ()
) -> list[Part]:
    """The parts that are layers of a study, in the order in which they end; the output of the model is always the last.

    default: the names that are layers where there are no patterns. patterns: names of parts, see layerscope.models.patterns.
    others: modules that are no parts. Raises StudyError for a pattern that fits nothing, with the nearest names, and for names
    that no file can hold.
    """
    output = parts[-1]
    # What puts out what the network puts out, under its name, is the output itself.
    inner = [part for part in parts[:-1] if not (part.name == OUTPUT and part.ends)]
    if patterns is None:
        chosen = [part for part in parts[:-1] if part.name in default]
        if chosen and chosen[-1].ends:
            # A linear layer at the end is followed under the name of the output.
            output = replace(chosen.pop(), name=OUTPUT)
    else:
        names = [part.name for part in parts]
        missing = [pattern for pattern in patterns if not any(fits(name, pattern) for name in names)]
        if missing:
            raise StudyError(*(f"{where}.layers: {_why_missing(pattern, names, others)}" for pattern in missing))
        chosen = [part for part in inner if any(fits(part.name, pattern) for pattern in patterns)]
    names = [part.name for part in (*chosen, output)]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1 or "/" in name):
        raise StudyError(f"{where}: a layer cannot be called '{name}' beside others of this network; rename the module")
    return [*chosen, output]


def _why_missing(pattern: str, names: Sequence[str], others: Sequence[str]) -> str:
    there = [name for name in others if fits(name, pattern)]
    if there:
        return f"'{there[0]}' is no layer: it was not called, or its output does not keep observations apart"
    return f"no part of the network is called '{pattern}'; {nearest(pattern, names)}; `layerscope describe` lists all"


def layers_of(parts: Sequence[Part], pool: str, normalises: bool, channels_first: bool = False) -> list[Layer]:
    """The plan of chosen parts.

    pool: what becomes of outputs of several vectors an observation (tokens, steps, positions). channels_first: whether the first
    axis of such an output is that of the numbers of a vector, as in one-dimensional convolutions.
    """
    layers = []
    for part in parts:
        pooled = pool if len(part.shape) == 2 else ""
        shape = part.shape
        if pooled and pooled != "none":
            shape = part.shape[:1] if channels_first else part.shape[1:]
        first = len(shape) == 3 or (len(shape) == 2 and channels_first)
        layers.append(
            Layer(
                *(part.name, part.kind, shape[0] if first else shape[-1], shape),
                batch_norm=normalises and part is parts[-1],
                path=part.path,
                call=part.call,
                calls=part.calls,
                axis=part.axis,
                sequence_pool=pooled,
                channels_first=channels_first,
                parameters=part.parameters,
            )
        )
    return layers


def sequences_stated(options: dict, signals: bool, parts: Sequence[Part], where: str) -> bool:
    """Whether outputs of two axes have their channels first. StudyError where one-dimensional convolutions leave it open."""
    if signals and "sequences" not in options and any(len(part.shape) == 2 for part in parts):
        raise StudyError(
            f"{where} has one-dimensional convolutions, and outputs of two axes: say `sequences: channels_first` where the first "
            "is that of the channels, or channels_last"
        )
    return options.get("sequences") == "channels_first"


def classifies(parts: list[Part], classes: int, where: str) -> None:
    """Raise StudyError where the last of the parts is not one logit for each class."""
    ends = [part for part in parts[-1:] if part.name == OUTPUT]
    if ends and ends[0].shape == (classes,) and ends[0].axis != 0:
        raise StudyError(f"{where} puts out observations along axis {ends[0].axis}; (observations, classes) are wanted")
    if not ends or ends[0].shape != (classes,):
        found = " × ".join(map(str, ends[0].shape)) if ends else "nothing that keeps observations apart"
        raise StudyError(f"{where} puts out {found} for an observation; {classes} numbers, one a class or target, are wanted")
