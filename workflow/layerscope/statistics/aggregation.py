"""From long score rows to means over runs and tests of training: pure functions on data frames.

A frame has the columns of layerscope.store.SCORE_COLUMNS. Keys that a row has no use for are empty text, depth and seeds NaN.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from layerscope import selection
from layerscope.errors import StudyError
from layerscope.statistics.estimates import estimates, holm, paired_ps

NETWORK = ["dataset", "architecture", "activation"]
RUN = [*NETWORK, "seed"]
SCORED = [*RUN, "sample", "space", "metric"]
REPRESENTATION = ["layer", "depth", "filter"]
SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]
COLUMNS = {"embedding": "space"}
OUTPUT = "output"
# Below this many times the chance level a network has learnt next to nothing.
NEAR_CHANCE = 2.0
FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"


def gathered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """One frame of many with the same columns, which are emptied; text as categories in their order: a tenth of the memory."""
    columns = {}
    for name in list(frames[0].columns):
        parts = [frame.pop(name) for frame in frames]
        if pd.api.types.is_numeric_dtype(parts[0]):
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
        else:
            columns[name] = union_categoricals([part.astype("category") for part in parts], sort_categories=True)
    return pd.DataFrame(columns, copy=False)


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose text is text and no categories."""
    return rows.astype(dict.fromkeys(rows.select_dtypes("category"), "str"))


