"""The data that claims are judged by: the study's scores, arranged as the statistics need them."""

from dataclasses import dataclass

import pandas as pd

from layerscope.statistics.keys import RUN
from layerscope.statistics.pairs import score_pairs
from layerscope.statistics.select import select
from layerscope.statistics.units import unit_keys

# Networks of different architectures are compared only where these keys are equal.
ACROSS_ARCHITECTURES = [key for key in RUN if key != "architecture"]
# The sizes of a network: their names in a claim, and their names in Evidence.sizes.
SIZE_OF = {"width": "width", "layers": "depth"}


@dataclass(frozen=True)
class Evidence:
    """rows: those that the claim is about, one per run and representation (statistics.runs). runs: all rows of the study.

    sizes: architecture → depth and width.
    """

    rows: pd.DataFrame
    runs: pd.DataFrame
    sizes: dict


def run_means(rows: pd.DataFrame, key: str, value: object) -> pd.Series:
    """The mean, for each run, of the rows in which `key` has this value: a Series by run."""
    return select(rows, {key: value}).groupby(RUN, dropna=False)["value"].mean()


def run_differences(claim: dict, rows: pd.DataFrame) -> pd.Series:
    """The difference (first - second) of the two values in `between`, by run, or by pair of networks alike in all other keys."""
    [(key, (first, second))] = claim["between"].items()
    a, b = run_means(rows, key, first), run_means(rows, key, second)
    if key in RUN:
        a, b = a.droplevel(key), b.droplevel(key)
    return paired_differences(a, b)


def paired_differences(first: pd.Series, second: pd.Series) -> pd.Series:
    """first - second of what is in both, by their index; NaN, which is counted as left out, where either has no number."""
    both = first.index.intersection(second.index)
    return first.reindex(both) - second.reindex(both)


def pairs_of_scores(claim: dict, runs: pd.DataFrame) -> pd.DataFrame:
    """Two scores of each trained network (statistics.pairs.score_pairs), without flagged runs if the claim leaves them out."""
    pairs = score_pairs(runs, claim["score"], claim["against"], claim.get("on", {}))
    return pairs[pairs["degenerate"] == ""] if claim.get("flagged") == "leave_out" else pairs


def pairs_by_unit(claim: dict, runs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The pairs of pairs_of_scores, by the keys of their networks, and their means over the runs of each unit."""
    pairs = pairs_of_scores(claim, runs).set_index(RUN)[["value", "against"]]
    keys = unit_keys(pairs.index, claim.get("cluster"))
    return pairs, pairs.groupby(level=keys).mean() if keys else pairs


def by_architecture(evidence: Evidence) -> pd.DataFrame:
    """The mean score of each run, with the depth and width of its network."""
    means = evidence.rows.groupby(RUN, as_index=False)["value"].mean()
    return means.assign(**{size: [evidence.sizes[name][size] for name in means["architecture"]] for size in SIZE_OF.values()})


def courses(claim: dict, evidence: Evidence) -> dict[tuple, pd.DataFrame]:
    """For each run, by epoch: `value`, the mean of the claim's rows; `against`, the other score on the claim's split.

    A run of which no epoch has both is there too, with no epochs.
    """
    runs = evidence.runs
    other = runs[(runs["metric"] == claim["against"]) & (runs["space"] == "run") & (runs["sample"] == claim["split"])]
    other = select(other, {key: value for key, value in claim.get("on", {}).items() if key in RUN})
    values = [frame.groupby([*RUN, "epoch"])["value"].mean() for frame in (evidence.rows, other)]
    both = pd.concat(values, axis=1, keys=["value", "against"]).dropna()
    found = {run: group.droplevel(RUN).sort_index() for run, group in both.groupby(RUN)}
    chosen = evidence.rows[RUN].drop_duplicates().itertuples(index=False, name=None)
    return {run: found.get(run, pd.DataFrame({"value": [], "against": []})) for run in chosen}


def of_runs(numbers: dict[tuple, float], keys: list[str] = RUN) -> pd.Series:
    """One number a run (or a set of runs), by its keys."""
    index = pd.MultiIndex.from_frame(pd.DataFrame(list(numbers), columns=keys))
    return pd.Series(list(numbers.values()), index=index, dtype=float)
