"""The grammar of `on:` selectors: each key has a value or a list of values; an absent key allows all values.

`resolve` turns a selector into layers, filters and snapshots of one network or input, for embeddings, scores and figures alike.
"""

from dataclasses import dataclass, field

from layerscope.states import state

KEYS = (
    "dataset",
    "architecture",
    "activation",
    "seed",
    "sample",
    "draw",
    "epoch",
    "state",
    "layer",
    "filter",
    "embedding",
)
# The keys that identify a network.
RUN_KEYS = ("dataset", "architecture", "activation", "seed")
INPUT, OUTPUT = "input", "output"
WHOLE = "whole"
LAST, HIDDEN = "last", "hidden"
FIRST = "first"
# The value that switches a block of options off.
NONE = "none"


@dataclass(frozen=True)
class View:
    """A choice of representations of one network.

    epochs: snapshots. whole: layers chosen as a whole. filters: layer → the numbers of its filters chosen singly, None for all.
    """

    epochs: list[int] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    filters: dict[str, list[int] | None] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: dict) -> "View":
        """Read a view from a job's params."""
        return cls(params["epochs"], params["whole"], params["filters"])

    def to_params(self) -> dict:
        """The view as a dict for a job's params."""
        return {"epochs": self.epochs, "whole": self.whole, "filters": self.filters}

    def __bool__(self) -> bool:
        """Whether the view has any representation."""
        return bool(self.epochs and (self.whole or self.filters))

    def shows(self, epoch: int, layer: str, number: int | None) -> bool:
        """Whether a representation is in the view. number: that of a filter, None for a whole layer."""
        if epoch not in self.epochs:
            return False
        if number is None:
            return layer in self.whole
        chosen = self.filters.get(layer, [])
        return chosen is None or number in chosen

    def common(self, other: "View") -> "View":
        """The intersection with another view of the same network."""
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
    """All representations that a study has of one network, or of the input of a dataset.

    keys: its RUN_KEYS; for an input only the dataset. layers: those whose activations are stored, first to last. whole: those
    that are representations as a whole. filters: layer → its number of filters, if single filters are representations too.
    snapshots: ascending epochs. networks: for an input, the keys of the networks that receive it. pretrained: whether the network
    began with given weights.
    """

    keys: dict
    layers: tuple[str, ...]
    whole: tuple[str, ...]
    filters: dict[str, int]
    snapshots: tuple[int, ...]
    networks: tuple[dict, ...] = ()
    pretrained: bool = False

    @property
    def is_input(self) -> bool:
        """Whether this is the input of a dataset rather than a network."""
        return "architecture" not in self.keys


def resolve(selector: dict, plan: Plan, **keys: object) -> View:
    """The representations of a network or an input that a selector chooses. keys: further keys to match, such as the sample.

    `last` is the deepest stored layer, `hidden` are all stored layers but the input and the output; the epochs `first` and `last`
    are the first and the last snapshot. The input belongs to every network of its dataset: keys of networks choose it if they
    choose one of them. A list of layers excludes it unless it names `input`; a list of filters does unless it names `whole`.
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
        allowed_epochs(selector, list(plan.snapshots), pretrained=plan.pretrained),
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
    """The values that a selector names for a key; an empty list if it allows all."""
    return values(selector, key) or []


def allows(selector: dict, **keys: object) -> bool:
    """Whether every given key has a value that the selector allows."""
    for key, value in keys.items():
        allowed = values(selector, key)
        if allowed is not None and value not in allowed:
            return False
    return True


def with_layers_named(selector: dict, layers: list[str] | tuple[str, ...]) -> dict:
    """The selector with the layers `last` and `hidden` replaced by the names of these layers in one network.

    layers: the layers of the network to choose from, first to last.
    """
    allowed = named(selector, "layer")
    if not layers or not {LAST, HIDDEN} & {*allowed}:
        return selector
    meant = {LAST: [layers[-1]], HIDDEN: [layer for layer in layers if layer not in (INPUT, OUTPUT)]}
    return {**selector, "layer": list(dict.fromkeys(name for layer in allowed for name in meant.get(layer, [layer])))}


def allowed_epochs(selector: dict, snapshots: list[int], epochs: list[int] | None = None, pretrained: bool = False) -> list[int]:
    """Those of the given epochs (by default the snapshots) that a selector allows.

    `first` and `last` are the ends of the given epochs; the state of an epoch depends on the snapshots, and on whether the
    network began with given weights (see states).
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
    return [epoch for epoch in epochs if state(epoch, snapshots, pretrained) in states]
