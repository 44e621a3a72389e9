"""Means over runs, and tests of the differences between trained and untrained networks."""

import numpy as np
import pandas as pd

from layerscope.statistics.estimates import estimates, holm, paired_ps
from layerscope.statistics.groups import group_means, stacked
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN, NETWORK, SUMMARY_KEYS


def by_state(runs: pd.DataFrame) -> pd.DataFrame:
    """Give all trained (or untrained) networks of a kind their largest epoch, so that runs of unequal length are pooled."""
    ended = runs["state"].isin(["trained", "untrained", "pretrained"])
    keys = ["dataset", "architecture", "activation", "state"]
    latest = runs.groupby(keys, dropna=False)["epoch"].transform("max")
    return runs.assign(epoch=runs["epoch"].where(~ended, latest))


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Means over runs by SUMMARY_KEYS: n_runs (finite values), n_missing, n_degenerate, mean, sd, interval, draw_sd, chance, ...

    sd and interval are over runs, each of which is a mean over the draws of its sample and over embeddings; draw_sd and
    embedding_sd are the spread within a run, averaged over runs. n_degenerate counts flagged runs, and for means over filters the
    dead filters of all runs; mean_without_degenerate leaves flagged runs out. The input of a dataset counts as a single
    observation, without spread.
    """
    groups = runs.groupby(SUMMARY_KEYS, dropna=False, sort=True, observed=True).ngroup().to_numpy()
    _, first = np.unique(groups, return_index=True)
    summary = runs[SUMMARY_KEYS].iloc[first].reset_index(drop=True)
    counted = (runs["state"] != "input").to_numpy(copy=True)
    counted[first] = True
    n_points, draws = (runs[column].to_numpy()[first] for column in ("n_points", "draws"))
    lowest, highest = (runs[bound].to_numpy()[first] for bound in ("lowest", "highest"))
    groups, runs = groups[counted], runs[counted]
    values, flagged = runs["value"].to_numpy(), (runs["degenerate"] != "").to_numpy()
    finite = np.isfinite(values)
    found = {name: np.full(len(summary), np.nan) for name in ("mean", "sd", "interval_low", "interval_high")}
    living = np.full(len(summary), np.nan)
    for alike, rows in stacked(groups[finite], values[finite]):
        estimated = estimates(rows)
        for name, numbers in zip(found, (estimated.mean, estimated.sd, estimated.low, estimated.high), strict=True):
            found[name][alike] = numbers
    for alike, rows in stacked(groups[finite & ~flagged], values[finite & ~flagged]):
        living[alike] = rows.mean(axis=1)
    # The mean of a bounded score cannot lie beyond its bounds, so these cut intervals without missing it more often.
    for name in ("interval_low", "interval_high"):
        found[name] = np.clip(found[name], lowest, highest)
    return summary.assign(
        n_runs=np.bincount(groups[finite], minlength=len(summary)),
        n_missing=np.bincount(groups[~finite], minlength=len(summary)),
        n_degenerate=np.bincount(groups, weights=runs["n_degenerate"], minlength=len(summary)).astype(int),
        **found,
        mean_without_degenerate=living,
        draws=draws,
        draw_sd=group_means(groups, runs["draw_sd"].to_numpy()),
        embedding_sd=group_means(groups, runs["embedding_sd"].to_numpy()),
        chance=group_means(groups, runs["chance"].to_numpy()),
        n_points=n_points,
    )


def paired_tests(runs: pd.DataFrame) -> pd.DataFrame:
    """Paired t-tests of trained against untrained networks of the same initialisation, by layer, score and space.

    Single filters have no counterpart in another network and are left out; their layer means are tested. p_holm is not among
    the columns, because it depends on all tests of a dataset; with_correction adds it.
    """
    keys = [*NETWORK, "sample", "layer", "depth", "filter", "space", "metric"]
    tested = runs[runs["filter"].isin(["", FILTER_MEAN, LIVING_MEAN]) & runs["state"].isin(["trained", "untrained"])]
    tested = tested.astype({"state": "str"})
    pairs = tested.set_index([*keys, "seed", "state"])["value"].unstack("state")
    pairs = pairs.reindex(columns=["trained", "untrained"]).reset_index()
    pairs["difference"] = pairs["trained"] - pairs["untrained"]
    # Incomplete pairs are dropped from both means, so that these and the difference are over the same pairs.
    pairs.loc[pairs["difference"].isna(), ["trained", "untrained"]] = np.nan
    groups = pairs.groupby(keys, dropna=False, sort=True, observed=True).ngroup().to_numpy()
    _, first = np.unique(groups, return_index=True)
    tests = pairs[keys].iloc[first].reset_index(drop=True)
    tests.columns.name = None
    differences = pairs["difference"].to_numpy()
    finite = np.isfinite(differences)
    found = {name: np.full(len(tests), np.nan) for name in ("difference", "interval_low", "interval_high", "p")}
    for alike, rows in stacked(groups[finite], differences[finite]):
        estimated = estimates(rows)
        for name, numbers in zip(found, (estimated.mean, estimated.low, estimated.high, paired_ps(rows)), strict=True):
            found[name][alike] = numbers
    return tests.assign(
        n_runs=np.bincount(groups[finite], minlength=len(tests)),
        trained=group_means(groups, pairs["trained"].to_numpy()),
        untrained=group_means(groups, pairs["untrained"].to_numpy()),
        **found,
    )


def with_correction(tests: pd.DataFrame) -> pd.DataFrame:
    """Paired tests with p_holm: Holm's correction within one metric, space and dataset."""
    families = tests.groupby(["metric", "space", "dataset"], dropna=False, observed=True)["p"]
    return tests.assign(p_holm=families.transform(lambda p: holm(p.to_numpy())))
