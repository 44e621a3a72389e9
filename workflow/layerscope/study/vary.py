"""Write the entries of a study file that vary options as one entry for each combination of their values.

This is done once, when the file has been read, so that all other code sees plain entries: with `vary: {perplexity: [10, 30]}`
the embedding `tsne` becomes `tsne_perplexity10` and `tsne_perplexity30`, and wherever the file names `tsne`, or an option that
varies, the names of these stand. A training that varies makes variants of the architectures that it trains.
"""

import copy
import math
from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any

from layerscope import selection
from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.statistics.keys import MEASURED, ROW
from layerscope.study.controls import asks_for_controls, claims_against, controls_of, is_asked_for, write_trainings_of_controls
from layerscope.study.kinds import BLOCKS, Kinds
from layerscope.study.references import write_references
from layerscope.study.schema import blocks, checked, entry_schema
from layerscope.study.unchecked import entries_in, is_given, kind_in, training_blocks
from layerscope.study.variants import CONTROL, KEY_OF, Variant, Variants, as_yaml, in_names

VARY = "vary"
EXAMPLE = "{perplexity: [10, 30, 100]}"
# Of one entry.
MOST_VARIANTS = 1000
# Keys that choose the kind of an entry, or what it is about.
NO_OPTIONS = {block.key for block in BLOCKS.values()} | {"on", "from", "title", VARY}
# Names of columns and keys, and words of `along`, that mean something else.
TAKEN = {*selection.KEYS, CONTROL, *ROW, *MEASURED, "width", "layers"}


def with_variants(content: dict, kinds: Kinds) -> tuple[dict, Variants]:
    """The content of a study file with an entry for each variant, and what the variants are.

    Raises StudyError for every mistake in what varies, and in what is said of it. Others are left to the checks that follow.
    """
    trainings = list(_trainings(content))
    vary = any(VARY in entry for block in KEY_OF for _, entry in entries_in(content, block))
    if not (trainings or vary or asks_for_controls(content)):
        return content, Variants()
    content = copy.deepcopy(content)
    mistakes = Mistakes()
    trained = _trainings_varied(content, trainings, kinds, mistakes)
    found: dict[str, dict[str, Variant]] = {}
    for block, key in KEY_OF.items():
        own = {name: _varied(kinds, block, name, entry, mistakes) for name, entry in entries_in(content, block)}
        of_training = {name: options for name, (options, _) in trained.items()} if block == "architectures" else {}
        mistakes.messages += [
            f"{block}.{name}.vary.{option}: the training of its networks varies an option of the same name; vary one of them"
            for name, options in own.items()
            for option in options
            if option in of_training.get(name, {})
        ]
        every = {name: {**options, **of_training.get(name, {})} for name, options in own.items()}
        if block == "architectures":
            named_by = {name: {name, *_names(name, options)} for name, options in every.items()}
            controls = controls_of(content, kinds, named_by, mistakes)
            every = {name: {**options, **controls.get(name, {})} for name, options in every.items()}
        found[key] = _variants_of(block, {name: options for name, options in every.items() if options}, content, mistakes)
        found[key] = {name: variant for name, variant in found[key].items() if is_asked_for(content, variant)}
        _write_entries(content, block, own, found[key])
    _check_owners(found, mistakes)
    mistakes.refuse(more_may_follow=True)
    variants = Variants({key: of_key for key, of_key in found.items() if of_key}, {})
    places = _write_trainings(content, trainings, trained, variants)
    variants = Variants(variants.found, {**places, **write_trainings_of_controls(content, variants)})
    against = {f"claims.{name}.between.control": f"claims.{name}.against" for name in claims_against(content)}
    variants = Variants(variants.found, {**variants.places, **against})
    write_references(content, kinds, variants, mistakes)
    mistakes.refuse(more_may_follow=True)
    return content, variants


def _combined(options: Mapping[str, list]) -> Iterator[dict[str, Any]]:
    """Each value of each option with each of the others; nothing, once, of no options."""
    return (dict(zip(options, values, strict=True)) for values in product(*options.values()))


def _names(entry: str, options: Mapping[str, list]) -> Iterator[str]:
    """The names of the variants of an entry, of as many as there may be."""
    if math.prod(map(len, options.values())) <= MOST_VARIANTS:
        yield from (Variant(entry, values).name() for values in _combined(options))


# The options that vary


def _varied(kinds: Kinds, block: str, name: str, entry: dict, mistakes: Mistakes) -> dict[str, list]:
    """The options that an entry varies, with their values."""
    if VARY not in entry:
        return {}
    try:
        known = _known(kinds, block, name, entry)
    except StudyError as error:
        mistakes.messages += error.messages
        return {}
    return _values(f"{block}.{name}", entry[VARY], known, entry, mistakes)


