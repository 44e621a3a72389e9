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


def score_pairs(runs: pd.DataFrame, score: str, against: str, on: dict) -> pd.DataFrame:
    """RUN, value, against, degenerate: for each trained network the means of two scores over the rows that `on` selects.

    runs: as from per_run. For a score of the whole network, the one on the test split is taken, and `on` selects only among
    networks. StudyError where the selected rows of a score are of several samples or spaces.
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
