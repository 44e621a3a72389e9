"""Strict YAML: no key twice, and only true and false are booleans."""

from pathlib import Path
from typing import Any

import yaml

from layerscope.errors import StudyError


class StrictLoader(yaml.SafeLoader):
    """YAML without duplicate keys, in which only true and false are booleans (`on` is a key of study files)."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """A node as a Python object. Raises StudyError, with the line, if its text does not fit its type."""
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
