"""Which networks and scores mean little, and why."""

import numpy as np
import pandas as pd

from layerscope.statistics.keys import RUN

# Below this many times the chance level a network has learnt next to nothing.
NEAR_CHANCE = 2.0


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
