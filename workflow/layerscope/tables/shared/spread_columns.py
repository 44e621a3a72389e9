"""The components of a score's variance as columns of a table."""

from layerscope.statistics.components import Components
from layerscope.tables.shared.summary import number


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
