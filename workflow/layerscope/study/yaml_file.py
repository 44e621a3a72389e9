"""Strict YAML: no key twice, and only true and false are booleans."""

from pathlib import Path
from typing import Any

import yaml

from layerscope.errors import StudyError
from layerscope.files.refusals import refused

MERGE = "tag:yaml.org,2002:merge"


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
    """A block. The keys of blocks that it merges (`<<: *name`) come first, and those of its own replace them."""
    merging = [pair for pair in node.value if pair[0].tag == MERGE]
    merged = yaml.MappingNode(node.tag, merging, node.start_mark, node.end_mark)
    loader.flatten_mapping(merged)
    mapping = {_key(loader, key): loader.construct_object(value, deep=True) for key, value in merged.value}
    own: set[str] = set()
    for key_node, value_node in node.value:
        if key_node.tag == MERGE:
            continue
        key = _key(loader, key_node)
        if key in own:
            raise StudyError(f"line {key_node.start_mark.line + 1}: the key '{key}' stands there twice; keep one of them")
        own.add(key)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


def _key(loader: StrictLoader, node: yaml.Node) -> str:
    key = loader.construct_object(node, deep=True)
    if not isinstance(key, str):
        raise StudyError(f"line {node.start_mark.line + 1}: the key {key!r} is no text; put it in quotes")
    return key


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
# PyYAML's dump writes a tuple with a tag of its own.
StrictLoader.add_constructor("tag:yaml.org,2002:python/tuple", yaml.SafeLoader.construct_yaml_seq)
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
        mark = getattr(error, "problem_mark", None)
        if "'\\t'" in str(error) and mark is not None:
            raise StudyError(f"{file}, line {mark.line + 1}: a tab stands there; YAML indents with spaces") from None
        if mark is not None and "tag:yaml.org,2002:python/" in str(error):
            raise StudyError(
                f"{file} is no valid YAML, line {mark.line + 1}: an object of Python stands there; write plain numbers, text, "
                "lists and blocks, as yaml.safe_dump does"
            ) from None
        raise StudyError(f"{file} is no valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise StudyError(f"{file} has blocks within blocks without end; a study has a few") from None
    except FileNotFoundError:
        raise StudyError(f"there is no {file}; name the file of a study") from None
    except OSError as error:
        raise refused(file, error) from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{file} cannot be read ({error}); save it as UTF-8") from None
