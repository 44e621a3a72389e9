"""Which scores of layers foretell which others, over the studies that are there."""

import pandas as pd

from layerscope.statistics.foretelling import foretold
from layerscope.store.reads import Reads
from layerscope.tables.shared.summary import interval, number, p_value

TABLE = {
    "description": (
        "How cheap scores of a layer go with costly ones, of this study or of several: rank correlations over all hidden layers "
        "of networks that differ in their seed alone, and over the networks at the same layer without what their accuracy "
        "explains; means over kinds of networks, p by Student's t, corrected over the table (docs/reading-results.md)."
    ),
    "reads": ("runs",),
    "needs": ("network_accuracies", "repeats"),
    "of_studies": True,
    "ranks_layers": {"cheap": ("raw", "run"), "costly": ("raw", "run", "embedding")},
    "scores_of": "layers",
    "states": ("trained",),
    "parts": ("whole",),
    "required": ("cheap", "costly"),
    "options": {
        "cheap": {
            "description": "Scores of the layers themselves that may foretell others.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
        "costly": {
            "description": "Scores that are to be foretold, of layers or embeddings.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
    },
}


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row for each pair of scores and space of the costly one. Scores that no study has stand in rows of their own."""
    scores = options["cheap"], options["costly"]
    found, absent = foretold(reads.runs, *scores, options["network_accuracies"], options.get("on", {}), options["repeats"])
    table = pd.DataFrame(
        {
            "foretold": found["costly"],
            "in": found["space"],
            "by": found["cheap"],
            "over layers": found["correlation"].map(number),
            "at a layer": found["partial"].map(number),
            "95 %": [interval(low, high) for low, high in found[["low", "high"]].to_numpy()],
            "kinds of networks": found["units"].astype(str),
            "without accuracy": found["without_accuracy"].astype(str),
            "networks": found["networks"].astype(str),
            "layers": found["points"].astype(str),
            "p": found["p"].map(p_value),
            "p (Holm)": found["p_holm"].map(p_value),
            "verdict": found["verdict"],
        }
    )
    of_absent = [{"foretold" if name in options["costly"] else "by": name, "verdict": "in no study"} for name in absent]
    return pd.concat([table, pd.DataFrame(of_absent)], ignore_index=True).fillna("-")
