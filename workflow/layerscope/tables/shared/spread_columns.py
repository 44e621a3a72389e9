"""The rows and columns of tables of the components of a score's variance."""

from collections.abc import Mapping

from layerscope.statistics.components import Components
from layerscope.tables.shared.summary import number

# What the values of one row have in common.
ROW_KEYS = ["dataset", "architecture", "activation", "sample", "space", "epoch", "state", "layer", "depth", "metric"]


def about_columns(keys: Mapping) -> dict[str, str | int]:
    """What a row is about, by its ROW_KEYS: the layer with its depth, nothing for scores of networks as such."""
    named: dict[str, str | int] = {
        name: keys[name] for name in ("dataset", "architecture", "activation", "sample", "space", "state")
    }
    layer = f"layer {int(keys['depth'])} ({keys['layer']})" if keys["layer"] else ""
    return {**named, "layer": layer, "score": keys["metric"]}


def spread_columns(found: Components, digits: int) -> dict[str, str | int]:
    """How many networks, draws and embeddings there are, and the standard deviation of each, with so many decimals.

    A dash where there is one only. With one embedding, its spread is in `network × sample sd`.
    """
    sds = {
        "network sd": found.network,
        "sample sd": found.draw,
        "network × sample sd": found.both,
        "embedding sd": found.embedding,
    }
    counts: dict[str, str | int] = {"networks": found.networks, "draws": found.draws, "embeddings": f"{found.embeddings:.3g}"}
    return counts | {name: number(variance**0.5, digits) for name, variance in sds.items()}
