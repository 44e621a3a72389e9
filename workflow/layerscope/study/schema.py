"""The JSON schema of study files: the blocks that all studies share, and the options that kinds declare.

Each mistake is reported as one message with the key, the value and what is allowed. A key of the schema lists what people call it
elsewhere as `x-also-called`, and other words for its values as `x-values-called`; blocks that list changes alone are `x-partial`.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from layerscope.errors import StudyError, nearest, one_of
from layerscope.study.kinds import BLOCKS, Kind, Kinds
from layerscope.study.yaml_file import read_yaml

# The schema of options that name a score, and of those that name the variants of one together (layerscope.study.vary).
ONE_SCORE, SEVERAL_SCORES = "#/$defs/score_name", "#/$defs/score_names"
BLOCKS_FILE = Path(__file__).with_name("blocks.yaml")


@cache
def blocks() -> dict:
    """The schema that all studies share. It accepts any mapping as an entry that comes in kinds."""
    return read_yaml(BLOCKS_FILE)


def entry_schema(kind: Kind) -> dict:
    """The schema of an entry of one kind: the keys that all entries of its block have, and the options of the kind."""
    common = blocks()["$defs"]["entries"][kind.block]
    return {
        "description": kind.says("description", ""),
        "type": "object",
        "additionalProperties": False,
        "required": [*common.get("required", ()), *kind.says("required", ())],
        "properties": {**common["properties"], **kind.options},
    }


def whole_schema(kinds: Kinds) -> dict:
    """The schema of study files with the options of every kind, for editors and for the reference of keys."""
    definitions = {name: part for name, part in blocks()["$defs"].items() if name != "entries"}
    # Options that vary are keys of selectors too; a study file is checked when they are no longer there.
    definitions["selector"] = {**definitions["selector"], "additionalProperties": {}}
    for block in (name for name, about in BLOCKS.items() if not about.alike):
        definitions[block] = {name: entry_schema(kind) for name, kind in kinds.of(block).items()}
    return {**{key: part for key, part in blocks().items() if key != "$defs"}, "$defs": definitions}


def names_scores(part: dict) -> bool:
    """Whether an option of this schema names a score, or a list of them."""
    return bool({ONE_SCORE, SEVERAL_SCORES} & {part.get("$ref"), part.get("items", {}).get("$ref")})


def checked(value: Any, part: dict, where: str) -> Any:
    """Check `value` against a part of the schema; return it with defaults filled in and numbers in the declared type.

    Raises StudyError with a message for every mistake. where: the key of the value, "" for the study itself.
    """
    completed = _complete(value, part)
    messages = list(mistakes_in(completed, part, where))
    if messages:
        raise StudyError(*messages)
    return completed


def mistakes_in(value: Any, part: dict, where: str) -> Iterator[str]:
    """One message for every unknown and every missing key, and one for every other place with a mistake."""
    validator = Draft202012Validator({"$defs": blocks()["$defs"], **part})
    by_place: dict[tuple, list[ValidationError]] = {}
    for error in validator.iter_errors(value):
        by_place.setdefault(tuple(error.absolute_path), []).append(error)
    for errors in by_place.values():
        of_keys = [error for error in errors if error.validator in ("additionalProperties", "required")]
        if not of_keys:
            yield _explain(best_match(errors), where)
        for error in of_keys:
            yield from _of_keys(error, where)


def _of_keys(error: ValidationError, where: str) -> Iterator[str]:
    place, known = _place(error, where), error.schema.get("properties", {})
    also_called = {name: key for key, part in known.items() for name in part.get("x-also-called", ())}
    if error.validator == "required":
        # jsonschema yields one error per missing key and names the key only in the error's text.
        missing = next(key for key in error.validator_value if error.message.startswith(repr(key)))
        # A key that was mistyped is told as that, once.
        if not any(nearest(unknown, known, also_called) == missing for unknown in error.instance if unknown not in known):
            yield f"{'.'.join([*place, missing])} is missing; it must be given"
        return
    for unknown in error.instance:
        if unknown not in known:
            yield f"{'.'.join([*place, unknown])}: unknown key; {one_of(unknown, known, also_called)}"


def _place(error: ValidationError, where: str) -> list[str]:
    path = [where] if where else []
    for step in error.absolute_path:
        if isinstance(step, int):
            path[-1:] = [f"{path[-1]}[{step}]" if path else f"[{step}]"]
        else:
            path.append(str(step))
    return path


def resolved(part: dict) -> dict:
    """A part of the schema with its `$ref` replaced by the shared part; its own keys take precedence."""
    if "$ref" not in part:
        return part
    target = blocks()["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return {**resolved(target), **{key: value for key, value in part.items() if key != "$ref"}}


def _complete(value: Any, part: dict, partial: bool = False) -> Any:
    """Fill in defaults and convert numbers. partial: blocks list only changes, as in overrides, and get no defaults."""
    part = resolved(part)
    partial = partial or part.get("x-partial", False)
    if isinstance(value, dict):
        properties = part.get("properties", {})
        filled = dict(value)
        for key, inner in ({} if partial else properties).items():
            default = resolved(inner)
            if key not in filled and "default" in default:
                filled[key] = default["default"]
        other = part.get("additionalProperties")
        rest = other if isinstance(other, dict) else {}
        # A selector is complete even in a partial block.
        return {key: _complete(item, properties.get(key, rest), partial and key != "on") for key, item in filled.items()}
    if isinstance(value, list):
        return [_complete(item, part.get("items", {}), partial) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        allowed = part.get("type", [])
        allowed = [allowed] if isinstance(allowed, str) else allowed
        if "number" in allowed:
            return float(value)
        if "integer" in allowed and float(value).is_integer():
            return int(value)
    return value


TYPE_NAMES = {
    "object": "a block of keys",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _explain(error: ValidationError, where: str) -> str:
    place = ".".join(_place(error, where)) or "the study"
    value, bound = error.instance, error.validator_value
    match error.validator:
        case "enum":
            return f"{place}: {value!r} is not allowed; {one_of(value, map(str, bound), error.schema.get('x-values-called'))}"
        case "type":
            wanted = f"{_wanted(error.schema)} is wanted{_default(error.schema)}{_number_hint(value, error.schema)}"
            several = "; write an entry for each value" if isinstance(value, list) and "number" in _wanted(error.schema) else ""
            return f"{place}: {value!r} is {_type_name(value)}; {wanted}{several}"
        case "pattern" if _word(error.schema):
            hint = _number_hint(value, error.schema)
            return f"{place}: {value!r} is {'text' if hint else 'not allowed'}; {_wanted(error.schema)} is wanted{hint}"
        case "pattern":
            return f"{place}: {value!r} must match {bound} (letters, digits, - and _ for names)"
        case "minimum" | "exclusiveMinimum":
            return f"{place}: {value} is too small; {_within(error.schema)} is wanted{_default(error.schema)}"
        case "maximum" | "exclusiveMaximum":
            return f"{place}: {value} is too large; {_within(error.schema)} is wanted{_default(error.schema)}"
        case "minItems" | "minProperties":
            return f"{place} is empty or too short; at least {bound} entries are wanted"
        case "maxItems" | "maxProperties":
            return f"{place} has {len(value)} entries; at most {bound} are wanted"
        case "uniqueItems":
            repeated = next(item for index, item in enumerate(value) if item in value[:index])
            return f"{place}: {repeated!r} stands there twice; keep one of them"
        case _:
            return f"{place}: {' '.join(error.message.split())}"


def _types(part: dict) -> list[str]:
    return [part["type"]] if isinstance(part["type"], str) else part["type"]


def _word(part: dict) -> str | None:
    """The only text that a part of the schema accepts, for instance auto; None if it accepts other text."""
    word = re.fullmatch(r"\^(\w+)\$", part.get("pattern", ""))
    return word[1] if word else None


def _wanted(part: dict) -> str:
    """The types that a part of the schema allows, in words. If it accepts only one text (see `_word`), that comes first."""
    word = _word(part)
    return " or ".join([*([word] if word else []), *(TYPE_NAMES[name] for name in _types(part) if not word or name != "string")])


def _within(part: dict) -> str:
    """The numbers that a part of the schema allows, in words."""
    lowest, above = part.get("minimum"), part.get("exclusiveMinimum")
    highest, below = part.get("maximum"), part.get("exclusiveMaximum")
    low = f"more than {above:g}" if above is not None else f"at least {lowest:g}" if lowest is not None else ""
    high = f"less than {below:g}" if below is not None else f"at most {highest:g}" if highest is not None else ""
    if lowest is not None and highest is not None:
        return f"from {lowest:g} to {highest:g}"
    return " and ".join(filter(None, (low, high)))


def _default(part: dict) -> str:
    default = part.get("default")
    return f", by default {default}" if isinstance(default, int | float) and not isinstance(default, bool) else ""


def _type_name(value: Any) -> str:
    names = ((bool, "boolean"), (dict, "object"), (list, "array"), (str, "string"), (int, "integer"), (float, "number"))
    if value is None:
        return "empty"
    return next((TYPE_NAMES[name] for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")


def _number_hint(value: Any, part: dict) -> str:
    """A hint how to write a number that was given as text; "" if the schema does not allow that number."""
    number = _number(value) if isinstance(value, str) else None
    if number is None or not {"integer", "number"} & {*_types(part)}:
        return ""
    if "number" not in _types(part):
        if number != int(number):
            return ""
        number = int(number)
    quoted = isinstance(yaml.safe_load(value), int | float)
    return f" ({'in quotes it is text' if quoted else f'YAML reads {value} as text'}: write {number!r})"


def _number(text: str) -> int | float | None:
    """The finite number that a text represents, None if it represents none."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if isinstance(number, int) or math.isfinite(number) else None
    return None
