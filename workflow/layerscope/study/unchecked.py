"""What a study file has before it is checked: mappings where they are wanted; all else is left to the schema."""

from collections.abc import Iterator

from layerscope.errors import StudyError
from layerscope.study.kinds import BLOCKS, Kind, Kinds


def entries_in(content: dict, block: str) -> list[tuple[str, dict]]:
    """The entries of a block that are mappings; others are mistakes that the schema finds."""
    entries = content.get(block)
    found = entries.items() if isinstance(entries, dict) else ()
    return [(name, entry) for name, entry in found if isinstance(name, str) and isinstance(entry, dict)]


def kind_in(kinds: Kinds, block: str, name: str, entry: dict) -> Kind:
    """The kind of an entry that has not been checked. Raises StudyError if there is none of that name."""
    where, key = f"{block}.{name}", BLOCKS[block].key
    if block == "embeddings":
        return kinds.engine(entry.get(key), entry, f"{where}.")
    if block == "scores":
        return kinds.named(block, entry.get(key, name), where)
    if key not in entry:
        raise StudyError(f"{where}.{key} is missing; allowed: {', '.join(sorted(kinds.of(block)))}")
    return kinds.named(block, entry[key], f"{where}.{key}")


def training_blocks(content: dict) -> Iterator[tuple[str, dict]]:
    """(where, block) of the default of the training and of its overrides."""
    training = content.get("training")
    training = training if isinstance(training, dict) else {}
    overrides = training.get("overrides")
    blocks_of = [("training.default", training.get("default"))]
    blocks_of += [
        (f"training.overrides[{index}]", one) for index, one in enumerate(overrides if isinstance(overrides, list) else ())
    ]
    return ((where, block) for where, block in blocks_of if isinstance(block, dict))


def grids_in(content: dict) -> list[tuple[str, dict]]:
    """(where, grid) of every grid that is a mapping."""
    grids = content.get("grids")
    found = enumerate(grids if isinstance(grids, list) else ())
    return [(f"grids[{index}]", grid) for index, grid in found if isinstance(grid, dict)]


def is_given(kinds: Kinds, entry: dict) -> bool:
    """Whether the activations of an architecture are given, so that nothing is trained."""
    family, families = entry.get("family"), kinds.of("architectures")
    return isinstance(family, str) and family in families and families[family].says("given", False)
