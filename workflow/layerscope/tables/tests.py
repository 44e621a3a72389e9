"""What training changes, layer by layer: trained minus untrained networks of the same initialisation."""

import pandas as pd

from layerscope.errors import StudyError
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import paired_tests, with_correction
from layerscope.store.reads import Reads
from layerscope.tables.shared.summary import interval, number, p_value

TABLE = {
    "description": "Trained against untrained, by layer. Mean difference, interval, p and Holm's p.",
    "reads": ("runs",),
    "needs": ("control_networks",),
    "scores_of": "layers",
    "without": ("seed", "epoch", "state"),
    "states": ("trained", "untrained"),
    "parts": ("whole", "means"),
    "required": ("scores",),
    "options": {
        "scores": {
            "description": "Rows in order.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
    },
}


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """The paired tests that `on` selects: mean difference over runs, 95 % interval, p and Holm's p."""
    runs = stored_runs(reads.runs[0], options["scores"], with_input=False)
    # Controls are to learn nothing, so nothing is tested of what training changes in them.
    of_controls = runs["architecture"].isin(options["control_networks"])
    tests = select(with_correction(paired_tests(runs[~of_controls])), options.get("on", {}))
    if tests.empty:
        raise StudyError("no tests are left of what the table's `on` chooses; widen it")
    table = tests[["metric", "dataset", "architecture", "activation", "space", "layer", "filter"]].copy()
    table["n"] = tests["n_runs"]
    table["difference"] = tests["difference"].map(number)
    table["95 %"] = [interval(low, high) for low, high in tests[["interval_low", "interval_high"]].to_numpy()]
    table["p"] = tests["p"].map(p_value)
    table["p (Holm)"] = tests["p_holm"].map(p_value)
    return table
