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


def with_layer_named(selector: dict, last: str) -> dict:
    """The selector for one network: where it says the `last` layer, that layer's name."""
    if LAST not in (values(selector, "layer") or []):
        return selector
    return {**selector, "layer": [last if layer == LAST else layer for layer in values(selector, "layer")]}


def allowed_epochs(selector: dict, snapshots: list[int]) -> list[int]:
    """The snapshots that a selector allows; `first` and `last` are relative to the run's own snapshots."""
    allowed = values(selector, "epoch")
    if allowed is None:
        epochs = list(snapshots)
    else:
        named = {"first": snapshots[0], "last": snapshots[-1]}
        numbers = {named.get(value, value) for value in allowed}
        epochs = [epoch for epoch in snapshots if epoch in numbers]
    states = values(selector, "state")
    if states is None:
        return epochs
    return [epoch for epoch in epochs if state(epoch, snapshots) in states]
