"""How well one score of layers foretells another: rank correlations within networks that differ in their seed alone.

The unit is the kind of network: a dataset, architecture and activation of one study, looked at through one sample. Within it the
points are the hidden layers of all its seeds, and both scores are ranked. What both follow because layers lie deeper, or because
one network is more accurate than another, is taken out of the ranks. The mean over units is tested by Student's t, and the p of
all pairs of a table are one family.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerscope.errors import StudyError
from layerscope.selection import INPUT, OUTPUT
from layerscope.statistics.estimates import CONFIDENCE, estimate, holm, paired_p
from layerscope.statistics.keys import FEWEST_RANKED, FEWEST_UNITS, NETWORK, RUN
from layerscope.statistics.pairs import final_accuracy
from layerscope.statistics.runs import runs_of_studies
from layerscope.statistics.select import select

STUDY = "study"
POINT = [STUDY, *RUN, "layer", "depth"]
RISES, FALLS, UNDECIDED = "rises", "falls", "undecided"
# The spaces of scores of the layers themselves: of their activations, and of their spectra.
ITSELF = ("raw", "run")
# The keys of a selector that choose among costly scores alone: cheap ones are of no embedding, and spectra of no sample.
OF_COSTLY = ("embedding", "sample")


@dataclass(frozen=True)
class Within:
    """The rank correlations of one unit. plain: of the two scores. partial: without what depth and accuracy explain.

    Both NaN where too few points are left, and partial where nothing is left of a score.
    """

    points: int
    networks: int
    plain: float
    partial: float


COLUMNS = (
    *("cheap", "costly", "space", "units", "networks", "points"),
    *("correlation", "partial", "low", "high", "p", "p_holm", "verdict"),
)


def of_studies(
    sources: Sequence[str], cheap: Sequence[str], costly: Sequence[str], accuracies: Sequence[str], on: dict
) -> tuple[pd.DataFrame, list[str]]:
    """As `foretelling`, of the runs of files; and those of the scores that no file has of any hidden layer.

    on: a selector of layers. Raises StudyError where nothing is left to correlate.
    """
    runs = runs_of_studies(sources, [*cheap, *costly, *accuracies])
    found = foretelling(runs, cheap, costly, accuracies, on)
    there = {*runs.loc[_are_of_layers(runs), "metric"]}
    absent = [name for name in dict.fromkeys([*costly, *cheap]) if name not in there]
    if found.empty:
        known = f"; no study has {', '.join(absent)}" if absent else ""
        raise StudyError(
            "no kind of network has a cheap and a costly score of enough hidden layers: four, and one more for each of depth and "
            f"accuracy{known}"
        )
    return found, absent


def foretelling(
    runs: pd.DataFrame, cheap: Sequence[str], costly: Sequence[str], accuracies: Sequence[str], on: dict | None = None
) -> pd.DataFrame:
    """One row for each score of the layers themselves and each costly one, in each space where there are units that count.

    runs: as of runs.parquet, with the column `study`. cheap, costly: names of scores. accuracies: the scores that are the
    accuracy of a network. on: a selector of layers, its `embedding` and `sample` of the costly scores alone. Columns: cheap,
    costly, space (of the costly one), units, networks, points, correlation (the mean over units of `plain`), partial, low, high
    (95 %), p, p_holm, verdict (rises, falls, undecided). Units without a partial correlation do not count.
    """
    layers, on = runs.loc[_are_of_layers(runs)], on or {}
    of_cheap = select(layers[layers["space"].isin(ITSELF)], {key: on[key] for key in on if key not in OF_COSTLY})
    accuracy = _accuracy(runs, accuracies)
    by_space = {key: own for key, own in select(layers, on).groupby(["metric", "space"], sort=False) if key[0] in costly}
    table = []
    for other, space in sorted(by_space, key=lambda key: (costly.index(key[0]), key[1] not in ITSELF, key[1])):
        for first in (name for name in cheap if name != other):
            own = of_cheap[of_cheap["metric"] == first]
            pairs = _side_by_side(own, by_space[other, space]).join(accuracy, on=[STUDY, *RUN])
            units = [within(unit) for _, unit in pairs.groupby([STUDY, *NETWORK, "sample"], sort=False)]
            counted = [unit for unit in units if np.isfinite(unit.partial)]
            if counted:
                table.append({"cheap": first, "costly": other, "space": space} | _over_units(counted))
    found = pd.DataFrame(table, columns=COLUMNS)
    found["p_holm"] = holm(found["p"])
    decided = (found["p_holm"] < 1 - CONFIDENCE) & (found["units"] >= FEWEST_UNITS)
    found["verdict"] = np.where(decided, np.where(found["partial"] > 0, RISES, FALLS), UNDECIDED)
    return found


def within(points: pd.DataFrame) -> Within:
    """The correlations of one unit.

    points: cheap, costly, depth and accuracy (NaN where networks have none), and the keys of their runs.

    The partial rank correlation is that of the residuals of both ranks after a least-squares fit to the ranks of depth and
    accuracy, as the R package ppcor gives it (Kim 2015).
    """
    from scipy.stats import rankdata

    finite = points[np.isfinite(points[["cheap", "costly"]].astype(float)).all(axis=1)]
    n, networks, nan = len(finite), len(finite[RUN].drop_duplicates()), float("nan")
    beside = [rankdata(finite[key]) for key in ("depth", "accuracy") if finite[key].notna().all() and finite[key].nunique() > 1]
    if n < FEWEST_RANKED + len(beside):
        return Within(n, networks, nan, nan)
    ranks = np.column_stack([rankdata(finite[key]) for key in ("cheap", "costly")])
    design = np.column_stack([np.ones(n), *beside])
    left = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
    return Within(n, networks, _correlation(ranks - ranks.mean(axis=0)), _correlation(left))


def _correlation(centred: np.ndarray) -> float:
    """Pearson's correlation of two centred columns of ranks (n, 2); NaN where one of them is 0 up to rounding."""
    norms = np.sqrt((centred**2).sum(axis=0))
    if (norms < 1e-6).any():
        return float("nan")
    return float(np.clip(centred[:, 0] @ centred[:, 1] / norms.prod(), -1, 1))


