"""What figures of comparisons read: the rows of one measure, and their means over networks."""

import pandas as pd

from layerscope import selection, store
from layerscope.statistics.estimates import estimate, interval_within
from layerscope.statistics.keys import NETWORK

PAIR = [*NETWORK, "epoch", "state", "depth", "layer", "other_depth", "other_layer"]


def rows_of(files: list[str], measure: str, on: dict) -> pd.DataFrame:
    """The rows of one measure in files of a comparison within networks, at the snapshots and of the layers that `on` chooses."""
    chosen = []
    for file in files:
        rows = store.read_comparison(file)
        rows = rows[rows["measure"] == measure]
        epochs = sorted(rows["epoch"].unique())
        of_epochs = {key: value for key, value in on.items() if key == "epoch"}
        rows = rows[rows["epoch"].isin(selection.allowed_epochs(of_epochs, epochs)) & _allowed(rows, on, "state")]
        layers = {*rows["layer"], *rows["other_layer"]}
        depths = dict(zip([*rows["layer"], *rows["other_layer"]], [*rows["depth"], *rows["other_depth"]], strict=True))
        named = selection.with_layers_named(on, sorted(layers, key=lambda layer: depths[layer]))
        chosen.append(rows[_allowed(rows, named, "layer") & _allowed(rows, named, "layer", "other_layer")])
    return pd.concat(chosen, ignore_index=True)


def _allowed(rows: pd.DataFrame, on: dict, key: str, column: str | None = None) -> pd.Series:
    allowed = selection.values(on, key)
    found = rows[column or key]
    return pd.Series(True, index=rows.index) if allowed is None else found.isin(allowed)


def over_networks(rows: pd.DataFrame, keys: list[str], within: list[float | None]) -> pd.DataFrame:
    """The mean over networks for each value of the keys: n, sd, 95 % interval, chance (a mean) and observations.

    rows: one for each network and value of the keys. within: the bounds of the measure, None where there is none.
    """
    found = []
    for key, group in rows.groupby(keys, sort=False):
        over = estimate(group["value"])
        row = dict(zip(keys, key, strict=True)) | {"mean": over.mean, "n": over.n, "sd": over.sd}
        low, high = interval_within(over, *within)
        row |= {"interval_low": low, "interval_high": high, "chance": group["chance"].mean()}
        found.append(
            row
            | {"observations": group["n_points"].max(), "degenerate": "; ".join(dict.fromkeys(filter(None, group["degenerate"])))}
        )
    return pd.DataFrame(found)
