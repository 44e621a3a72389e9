"""The measures of similarity, by the modules that declare them."""

from typing import Any

import numpy as np

from layerscope.files.sources import literal, modules
from layerscope.kind_modules import load_kind

# The estimator of CKA divides by n - 3.
FEWEST_OBSERVATIONS = 4


def similarity_measures() -> dict[str, dict]:
    """Measure → what it declares, and the module that it is `declared_in`; modules in the order of their names."""
    found: dict[str, dict] = {}
    for module in modules("similarity"):
        declared = literal(f"layerscope.similarity.{module}", "MEASURES")
        found |= {name: {**facts, "declared_in": module} for name, facts in declared.items()}
    return found


def prepared(points: np.ndarray, measures: list[str]) -> dict[str, Any]:
    """What comparisons of a representation (n, d) by these measures need of it, by the module of the measures."""
    return {module: load_kind("similarity", module).prepare(points) for module in _by_module(measures)}


def compare_by(first: dict[str, Any], second: dict[str, Any], measures: list[str]) -> dict[str, float]:
    """The value of each measure for two prepared representations of the same observations, in the order asked."""
    found: dict[str, float] = {}
    for module, asked in _by_module(measures).items():
        found |= load_kind("similarity", module).compare(first[module], second[module], asked)
    return {name: found[name] for name in measures}


def _by_module(measures: list[str]) -> dict[str, list[str]]:
    known = similarity_measures()
    modules_asked = dict.fromkeys(known[name]["declared_in"] for name in measures)
    return {module: [name for name in measures if known[name]["declared_in"] == module] for module in modules_asked}
