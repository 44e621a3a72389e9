"""The entries of blocks that come in kinds: each is checked against its kind and gets its defaults."""

from collections.abc import Iterator
from itertools import product

from layerscope.data.targets import REGRESSION
from layerscope.data.tokens import TOKENS
from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.study.kinds import BLOCKS, Kinds
from layerscope.study.schema import checked, entry_schema
from layerscope.study.sizes import find_sizes, source_sizes
from layerscope.study.study import BESIDE, RESERVED_EMBEDDINGS, Run


def entries_of(content: dict, kinds: Kinds, mistakes: Mistakes) -> dict[str, dict[str, dict]]:
    """The entries of all blocks that come in kinds, with the defaults of their kinds; those with mistakes are left out."""
    entries: dict[str, dict] = {block: {} for block in BLOCKS}
    for block in BLOCKS:
        given = content.get(block)
        if BLOCKS[block].alike:
            continue
        for name, entry in given.items() if isinstance(given, dict) else ():
            # An entry that is no mapping has been reported already, by the check against the schema.
            if isinstance(entry, dict) and not (block == "datasets" and "from" in entry):
                with mistakes.gathered():
                    entries[block][name] = entry_of(kinds, block, name, entry)
    given = content.get("datasets")
    for name, entry in given.items() if isinstance(given, dict) else ():
        if isinstance(entry, dict) and "from" in entry:
            with mistakes.gathered():
                entries["datasets"][name] = _derived(kinds, name, entry, given or {}, entries["datasets"])
    # In the order of the file.
    names = given if isinstance(given, dict) else ()
    entries["datasets"] = {name: entries["datasets"][name] for name in names if name in entries["datasets"]}
    return entries


def entry_of(kinds: Kinds, block: str, name: str, entry: dict) -> dict:
    """One entry of a block that comes in kinds, with the defaults of its kind."""
    where = f"{block}.{name}"
    if block == "embeddings":
        return _embedding(kinds, name, entry)
    key = BLOCKS[block].key
    if block == "scores":
        kind = kinds.named("scores", entry.get("metric", name), where)
        filled = checked(entry, entry_schema(kind), where)
        options = {option: filled[option] for option in kind.options if option in filled}
        return {"metric": kind.name, "options": options, "on": filled["on"]}
    if key not in entry:
        raise StudyError(f"{where}.{key} is missing; allowed: {', '.join(sorted(kinds.of(block)))}")
    kind = kinds.named(block, entry[key], f"{where}.{key}")
    filled = checked(entry, entry_schema(kind), where)
    option = kind.says("own_code")
    if option:
        if filled[option] not in kinds.files:
            raise StudyError(
                f"{where}.{option}: '{filled[option]}' is no file under `code:`; {one_of(filled[option], kinds.files)}"
            )
        filled[option] = kinds.files[filled[option]]
    return _dataset(kinds, name, entry, filled) if block == "datasets" else filled


def _dataset(kinds: Kinds, name: str, entry: dict, filled: dict) -> dict:
    """A dataset with what its files hold, and with tables standardised where the study does not say how they are normalised."""
    if kinds.of_entry("datasets", filled).says("given"):
        for key in ("normalise", "validation"):
            if key in entry:
                raise StudyError(f"datasets.{name}.{key} changes nothing: given activations are taken as they are; remove it")
        return {**filled, "normalise": "none"}
    of_regression = filled.get("task") == REGRESSION
    if of_regression and "classes" in filled:
        raise StudyError(f"datasets.{name}.classes: a regression has numbers to predict and no classes; remove it")
    if "normalise_targets" in filled and not of_regression:
        raise StudyError(f"datasets.{name}.normalise_targets changes nothing without `task: {REGRESSION}`; remove it")
    find_sizes(kinds, name, filled)
    if "vocabulary" in filled:
        if "normalise" in entry:
            raise StudyError(f"datasets.{name}.normalise changes nothing: networks receive tokens as they are; remove it")
        return {**filled, "normalise": TOKENS}
    if "normalise" in entry:
        return filled
    try:
        is_table = len(source_sizes(kinds, filled)["shape"]) == 1
    except StudyError:
        # Files that are not there are a mistake of the networks that learn from them, if any do.
        is_table = False
    return {**filled, "normalise": "standardise"} if is_table else filled


def _embedding(kinds: Kinds, name: str, entry: dict) -> dict:
    where = f"embeddings.{name}"
    if name in (*RESERVED_EMBEDDINGS, BESIDE):
        raise StudyError(f"{where}: the name is reserved; choose another one")
    method = entry.get("method")
    if method is None:
        raise StudyError(f"{where}.method is missing; allowed: {', '.join(sorted(kinds.methods()))}")
    kind = kinds.engine(method, entry, f"{where}.")
    engine = kind.says("engine")
    filled = checked({**entry, **({"engine": engine} if engine else {})}, entry_schema(kind), where)
    return {**filled, "seeds": seed_list(filled.get("seeds", 1))}


def _derived(kinds: Kinds, name: str, entry: dict, given: dict, found: dict[str, dict]) -> dict:
    """A dataset derived `from` another one: the options of that dataset, updated with its own."""
    derived = checked(entry, {"$ref": "#/$defs/derived"}, f"datasets.{name}")
    base = derived.pop("from")
    roots = [other for other, options in given.items() if isinstance(options, dict) and "from" not in options]
    if base not in roots:
        raise StudyError(f"datasets.{name}.from: '{base}' is no dataset with a source of its own; {one_of(base, roots)}")
    if base in found and kinds.of_entry("datasets", found[base]).says("given"):
        raise StudyError(f"datasets.{name}.from: {base} has given activations only; choose its observations by `samples`")
    for key in ("classes", "rates"):
        if key in derived and found.get(base, {}).get("task") == REGRESSION:
            raise StudyError(f"datasets.{name}.{key}: datasets.{base} has numbers to predict and no classes; remove it")
    if "classes" in derived:
        derived["keep_classes"] = derived.pop("classes")
    if "rates" in derived:
        derived["class_rates"] = derived.pop("rates")
    # Mistakes in the other dataset have been reported already.
    return {**found.get(base, {}), **derived}


def seed_list(seeds: int | list[int]) -> list[int]:
    """The seeds that a study asks for: a number counts them from 0."""
    return list(range(seeds)) if isinstance(seeds, int) else seeds


def networks_of(grid: dict, seeds: int | list[int]) -> Iterator[Run]:
    """The networks of one grid, which has its datasets and architectures. seeds: those of the study."""
    names = product(grid["datasets"], grid["architectures"], grid["activations"], seed_list(grid.get("seeds", seeds)))
    return (Run(*values) for values in names)
