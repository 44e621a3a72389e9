"""One row a run: embedding seeds averaged, filters summed up, the input joined to every network."""

import numpy as np
import pandas as pd

from layerscope.statistics.groups import group_deviations, joined_reasons, shared_reasons
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN, NETWORK, REPRESENTATION, RUN


def with_input_joined(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows in which every network has the input rows of its dataset, in each sample and space that it is scored in itself."""
    of_input = scores[scores["state"] == "input"]
    of_networks = scores[scores["state"] != "input"]
    networks = of_networks[[*RUN, "sample", "space"]].drop_duplicates()
    columns = [column for column in scores.columns if column not in ("architecture", "activation", "seed")]
    joined = networks.merge(of_input[columns], on=["dataset", "sample", "space"])
    return pd.concat([joined[scores.columns], of_networks], ignore_index=True)


def per_run(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a run: embedding seeds averaged, their standard deviation beside as embedding_sd, and filters summed up.

    For every layer of which filters are scored, two rows are added: their mean, and the mean without degenerate filters.
    """
    keys = [*NETWORK, "seed", "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]
    grouped = scores.groupby(keys, dropna=False, sort=True)
    means = grouped.agg(value=("value", "mean"), n_points=("n_points", "first"), chance=("chance", "mean")).reset_index()
    groups = grouped.ngroup().to_numpy()
    found = {
        "value": means["value"],
        "embedding_sd": group_deviations(groups, scores["value"].to_numpy()),
        "n_points": means["n_points"],
        "chance": means["chance"],
        "degenerate": joined_reasons(groups, len(means), scores["degenerate"]),
    }
    rows = means[keys].assign(**found)
    filters = rows[rows["filter"] != ""]
    if filters.empty:
        return rows
    living = filters[filters["degenerate"] == ""]
    means = [_filter_means(part, keys, name) for part, name in ((filters, FILTER_MEAN), (living, LIVING_MEAN)) if len(part)]
    return pd.concat([rows, *means], ignore_index=True)


def _filter_means(filters: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    by_layer = [key for key in keys if key != "filter"]
    grouped = filters.groupby(by_layer, dropna=False, sort=True)
    means = grouped.agg(value=("value", "mean"), n_points=("n_points", "first"), chance=("chance", "mean")).reset_index()
    shared = shared_reasons(grouped.ngroup().to_numpy(), len(means), filters["degenerate"])
    return means.assign(degenerate=shared, filter=name, embedding_sd=np.nan)
