"""The measures of similarity, by the modules that declare them."""

import numpy as np

from layerscope.files.sources import literal, modules
from layerscope.kind_modules import load_kind

# The estimator of CKA divides by n - 3.
FEWEST_OBSERVATIONS = 4


def similarity_measures() -> dict[str, dict]:
    """Measure → what it declares, and the name of its `module`; modules in the order of their names."""
    found: dict[str, dict] = {}
    for module in modules("similarity"):
        declared = literal(f"layerscope.similarity.{module}", "MEASURES")
        found |= {name: {**facts, "module": module} for name, facts in declared.items()}
    return found


def compare_by(first: np.ndarray, second: np.ndarray, measures: list[str]) -> dict[str, float]:
    """The value of each measure for two representations (n, d1) and (n, d2) of the same observations, in the order asked."""
    known = similarity_measures()
    found: dict[str, float] = {}
    for module in dict.fromkeys(known[name]["module"] for name in measures):
        asked = [name for name in measures if known[name]["module"] == module]
        found |= load_kind("similarity", module).compare(first, second, asked)
    return {name: found[name] for name in measures}
