"""The one grammar of `on:` selectors: key → value or list of values; an absent key means all."""

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
NETWORK_KEYS = ("architecture", "activation", "seed")
WHOLE = "whole"
LAST = "last"
HIDDEN = "hidden"
# Switches a block of options off.
NONE = "none"


def values(selector: dict, key: str) -> list | None:
    """The values that a selector allows for a key, None where it allows all."""
    if key not in selector:
        return None
    allowed = selector[key]
    return list(allowed) if isinstance(allowed, list) else [allowed]


def allows(selector: dict, **keys: object) -> bool:
    """Whether every given key has a value that the selector allows."""
    for key, value in keys.items():
        allowed = values(selector, key)
        if allowed is not None and value not in allowed:
            return False
    return True


def allows_input(selector: dict, dataset: str) -> bool:
    """Whether a selector reaches the input of a dataset, which belongs to every network of that dataset.

    Keys that tell networks apart do not exclude it; a layer list does, unless it names `input`, and so do filters.
    """
    return allows(selector, dataset=dataset, layer="input", filter=WHOLE)


def with_layers_named(selector: dict, last: str, hidden: list[str]) -> dict:
    """The selector for one network: where it says the `last` layer or the `hidden` ones, the names of those layers."""
    allowed = values(selector, "layer") or []
    if not {LAST, HIDDEN} & {*allowed}:
        return selector
    meant = {LAST: [last], HIDDEN: hidden}
    return {**selector, "layer": list(dict.fromkeys(name for layer in allowed for name in meant.get(layer, [layer])))}


def allowed_epochs(selector: dict, snapshots: list[int], epochs: list[int] | None = None) -> list[int]:
    """The epochs that a selector allows of those given, by default the snapshots.

    `first` and `last` are the first and last of the epochs; a state is that of the run's snapshots.
    """
    epochs = snapshots if epochs is None else epochs
    allowed = values(selector, "epoch")
    if allowed is not None and epochs:
        named = {"first": epochs[0], "last": epochs[-1]}
        numbers = {named.get(value, value) for value in allowed}
        epochs = [epoch for epoch in epochs if epoch in numbers]
    states = values(selector, "state")
    if states is None:
        return list(epochs)
    return [epoch for epoch in epochs if state(epoch, snapshots) in states]
