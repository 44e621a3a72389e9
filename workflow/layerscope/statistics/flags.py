"""Flags of networks that learnt nothing, or little, with reasons."""

import numpy as np
import pandas as pd

from layerscope.statistics.estimates import CONFIDENCE
from layerscope.statistics.keys import RUN

NEAR_CHANCE, LEARNT_LITTLE = "near_chance", "learnt_little"


def hardly_learnt(scores: pd.DataFrame, accuracies: list[str]) -> pd.DataFrame:
    """RUN, epoch and reason of the snapshots that classify no better than chance, or hardly better.

    accuracies: names of scores that are accuracies. The chance level c is the share of the largest class of the test split.
    near_chance: the exact binomial test of the n test observations does not find the accuracy above c (one-sided p of 0.05 or
    more). learnt_little: it is above c, but below `little`. Untrained networks (epoch 0) are exempt. Such networks are flagged
    because one that predicts a single class looks easy to embed.
    """
    of_test = scores["metric"].isin(accuracies) & (scores["sample"] == "test") & (scores["space"] == "run")
    measured = scores[of_test & (scores["epoch"] > 0) & np.isfinite(scores["value"])]
    p = p_above_chance(measured["value"], measured["n_points"], measured["chance"])
    at_chance = p >= 1 - CONFIDENCE
    found = measured.assign(p=p, kind=np.where(at_chance, NEAR_CHANCE, LEARNT_LITTLE))
    found = found[at_chance | (measured["value"] < little(measured["chance"])).to_numpy()].drop_duplicates([*RUN, "epoch"])
    return found.assign(reason=[_reason(row) for row in found.to_dict("records")])[[*RUN, "epoch", "reason"]]


def p_above_chance(accuracy: pd.Series, n: pd.Series, chance: pd.Series) -> np.ndarray:
    """One-sided p of the exact binomial test: so many or more of n observations right, each with the probability `chance`."""
    from scipy.stats import binom

    return binom.sf(np.rint(accuracy * n) - 1, n, chance)


def little(chance: pd.Series) -> pd.Series:
    """The accuracy below which a network has learnt little: a tenth of the way from chance to 1, or twice chance if less."""
    return chance + np.minimum(chance, (1 - chance) / 10)


def _reason(row: dict) -> str:
    accuracy, chance = f"test accuracy {row['value']:.3f}", f"chance {row['chance']:.3f}"
    if row["kind"] == NEAR_CHANCE:
        return f"{NEAR_CHANCE}: {accuracy} of {row['n_points']} is not above {chance} (p {row['p']:.2g})"
    return f"{LEARNT_LITTLE}: {accuracy} is below {little(row['chance']):.3f}, {chance}"


def flag(scores: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Append to the `degenerate` column of scores the reasons of their snapshots. reasons: RUN, epoch and reason."""
    found = scores[[*RUN, "epoch"]].merge(reasons, how="left", on=[*RUN, "epoch"])["reason"]
    both = scores["degenerate"].where(scores["degenerate"] == "", scores["degenerate"] + "; ") + found.fillna("").to_numpy()
    return scores.assign(degenerate=both.where(found.notna().to_numpy(), scores["degenerate"]))
