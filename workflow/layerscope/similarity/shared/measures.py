"""The measures of similarity, by the modules that declare them."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from layerscope.errors import StudyError
from layerscope.files.sources import literal, modules
from layerscope.kind_modules import kind_source, load_kind

PACKAGE = "similarity"
# The estimator of CKA divides by n - 3.
FEWEST_OBSERVATIONS = 4

Code = Mapping[str, str] | None


def similarity_measures(code: Code = None) -> dict[str, dict]:
    """Measure → what it declares, and the module that it is `declared_in`; modules in the order of their names.

    code: a person's own files, as in job params.
    """
    found: dict[str, dict] = {}
    own = [name.removeprefix(f"{PACKAGE}.") for name in code or () if name.startswith(f"{PACKAGE}.")]
    for module in [*modules(PACKAGE), *own]:
        declared = literal(kind_source(PACKAGE, module, code), "MEASURES")
        found |= {name: {**facts, "declared_in": module} for name, facts in declared.items()}
    return found


def prepared(points: np.ndarray, measures: list[str], code: Code = None) -> dict[str, Any]:
    """What comparisons of a representation by these measures need of it, by the module of the measures.

    points: (n, d), or the maps of a layer (n, filters, height, width), of which most measures take all values of an observation.
    """
    known, flat = similarity_measures(code), points.reshape(len(points), -1)
    return {
        module: load_kind(PACKAGE, module, code).prepare(points if known[asked[0]].get("takes_maps") else flat)
        for module, asked in _by_module(measures, known).items()
    }


def compare_by(first: dict[str, Any], second: dict[str, Any], measures: list[str], code: Code = None) -> dict[str, float]:
    """The value of each measure for two prepared representations of the same observations, in the order asked.

    Raises StudyError where a person's own module gives none of a measure, or one that is no number.
    """
    found: dict[str, float] = {}
    for module, asked in _by_module(measures, similarity_measures(code)).items():
        told = load_kind(PACKAGE, module, code).compare(first[module], second[module], asked)
        for name in asked:
            if not isinstance(told, dict) or not isinstance(told.get(name), Real):
                given = told.get(name, "nothing") if isinstance(told, dict) else told
                source = kind_source(PACKAGE, module, code)
                raise StudyError(f"{source}: compare gave {given!r} for {name}; return {{'{name}': a number}}")
        found |= told
    return {name: found[name] for name in measures}


def _by_module(measures: list[str], known: dict[str, dict]) -> dict[str, list[str]]:
    modules_asked = dict.fromkeys(known[name]["declared_in"] for name in measures)
    return {module: [name for name in measures if known[name]["declared_in"] == module] for module in modules_asked}
