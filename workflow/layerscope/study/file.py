"""Reading a study file: strict YAML, the shape that the schema demands, defaults filled in, numbers in one type.

Every error is one message that names the key, the value and what is allowed.
"""

import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from layerscope.errors import StudyError, one_of

SCHEMA_FILE = Path(__file__).parents[2] / "schemas" / "study.schema.yaml"
OVERRIDES = ("study", "seeds", "device")
# Some fifty times what the largest of the published studies has.
MOST_VALUES = 100_000
LARGEST_INTEGER = 2**63 - 1


class StrictLoader(yaml.SafeLoader):
    """YAML that refuses duplicate keys and in which only true and false are booleans (`on` is a key of ours)."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError):
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            raise StudyError(f"line {node.start_mark.line + 1}: {node.value:.40} is no {kind}; put text in quotes") from None


def _mapping(loader: StrictLoader, node: yaml.MappingNode) -> dict:
    mapping: dict = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise StudyError(f"line {key_node.start_mark.line + 1}: the key {key!r} is no text; put it in quotes")
        if key in mapping:
            raise StudyError(f"line {key_node.start_mark.line + 1}: the key '{key}' stands there twice; keep one of them")
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
StrictLoader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or letter in "tTfF"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(file: str | Path) -> Any:
    """The content of a YAML file by StrictLoader. Raises StudyError where it cannot be read."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        # StrictLoader constructs plain values only, as SafeLoader does.
        loader = StrictLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except StudyError as error:
        raise StudyError(f"{file}, {error}") from None
    except yaml.YAMLError as error:
        raise StudyError(f"{file} is no valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise StudyError(f"{file} has blocks within blocks without end; a study has a few") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{file} cannot be read ({error})") from None


def read_study(file: str | Path, overrides: dict) -> dict:
    """A study file with the `--config` values applied, checked against the main schema, with defaults and plain numbers."""
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise StudyError(f"{file} holds no study: it must be a mapping with the keys {', '.join(schema()['required'])}")
    for key, value in overrides.items():
        if key not in OVERRIDES or isinstance(value, dict):
            raise StudyError(
                f"--config {key}={value}: only {', '.join(OVERRIDES)} can be set on the command line; "
                "put the rest into a study file and name it with --configfile"
            )
        content[key] = _as_yaml(value) if key == "seeds" else str(value)
    _check_values(content)
    return checked(content, schema(), "")


def _as_yaml(value: object) -> object:
    """A value of `--config` as a file would have it: within lists Snakemake hands all values over as text."""
    if isinstance(value, list | tuple):
        return [_as_yaml(item) for item in value]
    if isinstance(value, str):
        try:
            return yaml.load(value, StrictLoader)  # noqa: S506 (a SafeLoader)
        except (yaml.YAMLError, StudyError):
            return value
    return value


def _check_values(content: dict) -> None:
    """Raise StudyError for numbers and text that no study can use, and for more values than any has.

    Aliases (*name) are counted wherever they stand: ten that hold ten each, ten times over, are ten thousand million values.
    """
    waiting = [("", content)]
    for count in itertools.count(1):
        if not waiting:
            return
        where, value = waiting.pop()
        if count > MOST_VALUES:
            raise StudyError(f"{where}: there are more than {MOST_VALUES:,} values up to here, aliases counted; write fewer")
        if isinstance(value, float) and not math.isfinite(value):
            raise StudyError(f"{where}: {value} is not allowed; a finite number is wanted")
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            raise StudyError(f"{where}: the number is too large; at most {LARGEST_INTEGER} is possible")
        if isinstance(value, str) and not value.replace("\n", "").isprintable():
            raise StudyError(f"{where}: {value!r} has characters that cannot be printed; leave them out")
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple | set) else ()
        for key, item in items:
            waiting.append((f"{where}.{key}" if where else str(key), item))


@cache
def schema() -> dict:
    """The JSON schema of study files."""
    return read_yaml(SCHEMA_FILE)


def definition(block: str, kind: str) -> dict:
    """The schema of one kind of entry, for instance definition("families", "mlp")."""
    return schema()["$defs"][block][kind]


