"""Compare a published number, from one run, with measured ones from several runs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerscope.statistics.components import Components
from layerscope.statistics.estimates import CONFIDENCE
from layerscope.statistics.keys import FEWEST_UNITS
from layerscope.statistics.prediction import Noise, allowed_of_one_embedding, allowed_of_one_run, same_share_p

NAN = float("nan")
# The first words of the reasons for which a network is no counterpart of a published one.
FLAGS = ("not_accepted", "near_chance", "learnt_little", "diverged")
INSIDE, OUTSIDE, SAYS_NOTHING, TOO_FEW = "yes", "no", "says nothing", ""
# Intervals narrower than this share of the way from chance to the best value tell something of any published number.
LEAST_TOLD = 0.1


@dataclass(frozen=True)
class Scale:
    """The chance level of a score and its best value; NaN and infinity where it has none."""

    chance: float = NAN
    best: float = NAN

    def reach(self, published: float) -> float:
        """How wide an interval that tells anything is at most: as far as from the published number to chance.

        Of a number near chance it is a tenth of the way from chance to the best value (without one, of that from 0 to chance).
        """
        way = abs(self.best - self.chance) if np.isfinite(self.best) else abs(self.chance)
        return max(abs(published - self.chance), LEAST_TOLD * way) if np.isfinite(self.chance) else NAN


UNKNOWN = Scale()


def judged(found: dict, noise: Noise | None = None, embeddings: int = 1, scale: Scale = UNKNOWN) -> dict:
    """Add measured statistics and a verdict to a comparison, `found`, whose `values` (one per run) they replace.

    found: comparison, state, score, rank, published and values. The published number is of one run and one embedding: it is
    inside if it lies in the 95 % prediction interval (statistics.prediction) of such a one. embeddings: over how many each value
    is a mean. The verdict is `says nothing` where numbers far from the published one would be inside as well (Scale.reach), and
    empty for fewer than three runs.
    """
    values = _finite(found)
    allowed = allowed_of_one_run(values, noise, embeddings)
    return _with_verdict(found, values, noise, allowed, len(values), scale.reach(found["published"]))


def judged_input(found: dict, noise: Noise | None, embeddings: int = 1, scale: Scale = UNKNOWN) -> dict:
    """As `judged`, for the input of the networks: one published embedding beside the mean of our own of the same points.

    The verdict is empty where the noise is known from fewer than three embeddings.
    """
    values = _finite(found)
    allowed = NAN if noise is None else allowed_of_one_embedding(noise, embeddings)
    known = 0 if noise is None else noise.degrees + 1
    return _with_verdict(found, values, noise, allowed, known, scale.reach(found["published"]))


def judged_count(found: dict, of: int) -> dict:
    """As `judged`, for how many of `of` filters have some property: inside if the p of Fisher's exact test is 0.05 or more.

    The filters of all runs are counted together. Filters of one network can be alike, so p is a lower bound.
    """
    values = _finite(found)
    n, total = len(values), int(values.sum())
    ps = [same_share_p(count, of, total, of * n) for count in range(of + 1)] if n else [NAN]
    p = ps[int(found["published"])] if n else NAN
    row = _with_verdict(found, values, None, NAN, n, NAN) | {"p": p}
    if n < FEWEST_UNITS:
        return row
    told = min(ps) < 1 - CONFIDENCE
    return row | {"inside": (INSIDE if p >= 1 - CONFIDENCE else OUTSIDE) if told else SAYS_NOTHING}


def judged_by(spread: Components, published: float, scale: Scale, of_input: bool) -> dict:
    """difference, allowed and inside, as of `judged`, of a published number beside a mean with these components of variance.

    of_input: whether it is of the input of the networks, of which draws and embeddings vary.
    """
    units = max(spread.draws, spread.embeddings) if of_input else spread.networks
    verdict = _verdict(spread.mean - published, spread.allowed, units, scale.reach(published))
    return {"difference": spread.mean - published, "allowed": spread.allowed, "inside": verdict}


def of_networks_that_learnt(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows without those of networks flagged as such: published networks were accepted, and had learnt."""
    return rows[~rows["degenerate"].str.contains("|".join(FLAGS))]


def _finite(found: dict) -> np.ndarray:
    values = np.asarray(found.pop("values"), dtype=np.float64)
    return values[np.isfinite(values)]


def _with_verdict(found: dict, values: np.ndarray, noise: Noise | None, allowed: float, units: int, reach: float) -> dict:
    n = len(values)
    mean = float(values.mean()) if n else NAN
    difference = mean - found["published"]
    return found | {
        "measured": mean,
        "sd": float(values.std(ddof=1)) if n > 1 else NAN,
        "n_runs": n,
        "difference": difference,
        "embedding_sd": NAN if noise is None else noise.sd,
        "allowed": allowed,
        "p": NAN,
        "inside": _verdict(difference, allowed, units, reach),
    }


def _verdict(difference: float, allowed: float, units: float, reach: float) -> str:
    if not np.isfinite([difference, allowed]).all() or not units >= FEWEST_UNITS:
        return TOO_FEW
    return SAYS_NOTHING if allowed >= reach else INSIDE if abs(difference) <= allowed else OUTSIDE
