"""Flags of networks and scores that mean little, with reasons."""

import numpy as np
import pandas as pd

from layerscope.statistics.keys import RUN

# A network whose accuracy is below this many times the chance level has learnt next to nothing.
NEAR_CHANCE = 2.0


def near_chance(scores: pd.DataFrame, accuracies: list[str]) -> pd.DataFrame:
    """RUN, epoch and reason of the snapshots that classify hardly better than chance.

    accuracies: names of scores that are accuracies. A snapshot is near chance if its accuracy on the test split is below the
    smaller of NEAR_CHANCE times the chance level c and c + (1 - c) / 4; the latter applies with few classes. Untrained networks
    (epoch 0) are exempt. Such networks are flagged because one that predicts a single class looks easy to embed.
    """
    of_test = scores["metric"].isin(accuracies) & (scores["sample"] == "test") & (scores["space"] == "run")
    measured = scores[of_test & (scores["epoch"] > 0)]
    bound = np.minimum(NEAR_CHANCE * measured["chance"], measured["chance"] + (1 - measured["chance"]) / 4)
    near = measured[measured["value"] < bound].drop_duplicates([*RUN, "epoch"])
    reasons = near.assign(reason=[f"near_chance: test accuracy {value:.3f}" for value in near["value"]])
    return reasons[[*RUN, "epoch", "reason"]]


def flag(scores: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Append to the `degenerate` column of scores the reasons of their snapshots. reasons: RUN, epoch and reason."""
    found = scores[[*RUN, "epoch"]].merge(reasons, how="left", on=[*RUN, "epoch"])["reason"]
    both = scores["degenerate"].where(scores["degenerate"] == "", scores["degenerate"] + "; ") + found.fillna("").to_numpy()
    return scores.assign(degenerate=both.where(found.notna().to_numpy(), scores["degenerate"]))
