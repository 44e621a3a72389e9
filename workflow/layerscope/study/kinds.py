"""What the modules of kinds declare, read without importing them."""

from dataclasses import dataclass
from typing import Any

from layerscope.files.sources import literal, modules


@dataclass
class Metric:
    """A metric as its module declares it. reads: space → what it needs beside the points. options: with their defaults."""

    name: str
    module: str
    spaces: tuple[str, ...]
    reads: dict[str, tuple[str, ...]]
    options: dict
    bounds: dict
    whole_only: bool
    higher_is_better: bool | None


def engine_module(embedding: dict) -> str:
    """The module of layerscope.embedding that makes an embedding."""
    return f"{embedding['method']}_{embedding['engine']}" if "engine" in embedding else embedding["method"]


def metrics() -> dict[str, Metric]:
    """Every metric that a module of layerscope.scoring declares, by name."""
    found = {}
    for module in modules("scoring"):
        try:
            declared = literal(f"layerscope.scoring.{module}", "METRICS")
        except KeyError:
            continue
        for name, about in declared.items():
            found[name] = Metric(
                name,
                module,
                tuple(about["spaces"]),
                about["reads"],
                about["options"],
                about.get("bounds", {}),
                about["whole_only"],
                about["higher_is_better"],
            )
    return found


def shows_one(kind: str) -> tuple[str, ...]:
    """What a kind of figure shows exactly one of: of network, sample, embedding, layer and snapshot."""
    return _declared(kind, "SHOWS_ONE", ())


def own_files_option(source: str) -> str | None:
    """The option of a source that names the person's own files, None where it reads none."""
    try:
        return literal(f"layerscope.data.sources.{source}", "OWN_FILES")
    except KeyError:
        return None


def told_sizes(kind: str) -> bool:
    """Whether a kind of figure is told the depth and width of architectures."""
    return _declared(kind, "TOLD_SIZES", False)


def told_lambdas(kind: str) -> bool:
    """Whether a kind of figure is told the lambda of embeddings."""
    return _declared(kind, "TOLD_LAMBDAS", False)


def is_film(kind: str) -> bool:
    """Whether a kind of figure moves."""
    return _declared(kind, "FILM", False)


def _declared(kind: str, name: str, default: object) -> Any:
    try:
        return literal(f"layerscope.figures.{kind}", name)
    except KeyError:
        return default


def neighbors_needed(embedding: dict) -> int:
    """How many neighbours of each point, itself not counted, an embedding needs in the graph; 0 where it reads none."""
    if "neighbors" not in literal(f"layerscope.embedding.{engine_module(embedding)}", "READS"):
        return 0
    if "perplexity" in embedding:
        return int(3 * embedding["perplexity"])
    return embedding["n_neighbors"] - 1


def largest_sample(embedding: dict) -> int | None:
    """The most points that an embedding's engine takes, None where it has no bound."""
    if embedding.get("exact") is False:
        return None
    try:
        return literal(f"layerscope.embedding.{engine_module(embedding)}", "LARGEST")
    except KeyError:
        return None
