"""From long score rows to means over runs and tests of training: pure functions on data frames.

A frame has the columns of layerscope.store.SCORE_COLUMNS. Keys that a row has no use for are empty text, depth and seeds NaN.
"""

import numpy as np
import pandas as pd

from layerscope import selection
from layerscope.errors import StudyError
from layerscope.statistics import estimate, holm, paired_difference

NETWORK = ["dataset", "architecture", "activation"]
RUN = [*NETWORK, "seed"]
REPRESENTATION = ["layer", "depth", "filter"]
SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]
COLUMNS = {"embedding": "space"}
OUTPUT = "output"
# Below this many times the chance level a network has learnt next to nothing.
NEAR_CHANCE = 2.0
FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"


def with_input_joined(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows in which every network has the input rows of its dataset, in each sample and space that it is scored in itself."""
    of_input = scores[scores["state"] == "input"]
    of_networks = scores[scores["state"] != "input"]
    networks = of_networks[[*RUN, "sample", "space"]].drop_duplicates()
    columns = [column for column in scores.columns if column not in ("architecture", "activation", "seed")]
    joined = networks.merge(of_input[columns], on=["dataset", "sample", "space"])
    return pd.concat([joined[scores.columns], of_networks], ignore_index=True)


def flag_near_chance(scores: pd.DataFrame, accuracies: list[str]) -> pd.DataFrame:
    """Rows with the reason added for networks that classify hardly better than chance: their scores mean little.

    accuracies: names of scores that are accuracies. A snapshot, but the fresh network, is near chance where its accuracy on
    the test split is below NEAR_CHANCE times the chance level c or, with few classes, below c + (1 - c) / 4. A network that
    has collapsed onto one class looks easy to embed.
    """
    of_test = scores["metric"].isin(accuracies) & (scores["sample"] == "test") & (scores["space"] == "run")
    measured = scores[of_test & (scores["epoch"] > 0)]
    bound = np.minimum(NEAR_CHANCE * measured["chance"], measured["chance"] + (1 - measured["chance"]) / 4)
    near = measured[measured["value"] < bound].drop_duplicates([*RUN, "epoch"])
    reasons = near.assign(reason=[f"near_chance: test accuracy {value:.3f}" for value in near["value"]])
    found = scores[[*RUN, "epoch"]].merge(reasons[[*RUN, "epoch", "reason"]], how="left", on=[*RUN, "epoch"])["reason"]
    both = scores["degenerate"].where(scores["degenerate"] == "", scores["degenerate"] + "; ") + found.fillna("").to_numpy()
    return scores.assign(degenerate=both.where(found.notna().to_numpy(), scores["degenerate"]))


def select(rows: pd.DataFrame, on: dict) -> pd.DataFrame:
    """The rows that a selector allows.

    `first` and `last` epochs are the first and last snapshot of each run, the `last` layer is the deepest of each run, and
    `hidden` layers are all but the input and the output.
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
                last = rows["depth"] == rows.groupby(RUN, dropna=False)["depth"].transform("max")
                named |= last & (rows["state"] != "input")
            kept &= named
        elif key == "epoch":
            first, last = (rows.groupby(RUN, dropna=False)["epoch"].transform(kind) for kind in ("min", "max"))
            numbers = [value for value in allowed if isinstance(value, int)]
            kept &= (
                rows["epoch"].isin(numbers)
                | (("first" in allowed) & (rows["epoch"] == first))
                | (("last" in allowed) & (rows["epoch"] == last))
            )
        else:
            kept &= rows[COLUMNS.get(key, key)].isin(allowed)
    return rows[kept]


def per_run(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a run: embedding seeds averaged, their standard deviation beside as embedding_sd, and filters summed up.

    For every layer of which filters are scored, two rows are added: their mean, and the mean without degenerate filters.
    """
    keys = [*NETWORK, "seed", "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]
    grouped = scores.groupby(keys, dropna=False, sort=True)
    rows = grouped.agg(
        value=("value", "mean"),
        embedding_sd=("value", lambda values: values.std(ddof=1) if len(values) > 1 else np.nan),
        n_points=("n_points", "first"),
        chance=("chance", "mean"),
        degenerate=("degenerate", lambda reasons: "; ".join(dict.fromkeys(reason for reason in reasons if reason))),
    ).reset_index()
    filters = rows[rows["filter"] != ""]
    if filters.empty:
        return rows
    living = filters[filters["degenerate"] == ""]
    means = [_filter_means(part, keys, name) for part, name in ((filters, FILTER_MEAN), (living, LIVING_MEAN)) if len(part)]
    return pd.concat([rows, *means], ignore_index=True)


def _filter_means(filters: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    by_layer = [key for key in keys if key != "filter"]
    means = filters.groupby(by_layer, dropna=False, sort=True).agg(
        value=("value", "mean"),
        n_points=("n_points", "first"),
        chance=("chance", "mean"),
        degenerate=("degenerate", _reasons_of_all),
    )
    return means.reset_index().assign(filter=name, embedding_sd=np.nan)


def _reasons_of_all(reasons: pd.Series) -> str:
    """The reasons that all filters share: those of their network."""
    listed = [reason.split("; ") for reason in reasons]
    return "; ".join(reason for reason in listed[0] if all(reason in others for others in listed[1:]))


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
    rows = []
    for key, group in runs.groupby(SUMMARY_KEYS, dropna=False, sort=True):
        if key[SUMMARY_KEYS.index("state")] == "input":
            group = group.iloc[:1]
        found = estimate(group["value"])
        living = group.loc[group["degenerate"] == "", "value"]
        rows.append(
            dict(zip(SUMMARY_KEYS, key, strict=True))
            | {
                "n_runs": found.n,
                "n_missing": int((~np.isfinite(group["value"])).sum()),
                "n_degenerate": int((group["degenerate"] != "").sum()),
                "mean": found.mean,
                "sd": found.sd,
                "interval_low": found.low,
                "interval_high": found.high,
                "mean_without_degenerate": estimate(living).mean,
                "embedding_sd": group["embedding_sd"].mean(),
                "chance": group["chance"].mean(),
                "n_points": int(group["n_points"].iloc[0]),
            }
        )
    return pd.DataFrame(rows)


def training_tests(runs: pd.DataFrame) -> pd.DataFrame:
    """Trained against untrained networks of the same initialisation: paired t-tests by layer, score and space.

    Single filters have no counterpart in another network and are left out; their layer means are tested. p_holm is Holm's
    correction within one metric, space and dataset.
    """
    keys = [*NETWORK, "sample", "layer", "depth", "filter", "space", "metric"]
    tested = runs[runs["filter"].isin(["", FILTER_MEAN, LIVING_MEAN]) & runs["state"].isin(["trained", "untrained"])]
    pairs = tested.set_index([*keys, "seed", "state"])["value"].unstack("state")
    pairs = pairs.reindex(columns=["trained", "untrained"]).reset_index()
    pairs["difference"] = pairs["trained"] - pairs["untrained"]
    # Both means and the difference are those of the same pairs.
    pairs.loc[pairs["difference"].isna(), ["trained", "untrained"]] = np.nan
    rows = []
    for key, group in pairs.groupby(keys, dropna=False, sort=True):
        found = paired_difference(group["difference"])
        rows.append(
            dict(zip(keys, key, strict=True))
            | {
                "n_runs": found.n,
                "trained": group["trained"].mean(),
                "untrained": group["untrained"].mean(),
                "difference": found.mean,
                "interval_low": found.low,
                "interval_high": found.high,
                "p": found.p,
            }
        )
    columns = [*keys, "n_runs", "trained", "untrained", "difference", "interval_low", "interval_high", "p"]
    tests = pd.DataFrame(rows, columns=columns)
    families = tests.groupby(["metric", "space", "dataset"], dropna=False)["p"]
    tests["p_holm"] = families.transform(lambda p: holm(p.to_numpy()))
    return tests
