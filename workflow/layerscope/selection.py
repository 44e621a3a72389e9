"""The one grammar of `on:` selectors: key → value or list of values; an absent key means all.

`resolve` is what a selector leaves of one network, or of the input of a dataset: embeddings, scores, figures and panels ask it.
"""

from dataclasses import dataclass, field

from layerscope.states import state

KEYS = (
    "dataset",
    "architecture",
    "activation",
    "seed",
    "sample",
    "epoch",
    "state",
    "layer",
    "filter",
    "embedding",
)
# What tells one network from the others.
RUN_KEYS = ("dataset", "architecture", "activation", "seed")
INPUT, OUTPUT = "input", "output"
WHOLE = "whole"
LAST, HIDDEN = "last", "hidden"
FIRST = "first"
# Switches a block of options off.
NONE = "none"


@dataclass(frozen=True)
class View:
    """Which representations of one network are meant.

    epochs: snapshots. whole: layers looked at as a whole. filters: layer → the filters looked at one by one, None for all.
    """

    epochs: list[int] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    filters: dict[str, list[int] | None] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: dict) -> "View":
        """The view that a job's params spell out."""
        return cls(params["epochs"], params["whole"], params["filters"])

    def to_params(self) -> dict:
        """The view as job params spell it out."""
        return {"epochs": self.epochs, "whole": self.whole, "filters": self.filters}

    def __bool__(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.epochs and (self.whole or self.filters))

    def shows(self, epoch: int, layer: str, number: int | None) -> bool:
        """Whether a representation is among them. number: of a filter, None for a whole layer."""
        if epoch not in self.epochs:
            return False
        if number is None:
            return layer in self.whole
        chosen = self.filters.get(layer, [])
        return chosen is None or number in chosen

    def common(self, other: "View") -> "View":
        """What two views of one network share."""
        filters: dict[str, list[int] | None] = {}
        for layer in self.filters.keys() & other.filters.keys():
            mine, theirs = self.filters[layer], other.filters[layer]
            if mine is None or theirs is None:
                filters[layer] = theirs if mine is None else mine
            else:
                filters[layer] = [number for number in mine if number in theirs]
        return View(
            [epoch for epoch in self.epochs if epoch in other.epochs],
            [layer for layer in self.whole if layer in other.whole],
            {layer: chosen for layer, chosen in filters.items() if chosen != []},
        )

    def whole_only(self) -> "View":
        """The view without single filters."""
        return View(self.epochs, self.whole, {})


@dataclass(frozen=True)
class Plan:
    """What there is to look at of one network, or of the input of a dataset.

    keys: its RUN_KEYS; of the input the dataset alone. layers: those that are kept, first to last. whole: those looked at as
    a whole. filters: layer → how many filters it has, where they are looked at one by one. snapshots: ascending epochs.
    networks: of an input, the keys of the networks that receive it.
    """

    keys: dict
    layers: tuple[str, ...]
    whole: tuple[str, ...]
    filters: dict[str, int]
    snapshots: tuple[int, ...]
    networks: tuple[dict, ...] = ()

    @property
    def is_input(self) -> bool:
        """Whether this is the input of a dataset and no network."""
        return "architecture" not in self.keys


def resolve(selector: dict, plan: Plan, **keys: object) -> View:
    """What a selector leaves of a network or an input. keys: of what is asked about beside it, for instance the sample.

    `last` is the deepest layer that is kept, `hidden` are all kept ones but the input and the output, `first` and `last` epochs
    the ends of the snapshots. The input belongs to every network of its dataset: keys that tell networks apart reach it where
    one of its networks is meant; a list of layers leaves it out unless it names `input`, and so do numbers of filters.
    """
    if not allows(selector, **keys):
        return View()
    if plan.is_input:
        reached = allows(selector, dataset=plan.keys["dataset"], layer=INPUT, filter=WHOLE)
        return View([0], [INPUT], {}) if reached and any(allows(selector, **network) for network in plan.networks) else View()
    if not allows(selector, **plan.keys):
        return View()
    selector = with_layers_named(selector, plan.layers)
    numbers = values(selector, "filter")
    filters: dict[str, list[int] | None] = {}
    for layer, width in plan.filters.items():
        if allows(selector, layer=layer):
            chosen = None if numbers is None else [n for n in numbers if n != WHOLE and n < width]
            if chosen != []:
                filters[layer] = chosen
    return View(
        allowed_epochs(selector, list(plan.snapshots)),
        [layer for layer in plan.whole if allows(selector, layer=layer, filter=WHOLE)],
        filters,
    )


def values(selector: dict, key: str) -> list | None:
    """The values that a selector allows for a key, None where it allows all."""
    if key not in selector:
        return None
    allowed = selector[key]
    return list(allowed) if isinstance(allowed, list) else [allowed]


def named(selector: dict, key: str) -> list:
    """The values that a selector names for a key; none where it allows all."""
    return values(selector, key) or []


def allows(selector: dict, **keys: object) -> bool:
    """Whether every given key has a value that the selector allows."""
    for key, value in keys.items():
        allowed = values(selector, key)
        if allowed is not None and value not in allowed:
            return False
    return True


def with_layers_named(selector: dict, layers: list[str] | tuple[str, ...]) -> dict:
    """The selector for one network: where it says the `last` layer or the `hidden` ones, the names of those among `layers`.

    layers: those of the network that are asked about, first to last.
    """
    allowed = named(selector, "layer")
    if not layers or not {LAST, HIDDEN} & {*allowed}:
        return selector
    meant = {LAST: [layers[-1]], HIDDEN: [layer for layer in layers if layer not in (INPUT, OUTPUT)]}
    return {**selector, "layer": list(dict.fromkeys(name for layer in allowed for name in meant.get(layer, [layer])))}


def allowed_epochs(selector: dict, snapshots: list[int], epochs: list[int] | None = None) -> list[int]:
    """The epochs that a selector allows of those given, by default the snapshots.

    `first` and `last` are the first and last of the epochs; a state is that of the run's snapshots.
    """
    epochs = snapshots if epochs is None else epochs
    allowed = values(selector, "epoch")
    if allowed is not None and epochs:
        named = {FIRST: epochs[0], LAST: epochs[-1]}
        numbers = {named.get(value, value) for value in allowed}
        epochs = [epoch for epoch in epochs if epoch in numbers]
    states = values(selector, "state")
    if states is None:
        return list(epochs)
    return [epoch for epoch in epochs if state(epoch, snapshots) in states]