def kinds(block: str) -> list[str]:
    """The kinds that a block of definitions knows."""
    return list(schema()["$defs"][block])


def checked(value: Any, part: dict, where: str) -> Any:
    """`value` with defaults filled in and numbers coerced, where it fits a part of the schema; else StudyError."""
    completed = _complete(value, part)
    validator = Draft202012Validator({"$defs": schema()["$defs"], **part})
    error = best_match(validator.iter_errors(completed))
    if error is not None:
        raise StudyError(_explain(error, where))
    return completed


def _resolved(part: dict) -> dict:
    if "$ref" not in part:
        return part
    target = schema()["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return {**_resolved(target), **{key: value for key, value in part.items() if key != "$ref"}}


def _complete(value: Any, part: dict, partial: bool = False) -> Any:
    """partial: whether blocks hold only what they change, and get no defaults, as those of an override."""
    part = _resolved(part)
    partial = partial or part.get("x-partial", False)
    if isinstance(value, dict):
        properties = part.get("properties", {})
        filled = dict(value)
        for key, inner in ({} if partial else properties).items():
            default = _resolved(inner)
            if key not in filled and "default" in default:
                filled[key] = default["default"]
        other = part.get("additionalProperties")
        rest = other if isinstance(other, dict) else {}
        # A selector is whole in itself.
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


def _explain(error, where: str) -> str:
    path = [where] if where else []
    for step in error.absolute_path:
        if isinstance(step, int):
            path[-1:] = [f"{path[-1]}[{step}]" if path else f"[{step}]"]
        else:
            path.append(str(step))
    place = ".".join(path) or "the study"
    value, bound = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in value if key not in known)
            return f"{'.'.join([*path, unknown])}: unknown key; {one_of(unknown, known)}"
        case "required":
            missing = next(key for key in bound if key not in value)
            return f"{'.'.join([*path, missing])} is missing; it must be given"
        case "enum":
            return f"{place}: {value!r} is not allowed; {one_of(value, map(str, bound))}"
        case "type":
            wanted = " or ".join(TYPE_NAMES[name] for name in ([bound] if isinstance(bound, str) else bound))
            return f"{place}: {value!r} is {_type_name(value)}; {wanted} is wanted{_number_hint(value)}"
        case "pattern" if place.endswith("learning_rate"):
            return f"{place}: {value!r} is text; auto or a number is wanted{_number_hint(value)}"
        case "pattern" if bound.strip("^$").isalpha():
            wanted = " or ".join(TYPE_NAMES[name] for name in error.schema["type"] if name != "string")
            return f"{place}: {value!r} is not allowed; {bound.strip('^$')}, or {wanted}, is wanted"
        case "pattern":
            return f"{place}: {value!r} must match {bound} (letters, digits, - and _ for names)"
        case "minimum":
            return f"{place}: {value} is too small; at least {bound} is wanted"
        case "exclusiveMinimum":
            return f"{place}: {value} is too small; more than {bound} is wanted"
        case "maximum" | "exclusiveMaximum":
            return f"{place}: {value} is too large; the bound is {bound}"
        case "minItems" | "minProperties":
            return f"{place} is empty or too short; at least {bound} entries are wanted"
        case "maxItems" | "maxProperties":
            return f"{place} has {len(value)} entries; at most {bound} are wanted"
        case "uniqueItems":
            repeated = next(item for index, item in enumerate(value) if item in value[:index])
            return f"{place}: {repeated!r} stands there twice; keep one of them"
        case _:
            return f"{place}: {' '.join(error.message.split())}"


def _type_name(value: Any) -> str:
    names = ((bool, "boolean"), (dict, "object"), (list, "array"), (str, "string"), (int, "integer"), (float, "number"))
    if value is None:
        return "empty"
    return next((TYPE_NAMES[name] for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")


def _number_hint(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    for kind in (int, float):
        try:
            return f" (YAML reads {value} as text: write {kind(value)!r})"
        except ValueError:
            continue
    return ""