def with_input_joined(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows in which every network has the input rows of its dataset, in each sample and space that it is scored in itself."""
    of_input = scores[scores["state"] == "input"]
    of_networks = scores[scores["state"] != "input"]
    networks = of_networks[[*RUN, "sample", "space"]].drop_duplicates()
    columns = [column for column in scores.columns if column not in ("architecture", "activation", "seed")]
    joined = networks.merge(of_input[columns], on=["dataset", "sample", "space"])
    return pd.concat([joined[scores.columns], of_networks], ignore_index=True)


def flag_near_chance(scores: pd.DataFrame, accuracies: list[str]) -> pd.DataFrame:
    """Rows with the reason added for networks that classify hardly better than chance: their scores mean little."""
    return flag(scores, near_chance(scores, accuracies))


def near_chance(scores: pd.DataFrame, accuracies: list[str]) -> pd.DataFrame:
    """RUN, epoch and reason of the snapshots that classify hardly better than chance.

    accuracies: names of scores that are accuracies. A snapshot, but the fresh network, is near chance where its accuracy on
    the test split is below NEAR_CHANCE times the chance level c or, with few classes, below c + (1 - c) / 4. A network that
    has collapsed onto one class looks easy to embed.
    """
    of_test = scores["metric"].isin(accuracies) & (scores["sample"] == "test") & (scores["space"] == "run")
    measured = scores[of_test & (scores["epoch"] > 0)]
    bound = np.minimum(NEAR_CHANCE * measured["chance"], measured["chance"] + (1 - measured["chance"]) / 4)
    near = measured[measured["value"] < bound].drop_duplicates([*RUN, "epoch"])
    reasons = near.assign(reason=[f"near_chance: test accuracy {value:.3f}" for value in near["value"]])
    return reasons[[*RUN, "epoch", "reason"]]


def flag(scores: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Rows with a reason added to those of the snapshots in `reasons` (RUN, epoch, reason)."""
    found = scores[[*RUN, "epoch"]].merge(reasons, how="left", on=[*RUN, "epoch"])["reason"]
    both = scores["degenerate"].where(scores["degenerate"] == "", scores["degenerate"] + "; ") + found.fillna("").to_numpy()
    return scores.assign(degenerate=both.where(found.notna().to_numpy(), scores["degenerate"]))


def select(rows: pd.DataFrame, on: dict) -> pd.DataFrame:
    """The rows that a selector allows.

    `first` and `last` epochs, and the `last` layer, are those of each score of each run in each space: another score may be of
    other layers. `hidden` layers are all but the input and the output.
    """
    kept = pd.Series(True, index=rows.index)
    for key in on:
        allowed = selection.values(on, key)
        if key == "filter":
            names = {"" if value == selection.WHOLE else str(value) for value in allowed}
            kept &= rows["filter"].isin(names)
        elif key == "layer":
            named = rows["layer"].isin(allowed)
            if selection.HIDDEN in allowed:
                named |= ~rows["layer"].isin(["", "input", OUTPUT])
            if selection.LAST in allowed:
                last = rows["depth"] == _of_score(rows, "depth", "max")
                named |= last & (rows["state"] != "input")
            kept &= named
        elif key == "epoch":
            first, last = (_of_score(rows, "epoch", extreme) for extreme in ("min", "max"))
            numbers = [value for value in allowed if isinstance(value, int)]
            kept &= (
                rows["epoch"].isin(numbers)
                | (("first" in allowed) & (rows["epoch"] == first))
                | (("last" in allowed) & (rows["epoch"] == last))
            )
        else:
            kept &= rows[COLUMNS.get(key, key)].isin(allowed)
    return rows[kept]


def _of_score(rows: pd.DataFrame, column: str, extreme: str) -> pd.Series:
    """The smallest (min) or largest (max) value of a column among the rows of each score, by row."""
    return rows.groupby([key for key in SCORED if key in rows], dropna=False)[column].transform(extreme)


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
        "embedding_sd": _deviations(groups, scores["value"].to_numpy()),
        "n_points": means["n_points"],
        "chance": means["chance"],
        "degenerate": _reasons(groups, len(means), scores["degenerate"]),
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
    shared = _shared_reasons(grouped.ngroup().to_numpy(), len(means), filters["degenerate"])
    return means.assign(degenerate=shared, filter=name, embedding_sd=np.nan)


def _stacked(groups: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(numbers of groups, their values (groups, n)) for every n that groups have; values of a group in the order given."""
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups)
    starts = np.cumsum(counts) - counts
    for n in np.unique(counts[counts > 0]):
        alike = np.flatnonzero(counts == n)
        yield alike, values[order[starts[alike][:, np.newaxis] + np.arange(n)]]


def _means(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of each group, NaN left out."""
    means = np.full(groups.max(initial=-1) + 1, np.nan)
    for alike, rows in _stacked(groups, values):
        known = ~np.isnan(rows)
        counts = known.sum(axis=1)
        means[alike] = np.where(known, rows, 0).sum(axis=1) / np.where(counts > 0, counts, np.nan)
    return means


def _deviations(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The standard deviation (n - 1) of each group, NaN left out; NaN below two values."""
    deviations = np.full(groups.max(initial=-1) + 1, np.nan)
    for alike, rows in _stacked(groups, values):
        known = ~np.isnan(rows)
        counts = np.where(known.sum(axis=1) > 1, known.sum(axis=1), np.nan)[:, np.newaxis]
        means = np.where(known, rows, 0).sum(axis=1, keepdims=True) / counts
        squares = np.where(known, (means - rows) ** 2, 0)
        deviations[alike] = np.sqrt(squares.sum(axis=1) / (counts[:, 0] - 1))
    return deviations


def _reasons(groups: np.ndarray, count: int, reasons: pd.Series) -> np.ndarray:
    """All reasons of each group, each once, in their order."""
    joined = np.full(count, "", dtype=object)
    given = pd.DataFrame({"group": groups, "reason": reasons.to_numpy(dtype=object)})[(reasons != "").to_numpy()]
    given = given.drop_duplicates()
    several = given["group"].duplicated(keep=False)
    joined[given.loc[~several, "group"]] = given.loc[~several, "reason"]
    for group, listed in given[several].groupby("group")["reason"]:
        joined[group] = "; ".join(listed)
    return joined


def _shared_reasons(groups: np.ndarray, count: int, reasons: pd.Series) -> np.ndarray:
    """The reasons that all members of each group share: those of their network."""
    shared = np.full(count, "", dtype=object)
    given = (reasons != "").to_numpy()
    without = np.bincount(groups[~given], minlength=count) > 0
    kept = ~without[groups]
    for group, listed in reasons[kept].groupby(groups[kept]):
        first, *others = [reason.split("; ") for reason in listed.unique()]
        shared[group] = "; ".join(reason for reason in first if all(reason in other for other in others))
    return shared


def final_accuracy(scores: pd.DataFrame) -> pd.DataFrame:
    """RUN and accuracy, of every network on the test split at its last snapshot; from the score named accuracy."""
    of_test = scores[(scores["metric"] == "accuracy") & (scores["sample"] == "test") & (scores["space"] == "run")]
    last = of_test[of_test["epoch"] == of_test.groupby(RUN)["epoch"].transform("max")]
    return last[[*RUN, "value"]].rename(columns={"value": "accuracy"})


def score_pairs(runs: pd.DataFrame, score: str, against: str, on: dict) -> pd.DataFrame:
    """RUN, value, against, degenerate: for each trained network the mean of one score in what `on` chooses and of another.

    runs: as per_run gives them. A score of the network as such is that of the test split. StudyError where what `on` leaves
    of a score is of several samples or spaces.
    """

    def of(name: str) -> pd.DataFrame:
        own = runs[(runs["metric"] == name) & (runs["state"] == "trained") & ~runs["filter"].isin([FILTER_MEAN, LIVING_MEAN])]
        as_such = own[(own["space"] == "run") & (own["sample"] == "test") & (own["layer"] == "")]
        if len(as_such):
            of_network = {key: value for key, value in on.items() if key in RUN}
            return select(as_such, of_network)
        chosen = select(own, on)
        if len(chosen[["sample", "space"]].drop_duplicates()) > 1:
            raise StudyError(f"{name} is chosen in several samples or spaces; name one sample and one embedding under `on`")
        return chosen

    means = [of(name).groupby(RUN)["value"].mean() for name in (score, against)]
    flags = pd.concat([of(name)[[*RUN, "degenerate"]] for name in (score, against)]).groupby(RUN)["degenerate"]
    pairs = pd.concat(means, axis=1, keys=["value", "against"]).dropna()
    reasons = flags.agg(lambda reasons: next((reason for reason in reasons if reason), ""))
    return pairs.join(reasons).reset_index()


def by_state(runs: pd.DataFrame) -> pd.DataFrame:
    """Rows in which networks of one state share an epoch, the largest, so that runs of unequal length are summarised together."""
    ended = runs["state"].isin(["trained", "untrained"])
    keys = ["dataset", "architecture", "activation", "state"]
    latest = runs.groupby(keys, dropna=False)["epoch"].transform("max")
    return runs.assign(epoch=runs["epoch"].where(~ended, latest))


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Means over runs by SUMMARY_KEYS: n_runs (finite values), n_missing, n_degenerate, mean, sd, interval, embedding_sd, chance.

    mean_without_degenerate leaves flagged runs out. The input of a dataset is one observation, with no spread of its own.
    """
    groups = runs.groupby(SUMMARY_KEYS, dropna=False, sort=True, observed=True).ngroup().to_numpy()
    _, first = np.unique(groups, return_index=True)
    summary = runs[SUMMARY_KEYS].iloc[first].reset_index(drop=True)
    counted = (runs["state"] != "input").to_numpy(copy=True)
    counted[first] = True
    n_points = runs["n_points"].to_numpy()[first]
    groups, runs = groups[counted], runs[counted]
    values, flagged = runs["value"].to_numpy(), (runs["degenerate"] != "").to_numpy()
    finite = np.isfinite(values)
    found = {name: np.full(len(summary), np.nan) for name in ("mean", "sd", "interval_low", "interval_high")}
    living = np.full(len(summary), np.nan)
    for alike, rows in _stacked(groups[finite], values[finite]):
        estimated = estimates(rows)
        for name, numbers in zip(found, (estimated.mean, estimated.sd, estimated.low, estimated.high), strict=True):
            found[name][alike] = numbers
    for alike, rows in _stacked(groups[finite & ~flagged], values[finite & ~flagged]):
        living[alike] = rows.mean(axis=1)
    return summary.assign(
        n_runs=np.bincount(groups[finite], minlength=len(summary)),
        n_missing=np.bincount(groups[~finite], minlength=len(summary)),
        n_degenerate=np.bincount(groups[flagged], minlength=len(summary)),
        **found,
        mean_without_degenerate=living,
        embedding_sd=_means(groups, runs["embedding_sd"].to_numpy()),
        chance=_means(groups, runs["chance"].to_numpy()),
        n_points=n_points,
    )


def training_tests(runs: pd.DataFrame) -> pd.DataFrame:
    """Trained against untrained networks of the same initialisation: paired t-tests by layer, score and space.

    Single filters have no counterpart in another network and are left out; their layer means are tested. p_holm is Holm's
    correction within one metric, space and dataset.
    """
    return with_correction(paired_tests(runs))


def paired_tests(runs: pd.DataFrame) -> pd.DataFrame:
    """The tests of training_tests, without p_holm, which depends on all of a dataset."""
    keys = [*NETWORK, "sample", "layer", "depth", "filter", "space", "metric"]
    tested = runs[runs["filter"].isin(["", FILTER_MEAN, LIVING_MEAN]) & runs["state"].isin(["trained", "untrained"])]
    tested = tested.astype({"state": "str"})
    pairs = tested.set_index([*keys, "seed", "state"])["value"].unstack("state")
    pairs = pairs.reindex(columns=["trained", "untrained"]).reset_index()
    pairs["difference"] = pairs["trained"] - pairs["untrained"]
    # Both means and the difference are those of the same pairs.
    pairs.loc[pairs["difference"].isna(), ["trained", "untrained"]] = np.nan
    groups = pairs.groupby(keys, dropna=False, sort=True, observed=True).ngroup().to_numpy()
    _, first = np.unique(groups, return_index=True)
    tests = pairs[keys].iloc[first].reset_index(drop=True)
    tests.columns.name = None
    differences = pairs["difference"].to_numpy()
    finite = np.isfinite(differences)
    found = {name: np.full(len(tests), np.nan) for name in ("difference", "interval_low", "interval_high", "p")}
    for alike, rows in _stacked(groups[finite], differences[finite]):
        estimated = estimates(rows)
        for name, numbers in zip(found, (estimated.mean, estimated.low, estimated.high, paired_ps(rows)), strict=True):
            found[name][alike] = numbers
    return tests.assign(
        n_runs=np.bincount(groups[finite], minlength=len(tests)),
        trained=_means(groups, pairs["trained"].to_numpy()),
        untrained=_means(groups, pairs["untrained"].to_numpy()),
        **found,
    )


def with_correction(tests: pd.DataFrame) -> pd.DataFrame:
    """Paired tests with p_holm: Holm's correction within one metric, space and dataset."""
    families = tests.groupby(["metric", "space", "dataset"], dropna=False, observed=True)["p"]
    return tests.assign(p_holm=families.transform(lambda p: holm(p.to_numpy())))
