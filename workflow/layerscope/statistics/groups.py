"""Aggregates of groups, in the order of their numbers: means, standard deviations, reasons."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals


def gathered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate frames with the same columns, emptying them. Text becomes sorted categories: a tenth of the memory."""
    columns = {}
    for name in list(frames[0].columns):
        parts = [frame.pop(name) for frame in frames]
        if pd.api.types.is_numeric_dtype(parts[0]):
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
        else:
            columns[name] = union_categoricals([part.astype("category") for part in parts], sort_categories=True)
    return pd.DataFrame(columns, copy=False)


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Convert categories back to text."""
    return rows.astype(dict.fromkeys(rows.select_dtypes("category"), "str"))


def stacked(groups: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each group size n, yield the numbers of the groups of that size and their values (groups, n), in the order given."""
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups)
    starts = np.cumsum(counts) - counts
    for n in np.unique(counts[counts > 0]):
        alike = np.flatnonzero(counts == n)
        yield alike, values[order[starts[alike][:, np.newaxis] + np.arange(n)]]


def group_means(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of each group, ignoring NaN."""
    means = np.full(groups.max(initial=-1) + 1, np.nan)
    for alike, rows in stacked(groups, values):
        known = ~np.isnan(rows)
        counts = known.sum(axis=1)
        means[alike] = np.where(known, rows, 0).sum(axis=1) / np.where(counts > 0, counts, np.nan)
    return means


def group_deviations(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The standard deviation (n - 1) of each group, ignoring NaN; NaN with fewer than two values."""
    deviations = np.full(groups.max(initial=-1) + 1, np.nan)
    for alike, rows in stacked(groups, values):
        known = ~np.isnan(rows)
        counts = np.where(known.sum(axis=1) > 1, known.sum(axis=1), np.nan)[:, np.newaxis]
        means = np.where(known, rows, 0).sum(axis=1, keepdims=True) / counts
        squares = np.where(known, (means - rows) ** 2, 0)
        deviations[alike] = np.sqrt(squares.sum(axis=1) / (counts[:, 0] - 1))
    return deviations


def joined_reasons(groups: np.ndarray, count: int, reasons: pd.Series) -> np.ndarray:
    """The distinct reasons of each group, in order of appearance, joined by "; "."""
    joined = np.full(count, "", dtype=object)
    given = pd.DataFrame({"group": groups, "reason": reasons.to_numpy(dtype=object)})[(reasons != "").to_numpy()]
    given = given.drop_duplicates()
    several = given["group"].duplicated(keep=False)
    joined[given.loc[~several, "group"]] = given.loc[~several, "reason"]
    for group, listed in given[several].groupby("group")["reason"]:
        joined[group] = "; ".join(listed)
    return joined


def shared_reasons(groups: np.ndarray, count: int, reasons: pd.Series) -> np.ndarray:
    """The reasons that all members of each group share, which are those of their network."""
    shared = np.full(count, "", dtype=object)
    given = (reasons != "").to_numpy()
    without = np.bincount(groups[~given], minlength=count) > 0
    kept = ~without[groups]
    for group, listed in reasons[kept].groupby(groups[kept]):
        first, *others = [reason.split("; ") for reason in listed.unique()]
        shared[group] = "; ".join(reason for reason in first if all(reason in other for other in others))
    return shared