def _known(kinds: Kinds, block: str, name: str, entry: dict) -> dict[str, dict]:
    """The options that an entry can vary, with their schema. Raises StudyError where its kind is not known."""
    if block == "datasets" and "from" in entry:
        known = blocks()["$defs"]["derived"]["properties"]
    else:
        vary = entry[VARY] if isinstance(entry[VARY], dict) else {}
        engines = vary.get("engine")
        names = engines if isinstance(engines, list) and engines else [entry["engine"]] if "engine" in entry else [None]
        known = {}
        for engine in names:
            known |= entry_schema(kind_in(kinds, block, name, {**entry, **({} if engine is None else {"engine": engine})}))[
                "properties"
            ]
    return {option: part for option, part in known.items() if option not in NO_OPTIONS}


def _values(where: str, vary: object, known: dict[str, dict], given: Collection[str], mistakes: Mistakes) -> dict[str, list]:
    """The options of a `vary` with their values, without those that are mistakes. given: the other keys of the entry."""
    if not isinstance(vary, dict) or not vary:
        mistakes.messages.append(f"{where}.vary: {vary!r} is not allowed; options with their values are wanted, as {EXAMPLE}")
        return {}
    found = {}
    for option, values in vary.items():
        place = f"{where}.vary.{option}"
        if option not in known:
            mistakes.messages.append(f"{place}: there is no such option here; {one_of(option, known)}")
        elif option in TAKEN:
            mistakes.messages.append(f"{place}: tables have a column or key of this name; write an entry for each value instead")
        elif option in given:
            mistakes.messages.append(f"{where}.{option} is given beside `vary`, which has its values; remove one of them")
        elif not isinstance(values, list) or not values:
            mistakes.messages.append(f"{place}: {values!r} is not allowed; a list of values is wanted, as in {EXAMPLE}")
        elif len(values) == 1:
            mistakes.messages.append(f"{place}: one value varies nothing; write `{option}: {as_yaml(values[0])}`, or name more")
        else:
            with mistakes.gathered():
                values = checked(values, {"type": "array", "items": known[option]}, place)
                if repeated := list(_repeated(place, values)):
                    raise StudyError(*repeated)
                found[option] = values
    return found


def _repeated(place: str, values: list) -> Iterator[str]:
    texts = [in_names(value) for value in values]
    for index, text in enumerate(texts):
        if text in texts[:index]:
            first = values[texts.index(text)]
            if first == values[index]:
                yield f"{place}: {as_yaml(first)} stands there twice; keep one of them"
            else:
                yield f"{place}: {as_yaml(first)} and {as_yaml(values[index])} would have one name, {text}; keep one of them"
        elif not text:
            yield f"{place}: {values[index]!r} gives no name; write an entry for it"


# Variants in the place of entries


def _variants_of(block: str, varied: dict[str, dict[str, list]], content: dict, mistakes: Mistakes) -> dict[str, Variant]:
    """Name → variant, of all entries of a block that vary. Names that two entries would have are mistakes."""
    plain = {name for name, _ in entries_in(content, block) if name not in varied}
    found: dict[str, Variant] = {}
    for entry, options in varied.items():
        if (count := math.prod(map(len, options.values()))) > MOST_VARIANTS:
            mistakes.messages.append(
                f"{block}.{entry}.vary: {count:,} combinations are wanted; at most {MOST_VARIANTS:,} are possible"
            )
            continue
        for variant in (Variant(entry, values) for values in _combined(options)):
            name = variant.name()
            if name in plain or name in found:
                other = f"a variant of {block}.{found[name].entry}" if name in found else "an entry of the study"
                mistakes.messages.append(
                    f"{block}.{entry}.vary: {_told(variant.values)} is named {name}, as {other} is; rename one"
                )
            found[name] = variant
    return found


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{option} {as_yaml(value)}" for option, value in values.items())


def _write_entries(content: dict, block: str, own: dict[str, dict[str, list]], variants: dict[str, Variant]) -> None:
    """Replace the entries of a block that vary by their variants. own: the options that stand in the entries themselves."""
    if not variants:
        return
    written: dict[str, Any] = {}
    for name, entry in content[block].items():
        named = {variant.name(): variant for variant in variants.values() if variant.entry == name}
        if not named:
            written[name] = entry
            continue
        metric = {"metric": name} if block == "scores" and "metric" not in entry else {}
        for full, variant in named.items():
            values = {option: value for option, value in variant.values.items() if option in own[name]}
            written[full] = copy.deepcopy({**metric, **{key: value for key, value in entry.items() if key != VARY}, **values})
    content[block] = written


