"""Scores of the observations of each class."""

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.estimates import estimate
from layerscope.statistics.observations import observed_layers
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.spread_columns import ROW_KEYS, about_columns
from layerscope.tables.shared.summary import number

TABLE = {
    "description": (
        "The mean of a score over the observations of each class, with its interval over networks that differ in their seed "
        "alone; of scores that are kept of every observation."
    ),
    "reads": ("observations", "data"),
    "needs": ("classes", "metrics"),
    "parts": ("whole",),
    "required": ("scores",),
    "options": {
        "scores": {
            "description": "Rows in order; scores under `observations`.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
    },
}


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per layer, state, score and class: the mean over networks, its 95 % interval, how many networks and observations.

    A network counts once, with the mean over its observations of the class, each of which is a mean over embedding seeds;
    observations without a value are left out of both, and counted in `without value` over all networks. The input is one network.
    Intervals are cut at the bounds of the score, as in summary.csv, unless a single observation lies beyond them.
    """
    names = {store.file_params(source)["dataset"]: store.describe_data(source).classes for source in reads.data}
    found: list[dict] = []
    for layer in observed_layers(reads.observations, options["scores"]):
        if layer.labels is None:
            continue
        for label in np.unique(layer.labels):
            values = layer.values[layer.labels == label]
            known = values[np.isfinite(values)]
            found.append(
                {
                    **layer.keys,
                    "class": names[layer.keys["dataset"]][label],
                    "value": known.mean() if len(known) else np.nan,
                    "least": known.min(initial=np.inf),
                    "most": known.max(initial=-np.inf),
                    "observations": len(values),
                    "without value": len(values) - len(known),
                }
            )
    of_networks = pd.DataFrame(found)
    if len(of_networks):
        of_networks = select(of_networks, _on_observations(options.get("on", {})))
    if of_networks.empty:
        raise StudyError("no scores of observations with classes are left of what the table's `on` chooses; widen it")
    table: list[dict] = []
    for key, group in of_networks.groupby([*ROW_KEYS, "class"], dropna=False, sort=False):
        keys = dict(zip([*ROW_KEYS, "class"], key, strict=True))
        estimated = estimate(group["value"])
        lowest, highest = _bounds(options["metrics"][keys["metric"]]["range"], group)
        row = about_columns(keys) | {"epoch": keys["epoch"], "class": keys["class"], "mean": number(estimated.mean)}
        interval = np.clip([estimated.low, estimated.high], lowest, highest)
        row |= {"interval low": number(interval[0]), "interval high": number(interval[1]), "networks": estimated.n}
        row |= {"observations": group["observations"].max(), "without value": group["without value"].sum()}
        table.append(row)
    places = [options["scores"].index(row["score"]) for row in table]
    return pd.DataFrame(table).iloc[np.argsort(places, kind="stable")].reset_index(drop=True)


def _bounds(declared: list, group: pd.DataFrame) -> tuple[float, float]:
    """The bounds of a score, as far as every observation lies within them: shares of a sum may lie beyond those of the sum."""
    lowest, highest = declared
    return (
        -np.inf if lowest is None else min(lowest, group["least"].min()),
        np.inf if highest is None else max(highest, group["most"].max()),
    )


def _on_observations(on: dict) -> dict:
    """The selector without what only files are chosen by: there is one draw of a sample here."""
    return {key: value for key, value in on.items() if key != "draw"}
