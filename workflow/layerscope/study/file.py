"""Read a study file and apply the values of the command line, before it is checked against the schema."""

import itertools
import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from layerscope.errors import StudyError
from layerscope.study.yaml_file import StrictLoader, read_yaml

OVERRIDES = ("study", "seeds", "device")
# About fifty times as many as the largest published study has.
MOST_VALUES = 100_000
LARGEST_INTEGER = 2**63 - 1


def read_study(file: str | Path, overrides: dict) -> dict:
    """The content of a study file with the `--config` values applied. Raises StudyError where it is no study."""
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise StudyError(f"{file} holds no study: it must be a mapping with the keys study and datasets, or study and studies")
    for key, value in overrides.items():
        if key not in OVERRIDES or isinstance(value, dict):
            raise StudyError(
                f"--config {key}={value}: only {', '.join(OVERRIDES)} can be set on the command line; "
                "put the rest into a study file and name it with --configfile"
            )
        if key == "seeds":
            content[key] = _as_yaml(value)
        else:
            # Snakemake parses a name of digits as a number.
            content[key] = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    _check_values(content)
    return content


def as_typed(file: str | Path, overrides: Mapping[str, str]) -> str:
    """A study file and the `--config` values applied to it, as they stand on a command line."""
    return shlex.join([str(file), *config_options(overrides)])


def config_options(overrides: Mapping[str, str]) -> list[str]:
    """The words that give Snakemake, or a command of layerscope, the `--config` values; none where there are none."""
    return ["--config", *(f"{key}={value}" for key, value in overrides.items())] if overrides else []


def content_of_config(config: dict) -> dict:
    """The content of a study that another workflow passes as its `config`. Raises StudyError for values that no study can use.

    Snakemake's YAML loader reads the key `on` as true, which is undone here.
    """
    content = _with_on(config)
    _check_values(content)
    return content


def _with_on(value: Any) -> Any:
    if isinstance(value, dict):
        return {"on" if key is True else str(key): _with_on(item) for key, item in value.items()}
    return [_with_on(item) for item in value] if isinstance(value, list) else value


def _as_yaml(value: object) -> object:
    """A value of `--config` as a study file would have it: Snakemake passes all values within lists as text."""
    if isinstance(value, list | tuple):
        return [_as_yaml(item) for item in value]
    if isinstance(value, str):
        try:
            return yaml.load(value, StrictLoader)  # noqa: S506 (a SafeLoader)
        except (yaml.YAMLError, StudyError):
            return value
    return value


def _check_values(content: dict) -> None:
    """Raise StudyError for numbers and text that no study can use, and for more than MOST_VALUES values.

    Every use of an alias (*name) counts: ten levels of lists with ten aliases each are ten thousand million values.
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
