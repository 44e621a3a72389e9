"""Shared by figures of one network: find its files beside those of the input, and the embeddings that `on` selects."""

import numpy as np

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.figures.shared.names import layer_name


def of_network(sources: list[str]) -> str:
    """The one file of a network, not of the input of its dataset. Raises StudyError unless there is exactly one."""
    found = [file for file in sources if store.file_params(file)["keys"]["architecture"]]
    if len(found) != 1:
        raise StudyError(f"`on` chooses {len(found)} networks that are embedded; name one, and one of its layers")
    return found[0]


def chosen_epochs(options: dict) -> list[int]:
    """The snapshots of the network that `on` selects. options: those of a figure, with the network's snapshots."""
    return selection.allowed_epochs(options.get("on", {}), options["snapshots"], pretrained=options.get("pretrained", False))


def chosen_embedding(sources: list[str], layer: str, epoch: int) -> store.StoredRepresentation:
    """The embedding of one whole layer of the network at a snapshot, of the first embedding seed. StudyError if there is none."""
    source = of_network(sources)
    for _, stored in store.embeddings(source):
        if (stored.epoch, stored.layer, stored.filter) == (epoch, layer, None):
            _check_finite(source, stored)
            return stored
    raise StudyError(f"{source} has no embedding of {layer} at epoch {epoch}; did the training diverge?")


def chosen_steps(sources: list[str], options: dict) -> list[store.StoredRepresentation]:
    """The embeddings that `on` selects, of the first embedding seed: one layer or filter at several snapshots, or several layers.

    sources: the embedding files, one of them of a network. Raises StudyError unless the epoch alone or the layer alone varies.
    """
    on = options["on"]
    epochs = chosen_epochs(options)
    found = list(store.embeddings(of_network(sources)))
    first = found[0][0] if found else None
    steps = [
        stored
        for seed, stored in found
        if seed == first and stored.epoch in epochs and selection.allows(on, layer=stored.layer, filter=_view(stored))
    ]
    several = [
        name for name in ("epoch", "layer", "filter") if len({getattr(stored, name) for stored in steps}) > 1 and len(steps) > 1
    ]
    if several not in (["epoch"], ["layer"]):
        what = f"{len(steps)} of them" if len(steps) < 2 else f"several of each: {', '.join(several)}"
        raise StudyError(f"an evolution is over the snapshots of one layer or the layers of one snapshot; `on` leaves {what}")
    for stored in steps:
        _check_finite(of_network(sources), stored)
    return steps


def _check_finite(source: str, stored: store.StoredRepresentation) -> None:
    if not np.isfinite(stored.array).all():
        status = stored.attributes["status"]
        raise StudyError(f"{source}: the embedding of {stored.layer} at epoch {stored.epoch} is {status}; show another one")


def _view(stored: store.StoredRepresentation) -> str | int:
    return selection.WHOLE if stored.filter is None else stored.filter


def step_names(steps: list[store.StoredRepresentation]) -> list[str]:
    """The name of each step: its epoch or its layer, whichever varies."""
    if len({stored.epoch for stored in steps}) > 1:
        return [f"epoch {stored.epoch}" for stored in steps]
    return [layer_name(stored.depth, stored.layer) for stored in steps]


def what_is_fixed(steps: list[store.StoredRepresentation]) -> str:
    """What all steps have in common, as text: their layer and filter, or their epoch."""
    first = steps[0]
    if len({stored.epoch for stored in steps}) > 1:
        return layer_name(first.depth, first.layer, first.filter)
    return f"epoch {first.epoch}"
