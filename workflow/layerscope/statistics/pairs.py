"""Two scores of each network, side by side."""

import pandas as pd

from layerscope.errors import StudyError
from layerscope.statistics.keys import FILTER_MEAN, LIVING_MEAN, RUN
from layerscope.statistics.select import select


def final_accuracy(scores: pd.DataFrame, accuracies: list[str]) -> pd.DataFrame:
    """RUN and accuracy of every network on the test split at its last snapshot. accuracies: the scores that are one, by name."""
    of_test = scores[scores["metric"].isin(accuracies) & (scores["sample"] == "test") & (scores["space"] == "run")]
    last = of_test[of_test["epoch"] == of_test.groupby(RUN)["epoch"].transform("max")]
    return last[[*RUN, "value"]].drop_duplicates(RUN).rename(columns={"value": "accuracy"})


def score_pairs(
    runs: pd.DataFrame, score: str, against: str, on: dict, split: str = "test", every_epoch: bool = False
) -> pd.DataFrame:
    """RUN, value, against, degenerate: for each trained network the means of two scores over the rows that `on` selects.

    runs: as from per_run. For a score of the whole network, the one on `split` is taken, and `on` selects only among networks.
    every_epoch: one row for each epoch of which both scores are there, with the column epoch. StudyError where the selected rows
    of a score are of several samples or spaces.
    """
    keys = [*RUN, "epoch"] if every_epoch else RUN

    def of(name: str) -> pd.DataFrame:
        own = runs[(runs["metric"] == name) & ~runs["filter"].isin([FILTER_MEAN, LIVING_MEAN])]
        own = own[own["state"] != "input"] if every_epoch else own[own["state"] == "trained"]
        as_such = own[(own["space"] == "run") & (own["sample"] == split) & (own["layer"] == "")]
        if len(as_such):
            of_network = {key: value for key, value in on.items() if key in RUN}
            return select(as_such, of_network)
        chosen = select(own, on)
        if len(chosen[["sample", "space"]].drop_duplicates()) > 1:
            raise StudyError(f"{name} is chosen in several samples or spaces; name one sample and one embedding under `on`")
        return chosen

    means = [of(name).groupby(keys)["value"].mean() for name in (score, against)]
    flags = pd.concat([of(name)[[*keys, "degenerate"]] for name in (score, against)]).groupby(keys)["degenerate"]
    pairs = pd.concat(means, axis=1, keys=["value", "against"]).dropna()
    reasons = flags.agg(lambda reasons: next((reason for reason in reasons if reason), ""))
    return pairs.join(reasons).reset_index()