def _check_owners(found: dict[str, dict[str, Variant]], mistakes: Mistakes) -> None:
    """An option is one key, so that entries of one block alone can vary options of its name."""
    block_of = {key: block for block, key in KEY_OF.items()}
    owners: dict[str, tuple[str, str]] = {}
    for key, of_key in found.items():
        for variant in of_key.values():
            for option in variant.values:
                first, entry = owners.setdefault(option, (key, variant.entry))
                if first != key:
                    mistakes.messages.append(
                        f"{block_of[key]}.{variant.entry}.vary.{option}: {block_of[first]}.{entry} varies an option of the same "
                        "name, and as a key it can mean one; write an entry for each value of the other"
                    )


# Trainings that vary


def _trainings(content: dict) -> Iterator[tuple[str, dict]]:
    """(where, block) of every block of the training that varies options."""
    for where, block in training_blocks(content):
        if VARY in block:
            yield where, block


def _trainings_varied(
    content: dict, trainings: list[tuple[str, dict]], kinds: Kinds, mistakes: Mistakes
) -> dict[str, tuple[dict[str, list], dict[str, str]]]:
    """Architecture → the options that its training varies, and option → where it does."""
    known = {option: part for option, part in blocks()["$defs"]["training"]["properties"].items() if option not in NO_OPTIONS}
    found: dict[str, tuple[dict[str, list], dict[str, str]]] = {}
    for where, block in trainings:
        given = [key for key in block if key != VARY]
        options = _values(where, block[VARY], known, given, mistakes)
        for name in _trained(content, where, block, kinds, mistakes):
            values, places = found.setdefault(name, ({}, {}))
            for option in options:
                if option in places:
                    mistakes.messages.append(
                        f"{where}.vary.{option}: {places[option]} varies it for {name} too; keep one of them"
                    )
                values[option], places[option] = options[option], where
    return {
        name: (options, places) for name, (options, places) in found.items() if not _fixed_later(content, name, places, mistakes)
    }


def _trained(content: dict, where: str, block: dict, kinds: Kinds, mistakes: Mistakes) -> list[str]:
    """The architectures whose networks a block of the training is for."""
    on = block.get("on", {})
    if "architectures" not in content:
        mistakes.messages.append(f"{where}.vary makes variants of architectures, and the study names none; name them")
    if not isinstance(on, dict) or {*on} - {"architecture"}:
        mistakes.messages.append(
            f"{where}.vary makes variants of architectures: choose them by `on: {{architecture: ...}}` alone, and their datasets "
            "and seeds by `grids`"
        )
        return []
    named = [name for name, entry in entries_in(content, "architectures") if not is_given(kinds, entry)]
    return [name for name in named if selection.allows(on, architecture=name)]


def _fixed_later(content: dict, name: str, places: dict[str, str], mistakes: Mistakes) -> bool:
    """Whether an override would give the same value to all variants of an architecture."""
    wheres = [where for where, _ in training_blocks(content)]
    found = False
    for where, block in training_blocks(content):
        on = block.get("on", {})
        for option, place in places.items():
            later = wheres.index(where) > wheres.index(place) and option in block
            if later and isinstance(on, dict) and selection.allows(on, architecture=name):
                mistakes.messages.append(
                    f"{where}.{option}: {place} varies it for {name}; leave it out here, or for {name} there"
                )
                found = True
    return found


def _write_trainings(
    content: dict,
    trainings: list[tuple[str, dict]],
    trained: dict[str, tuple[dict[str, list], dict[str, str]]],
    variants: Variants,
) -> dict[str, str]:
    """Write an override for each variant of an architecture. Returns where such an override comes from, by where it stands.

    Overrides that stand in the file keep their numbers, which messages name.
    """
    wheres = [where for where, _ in trainings]
    for where, block in training_blocks(content):
        if where in wheres:
            block.pop(VARY, None)
    if not trained:
        return {}
    overrides = content["training"].setdefault("overrides", [])
    if not isinstance(overrides, list):
        # The schema refuses it.
        return {}
    empty = [
        index for index in range(len(overrides)) if f"training.overrides[{index}]" in wheres and {*overrides[index]} <= {"on"}
    ]
    from_where = {}
    for name, variant in variants.found.get("architecture", {}).items():
        _, places = trained.get(variant.entry, ({}, {}))
        for place in dict.fromkeys(places.values()):
            changes = {option: variant.values[option] for option, its in places.items() if its == place}
            index = next((index for index in empty if place == f"training.overrides[{index}]"), len(overrides))
            override = {"on": {"architecture": name}, **copy.deepcopy(changes)}
            if index in empty:
                empty.remove(index)
                overrides[index] = override
            else:
                overrides.append(override)
            from_where[f"training.overrides[{index}]"] = f"{place}.vary"
    return from_where
