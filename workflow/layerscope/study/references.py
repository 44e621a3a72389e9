"""Write the names of variants wherever a study file names their entries, or chooses by an option that varies.

The name of an entry means all of its variants: in grids, in `on`, and in what figures, tables and claims show. An option that
varies is a key of `on` like any other, and stands for the names of the variants that have its value.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from layerscope import selection
from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.study.kinds import Kind, Kinds
from layerscope.study.schema import SEVERAL_SCORES, blocks, entry_schema, names_scores
from layerscope.study.unchecked import entries_in, grids_in, kind_in, training_blocks
from layerscope.study.variants import CONTROL, KEY_OF, NO_CONTROL, Variants, as_yaml

# The message of the schema on a key that no selector has.
UNKNOWN_KEY = re.compile(r"(\S*\bon)\.([^.:\s]+): unknown key; ")
# The parts of a claim that compare values of a key.
COMPARING = ("between", "along")
# The schema of options that name a control.
A_CONTROL = "#/$defs/control"
# The controls that are the networks themselves until these are trained.
SAME_WEIGHTS = ("untrained", "shuffled_labels", "noise")


def write_references(content: dict, kinds: Kinds, variants: Variants, mistakes: Mistakes) -> None:
    """Write the names of variants wherever the study names their entries, or chooses by an option that varies."""
    # An alias of YAML is one grid in two places.
    for where, grid in {id(grid): (where, grid) for where, grid in grids_in(content)}.values():
        with mistakes.gathered():
            _write_grid(grid, variants, where)
    observed = content.get("observations")
    if isinstance(observed, dict) and isinstance(observed.get("scores"), list):
        observed["scores"] = _flat(variants, "score", observed["scores"])
    for where, holder in _holders(content):
        with mistakes.gathered():
            if "on" in holder:
                holder["on"] = _meant(holder["on"], variants, f"{where}.on")
    for block in ("figures", "tables", "claims"):
        for name, entry in entries_in(content, block):
            try:
                kind = kind_in(kinds, block, name, entry)
            except StudyError:
                # An unknown kind is told by the check of the entry.
                continue
            with mistakes.gathered():
                _write_shown(entry, kind, variants, f"{block}.{name}")


def of_selectors(message: str, kinds: Kinds, variants: Variants) -> str:
    """The message about an unknown key of a selector, by what varies in the study; any other message as it is."""
    found = UNKNOWN_KEY.match(message)
    if not found:
        return message
    place, key = found[1], found[2]
    if key == CONTROL:
        return f"{place}.{key}: no grid has controls, by which it chooses; add `controls` to a grid, or remove it"
    options = {name for block in KEY_OF for kind in kinds.of(block).values() for name in kind.options}
    if key in options | {*blocks()["$defs"]["training"]["properties"]}:
        return f"{place}.{key}: {key} is no key of selectors, since it does not vary in this study (`vary`); remove it"
    return f"{place}.{key}: unknown key; {one_of(key, [*selection.KEYS, *variants.options()])}"


def _write_grid(grid: dict, variants: Variants, where: str) -> None:
    """Write the variants of what a grid names; of controls those that it asks for."""
    for name in selection.named(grid, "architectures"):
        if isinstance(name, str) and (control := variants.control_of(name)) != NO_CONTROL:
            itself = variants.found["architecture"][name].name(without=[CONTROL])
            raise StudyError(
                f"{where}.architectures: {name} is a control of {itself}; write `architectures: [{itself}], "
                f"controls: [{control}]`"
            )
    for block, key in KEY_OF.items():
        if isinstance(grid.get(block), list):
            grid[block] = _flat(variants, key, grid[block])
    if variants.controls():
        wanted = [NO_CONTROL, *grid.pop("controls", [])]
        found = variants.found["architecture"]
        names = grid.get("architectures", list(found))
        if isinstance(names, list):
            # A grid that names one variant of an architecture has the controls of this one beside it.
            themselves = variants.alike([CONTROL]).get("architecture", {})
            beside = {name: [other for other in found if themselves[other] == name and other not in names] for name in found}
            listed = [name for named in names for name in (named, *beside.get(named, []))]
            grid["architectures"] = [name for name in listed if variants.control_of(name) in wanted]


def _holders(content: dict) -> Iterator[tuple[str, dict]]:
    """(where, block) of everything with a selector, but for what shows scores."""
    for block in ("samples", "embeddings", "scores", "comparisons"):
        yield from ((f"{block}.{name}", entry) for name, entry in entries_in(content, block))
    yield from ((f"representations.{name}", entry) for name, entry in entries_in(content, "representations"))
    for block in ("neurons", "observations"):
        if isinstance(content.get(block), dict):
            yield block, content[block]
    yield from training_blocks(content)


def _flat(variants: Variants, key: str, names: list) -> list:
    return [name for named in names for name in (variants.of_entry(key, named) if isinstance(named, str) else [named])]


def _meant(on: Any, variants: Variants, where: str, compared: Collection[str] = (), scores_named: bool = False) -> Any:
    """A selector by names alone. compared: options that must vary in what it chooses.

    scores_named: whether options of scores choose among those that stand beside the selector (_write_scores).
    """
    if not isinstance(on, dict):
        return on
    options = variants.options()
    named = {option: value for option, value in on.items() if option in options}
    meant = {key: value for key, value in on.items() if key not in options}
    for key in KEY_OF.values():
        if key in meant:
            names = _flat(variants, key, selection.named(meant, key))
            meant[key] = names if isinstance(meant[key], list) or len(names) > 1 else names[0]
        allowed = _allowed(variants, key, named, compared, where)
        if allowed is None or (key == "score" and scores_named):
            continue
        if key == "score":
            raise StudyError(
                f"{where}: scores vary {', '.join(_of_key(options, key, named))}, and none is chosen here; remove it"
            )
        names = [name for name in allowed if selection.allows(meant, **{key: name})]
        if not names:
            told = [f"{option} {named[option]}" for option in _of_key(options, key, named)]
            told += [option for option in _of_key(options, key, compared) if option not in named]
            raise StudyError(f"{where} chooses nothing: it has no {key} with {' and '.join(told)}; widen it")
        meant[key] = names if len(names) > 1 else names[0]
    return meant


def _of_key(options: dict[str, str], key: str, named: Collection[str]) -> list[str]:
    return [option for option in named if options[option] == key]


def _allowed(variants: Variants, key: str, named: dict[str, Any], compared: Collection[str], where: str) -> list[str] | None:
    """The names of a key that options allow, None where no option is of this key."""
    options = variants.options()
    having = [option for option in (*named, *compared) if options.get(option) == key]
    if not having:
        return None
    names = [name for name, variant in variants.found[key].items() if all(option in variant.values for option in having)]
    for option in _of_key(options, key, named):
        chosen = variants.chosen(option, named[option], where)
        names = [name for name in names if name in chosen]
    return names


def _write_shown(entry: dict, kind: Kind, variants: Variants, where: str) -> None:
    """Write names of variants into an entry that shows scores: a figure, a table or a claim."""
    options = variants.options()
    for part in COMPARING:
        _write_compared(entry, part, variants, f"{where}.{part}")
    _refuse_absent_controls(entry, kind, variants, where)
    _write_against(entry, kind, variants, where)
    words = [entry.get(option) for option in (*COMPARING, *kind.says("names_options", ()))]
    compared = [word for word in words if isinstance(word, str)] + [
        key for word in words if isinstance(word, dict) for key in word
    ]
    compared = [option for option in compared if option in options]
    if variants.controls():
        entry["on"] = _without_controls(entry, variants, compared, where)
    on = entry.get("on", {})
    named = {option: value for option, value in on.items() if option in options} if isinstance(on, dict) else {}
    meant = _meant(on, variants, f"{where}.on", compared, scores_named=True)
    if "on" in entry or meant:
        entry["on"] = meant
    allowed = _allowed(variants, "score", named, compared, f"{where}.on")
    parts = {option: part for option, part in entry_schema(kind)["properties"].items() if option in entry and names_scores(part)}
    _refuse_options_of_other_scores(entry, parts, variants, [*named, *compared], where)
    for option, part in parts.items():
        _write_scores(entry, option, part, variants, allowed, where)


def _refuse_options_of_other_scores(
    entry: dict, shown: Collection[str], variants: Variants, named: Collection[str], where: str
) -> None:
    """Raise StudyError for an option of scores that none of the scores shown has, and that would choose nothing.

    shown: the options of the entry that name scores. named: the options that vary by which it chooses or compares.
    """
    varied = variants.found.get("score", {})
    given = [name for option in shown for name in selection.named(entry, option) if isinstance(name, str)]
    having = {option for name in _flat(variants, "score", given) if name in varied for option in varied[name].values}
    for option in _of_key(variants.options(), "score", named):
        if option not in having:
            of = f"its scores ({', '.join(given)}) do not vary it" if given else "it shows no scores"
            entries = dict.fromkeys(variant.entry for variant in varied.values() if option in variant.values)
            raise StudyError(f"{where}: {option} is an option of {' and '.join(entries)}, and {of}; remove it")


def _refuse_absent_controls(entry: dict, kind: Kind, variants: Variants, where: str) -> None:
    """Raise StudyError for a control that an entry names and no grid has. Words that are no control are told by its schema."""
    known, words = dict.fromkeys(variants.controls().values()), blocks()["$defs"]["control"]["enum"]
    for option, part in kind.options.items():
        if A_CONTROL not in (part.get("$ref"), part.get("items", {}).get("$ref")):
            continue
        for control in selection.named(entry, option):
            if control in words and control not in known:
                or_name = f", or name {' or '.join(known)}" if known else ""
                raise StudyError(
                    f"{where}.{option}: no grid has the control {control}; add it to the `controls` of a grid{or_name}"
                )


def _write_against(entry: dict, kind: Kind, variants: Variants, where: str) -> None:
    """Write a claim against a control as one between the networks themselves and the control, at their last snapshots."""
    control = entry.get("against")
    if kind.options.get("against", {}).get("$ref") != A_CONTROL or not isinstance(control, str):
        return
    if "between" in entry:
        raise StudyError(f"{where}.against is short for `between: {{control: [none, {control}]}}`; remove one of them")
    on = entry.get("on", {})
    if control in SAME_WEIGHTS and isinstance(on, dict) and (on.get("state") == "untrained" or on.get("epoch") == 0):
        raise StudyError(
            f"{where}.on: untrained networks have the weights of their control {control}, so that no score differs; choose other "
            "snapshots, or name none: the last ones are compared then"
        )
    del entry["against"]
    entry["between"] = {CONTROL: [NO_CONTROL, control]}
    if isinstance(on, dict) and not {"epoch", "state"} & {*on}:
        entry["on"] = {**on, "epoch": selection.LAST}


def _without_controls(entry: dict, variants: Variants, compared: Collection[str], where: str) -> Any:
    """The selector of what shows scores or networks, without controls unless it names or compares them."""
    on, beside = entry.get("on", {}), selection.named(entry, "controls")
    if isinstance(on, dict) and beside and any(one not in (selection.values(on, CONTROL) or beside) for one in beside):
        raise StudyError(f"{where}.on.control leaves out what stands under {where}.controls; remove one of them")
    if not isinstance(on, dict) or CONTROL in on or CONTROL in compared:
        return on
    named = selection.named(on, "architecture")
    if any(name in variants.controls() for name in named):
        return on
    known = variants.found["architecture"]
    if named and not any(name in known for name in _flat(variants, "architecture", named)):
        # What is no architecture is told by the checks of names.
        return on
    # Words that are no control are told by the schema of the entry.
    shown = [control for control in beside if control in variants.controls().values()]
    return {**on, CONTROL: [NO_CONTROL, *shown]}


def _write_compared(entry: dict, part: str, variants: Variants, where: str) -> None:
    """The values of options as tables have them, in what a claim compares."""
    if not isinstance(entry.get(part), dict):
        return
    for key, values in entry[part].items():
        for value in values if isinstance(values, list) else ():
            names = variants.of_entry(key, value) if isinstance(value, str) else []
            if len(names) > 1:
                varied = ", ".join(variants.found[key][names[0]].values)
                raise StudyError(f"{where}.{key}: {value} varies {varied}; name one of {', '.join(names)}, or compare {varied}")
        if key in variants.options() and isinstance(values, list):
            entry[part][key] = [next(iter(variants.chosen(key, value, f"{where}.{key}").values())) for value in values]


def _write_scores(entry: dict, option: str, part: dict, variants: Variants, allowed: list[str] | None, where: str) -> None:
    """The names of variants in an option that names scores. allowed: those that options choose, None for all."""
    given = entry[option] if isinstance(entry[option], list) else [entry[option]]
    varied = variants.found.get("score", {})
    if not all(isinstance(name, str) for name in given):
        # The schema refuses it.
        return
    names = [name for name in _flat(variants, "score", given) if name not in varied or allowed is None or name in allowed]
    if names == given:
        return
    if not names:
        raise StudyError(f"{where}.on chooses no variant of {', '.join(map(str, given))}; widen it")
    if len(names) > 1 and part.get("$ref") != SEVERAL_SCORES and not isinstance(entry[option], list):
        options = list(varied[names[0]].values)
        values = ", ".join(f"{option}: {as_yaml(value)}" for option, value in varied[names[0]].values.items())
        raise StudyError(
            f"{where}.{option}: {given[0]} varies {', '.join(options)}; name one of {', '.join(names)}, or choose by "
            f"`on: {{{values}}}`"
        )
    entry[option] = names if len(names) > 1 or isinstance(entry[option], list) else names[0]