def _over_units(units: Sequence[Within]) -> dict:
    """What a row of the table says of its units."""
    partial = [unit.partial for unit in units]
    found = estimate(partial)
    return {
        "units": len(units),
        "networks": sum(unit.networks for unit in units),
        "points": sum(unit.points for unit in units),
        "correlation": float(np.mean([unit.plain for unit in units])),
        "partial": found.mean,
        "low": max(found.low, -1.0),
        "high": min(found.high, 1.0),
        "p": paired_p(partial),
    }


def _are_of_layers(runs: pd.DataFrame) -> pd.Series:
    """Which rows are of whole hidden layers of trained networks that are no controls; of spectra those of the test split."""
    chosen = (runs["state"] == "trained") & (runs["filter"] == "") & ~runs["layer"].isin(["", INPUT, OUTPUT])
    chosen &= (runs["space"] != "run") | (runs["sample"] == "test")
    if "control" in runs:
        chosen &= runs["control"].isin(["", "none"]) | runs["control"].isna()
    return chosen


def _accuracy(runs: pd.DataFrame, accuracies: Sequence[str]) -> pd.Series:
    """The accuracy of every network that has one, by study and RUN."""
    found = [final_accuracy(own, list(accuracies)).assign(**{STUDY: study}) for study, own in runs.groupby(STUDY, sort=False)]
    return pd.concat(found).set_index([STUDY, *RUN])["accuracy"]


def _side_by_side(cheap: pd.DataFrame, costly: pd.DataFrame) -> pd.DataFrame:
    """Two scores of each layer on one sample, with the columns cheap and costly. Scores of spectra stand beside every sample."""
    rows = {"cheap": cheap, "costly": costly}
    kept = [own.rename(columns={"value": name})[[*POINT, "sample", name]] for name, own in rows.items()]
    # Spectra are of a split, and not of the samples through which layers are looked at.
    of_spectra = [bool((own["space"] == "run").all()) for own in rows.values()]
    if of_spectra[0] == of_spectra[1]:
        return kept[0].merge(kept[1], on=[*POINT, "sample"])
    kept[of_spectra.index(True)] = kept[of_spectra.index(True)].drop(columns="sample")
    return kept[0].merge(kept[1], on=POINT)
