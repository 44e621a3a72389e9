"""Import the module of a kind (a figure, a metric, an engine, ...), from the package or from a user's own file."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from layerscope.errors import StudyError
from layerscope.files.sources import literal

# What reads weights of a person's own. Networks without any do not depend on it.
WEIGHTS = "layerscope.models.weights"


def kind_source(package: str, name: str, code: Mapping[str, str] | None = None) -> str:
    """How layerscope.files.sources names the module of a kind: its dotted name, or the path of a user's own file."""
    return (code or {}).get(f"{package}.{name}", f"layerscope.{package}.{name}")


def architecture_sources(family: str, architecture: Mapping[str, Any]) -> list[str]:
    """What the networks of an architecture come from, as for layerscope.files.sources, besides the stage that builds them.

    family: the module of its family, as kind_source names it. architecture: its options, as in a study.
    """
    found = [family]
    if "file" in architecture:
        found.append(architecture["file"])
    if "weights" in architecture:
        found.append(WEIGHTS)
    return found


def packages(source: str, declaration: str) -> tuple[str, ...]:
    """The distributions that an engine or a family declares besides those that all results depend on.

    source: its module, as kind_source names it. declaration: the name of its literal, for instance ENGINE.
    """
    return tuple(literal(source, declaration).get("packages", ()))


def load_kind(package: str, name: str, code: Mapping[str, str] | None = None) -> ModuleType:
    """Import the module of a kind. package, name: for instance `figures`, `score_by_depth`.

    code: `package.name` → the path of a user's own file, for kinds that are not part of layerscope, as in job params. Raises
    StudyError if there is no such file; exceptions of its code are passed on.
    """
    file = (code or {}).get(f"{package}.{name}")
    if file is None:
        return import_module(f"layerscope.{package}.{name}")
    # Registered in sys.modules, so that its functions can be found by the module's name, for instance by numba's cache.
    known_as = f"own_{package.replace('.', '_')}_{name}"
    if known_as not in sys.modules:
        spec = spec_from_file_location(known_as, file)
        if spec is None or spec.loader is None or not Path(file).is_file():
            raise StudyError(f"code: there is no file {file}; it declares {name}")
        module = module_from_spec(spec)
        sys.modules[known_as] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[known_as]
            raise
    return sys.modules[known_as]
