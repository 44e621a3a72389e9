"""How well one score of layers foretells another: rank correlations within networks that differ in their seed alone.

The unit is the kind of network: a dataset, architecture and activation of one study. Within it, at each hidden layer by itself,
networks are ranked by both scores, and what goes with their accuracy is taken out. So nothing is left of what a layer has because
of its place and width, whatever that follows. The mean over units is tested by Student's t, and the p of all pairs of a table are
one family.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerscope.errors import StudyError
from layerscope.selection import INPUT, OUTPUT
from layerscope.statistics.estimates import CONFIDENCE, estimate, holm, paired_p
from layerscope.statistics.keys import FEWEST_FREEDOM, FEWEST_UNITS, NETWORK, OF_ACCURACY, RUN
from layerscope.statistics.order import by_number
from layerscope.statistics.pairs import final_accuracy
from layerscope.statistics.runs import runs_of_studies
from layerscope.statistics.select import select

STUDY = "study"
UNIT = [STUDY, *NETWORK]
POINT = [STUDY, *RUN, "layer", "depth"]
RISES, FALLS, UNDECIDED = "rises", "falls", "undecided"
# The spaces of scores of the layers themselves: of their activations, and of their spectra.
ITSELF = ("raw", "run")
# Of fewer points, such as one layer of three networks, a correlation over layers is 1 or -1 all too often.
FEWEST_POINTS = 5
COLUMNS = (
    *("cheap", "costly", "space", "correlation", "units", "without_accuracy", "networks", "points"),
    *("partial", "low", "high", "p", "p_holm", "verdict"),
)


@dataclass(frozen=True)
class Within:
    """The rank correlations of one unit. plain: of the two scores over all layers and networks. partial: at the same layer.

    Both are NaN where too few points are left, or nothing of a score. accuracy: whether that of the networks is taken out of
    partial, which it is where they have one.
    """

    points: int
    networks: int
    plain: float
    partial: float
    accuracy: bool


def foretold(
    sources: Sequence[str], cheap: Sequence[str], costly: Sequence[str], accuracies: Sequence[str], on: dict, repeats: dict
) -> tuple[pd.DataFrame, list[str]]:
    """As `foretelling`, of the runs of files; and those of the scores that no file has of any hidden layer.

    Raises StudyError where nothing is left to correlate.
    """
    runs = runs_of_studies(sources, [*cheap, *costly, *accuracies])
    found = foretelling(runs, cheap, costly, accuracies, on, repeats)
    there = {*runs.loc[_are_of_layers(runs), "metric"]}
    absent = [name for name in dict.fromkeys([*costly, *cheap]) if name not in there]
    if found.empty:
        known = f"; no study has {', '.join(absent)} of hidden layers" if absent else ""
        raise StudyError(
            "nothing that `on` chooses has a cheap and a costly score of the same hidden layers of trained networks, on one "
            f"sample{known}"
        )
    return found, absent


def foretelling(
    runs: pd.DataFrame,
    cheap: Sequence[str],
    costly: Sequence[str],
    accuracies: Sequence[str],
    on: dict | None = None,
    repeats: dict[str, str] | None = None,
) -> pd.DataFrame:
    """One row for each score of the layers themselves and each costly one, in each space where any unit has both.

    runs: as of runs.parquet, with the column `study`. cheap, costly: names of scores. accuracies: the scores that are the
    accuracy of a network. on: a selector of layers, its `embedding` and `sample` of the costly scores alone. repeats: score → the
    one of which it is an exact function; such pairs are left out. Columns: cheap, costly, space (of the costly one), correlation
    (the mean over units of `plain`), units (those with a `partial`), without_accuracy (in how many of them it is not taken out),
    networks, points, partial, low, high (95 %), p, p_holm, verdict (rises, falls, undecided).
    """
    layers, on, repeats = runs.loc[_are_of_layers(runs)], on or {}, repeats or {}
    of_layers = {key: on[key] for key in on if key not in ("embedding", "sample")}
    of_cheap = select(layers[layers["space"].isin(ITSELF)], of_layers)
    # Spectra are of a split, and of none of the samples through which layers are looked at.
    spectra = layers["space"] == "run"
    unsampled = {key: on[key] for key in on if key != "sample"}
    of_costly = pd.concat([select(layers[~spectra], on), select(layers[spectra], unsampled)])
    accuracy = _accuracy(runs, accuracies)
    by_space = {key: own for key, own in of_costly.groupby(["metric", "space"], sort=False) if key[0] in costly}
    table = []
    for other, space in sorted(by_space, key=lambda key: (costly.index(key[0]), key[1] not in ITSELF, by_number(key[1]))):
        for first in cheap:
            if (first == other and space in ITSELF) or repeats.get(first) == other or repeats.get(other) == first:
                continue
            pairs = _side_by_side(of_cheap[of_cheap["metric"] == first], by_space[other, space])
            units = list(_units(pairs.join(accuracy, on=[STUDY, *RUN])))
            if any(np.isfinite(unit.plain) for unit in units):
                table.append({"cheap": first, "costly": other, "space": space} | _over_units(units))
    found = pd.DataFrame(table, columns=COLUMNS)
    found["p_holm"] = holm(found["p"])
    decided = (found["p_holm"] < 1 - CONFIDENCE) & (found["units"] >= FEWEST_UNITS)
    found["verdict"] = np.where(decided, np.where(found["partial"] > 0, RISES, FALLS), UNDECIDED)
    return found


def within(points: pd.DataFrame) -> Within:
    """The correlations of one unit. points: cheap, costly, accuracy (NaN where networks have none), layer, and the keys of runs.

    The partial one is that of the ranks of networks at each layer, both less their mean at the layer and their least-squares fit
    to the accuracies there and to the ranks of these: scores that follow the accuracy closely have its ranks, and those that
    follow it loosely have ranks by its distances. Networks without accuracy are left out where others have one.
    """
    from scipy.stats import rankdata, spearmanr

    points = points[np.isfinite(points[["cheap", "costly"]].astype(float)).all(axis=1)]
    accuracy = bool(points["accuracy"].notna().any())
    if accuracy:
        points = points[points["accuracy"].notna()]
    n, networks, plain, partial = len(points), len(points[RUN].drop_duplicates()), float("nan"), float("nan")
    if n >= FEWEST_POINTS and (points[["cheap", "costly"]].nunique() > 1).all():
        plain = float(spearmanr(points["cheap"], points["costly"]).statistic)
    at_layer = points.groupby("layer", sort=False)
    if n - at_layer.ngroups - (OF_ACCURACY if accuracy else 0) >= FEWEST_FREEDOM:
        ranks = at_layer[["cheap", "costly", "accuracy"]].transform(lambda values: rankdata(values) - (len(values) + 1) / 2)
        left = ranks[["cheap", "costly"]].to_numpy()
        if accuracy:
            values = points["accuracy"] - at_layer["accuracy"].transform("mean")
            beside = np.column_stack([ranks["accuracy"], values / (values.abs().max() or 1.0)])
            left = left - beside @ np.linalg.lstsq(beside, left, rcond=None)[0]
        partial = _correlation(left)
    return Within(n, networks, plain, partial, accuracy)


def _correlation(centred: np.ndarray) -> float:
    """Pearson's correlation of two centred columns of ranks (n, 2); NaN where one of them is 0 up to rounding."""
    norms = np.sqrt((centred**2).sum(axis=0))
    if (norms < 1e-6).any():
        return float("nan")
    return float(np.clip(centred[:, 0] @ centred[:, 1] / norms.prod(), -1, 1))


def _units(pairs: pd.DataFrame) -> Iterator[Within]:
    """The correlations of each unit; of several samples, through which the same networks are looked at, their means."""
    for _, unit in pairs.groupby(UNIT, sort=False):
        parts = [within(part) for _, part in unit.groupby("sample", sort=False)]
        plain, partial = (_mean([getattr(part, name) for part in parts]) for name in ("plain", "partial"))
        points, networks = (max(getattr(part, name) for part in parts) for name in ("points", "networks"))
        yield Within(points, networks, plain, partial, all(part.accuracy for part in parts))


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def _over_units(units: Sequence[Within]) -> dict:
    """What a row of the table says of its units."""
    counted = [unit for unit in units if np.isfinite(unit.partial)]
    partial = [unit.partial for unit in counted]
    found = estimate(partial)
    return {
        "correlation": _mean([unit.plain for unit in units]),
        "units": len(counted),
        "without_accuracy": sum(not unit.accuracy for unit in counted),
        "networks": sum(unit.networks for unit in counted),
        "points": sum(unit.points for unit in counted),
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
    empty = pd.DataFrame(columns=[STUDY, *RUN, "accuracy"])
    return pd.concat(found or [empty]).set_index([STUDY, *RUN])["accuracy"].astype(float)


def _side_by_side(cheap: pd.DataFrame, costly: pd.DataFrame) -> pd.DataFrame:
    """Two scores of each layer on one sample, with the columns cheap and costly. Scores of spectra stand beside every sample."""
    found = []
    for space, own in cheap.groupby("space", sort=False):
        first, other = (
            rows.rename(columns={"value": name})[[*POINT, "sample", name]] for rows, name in ((own, "cheap"), (costly, "costly"))
        )
        of_spectra = space == "run", bool((costly["space"] == "run").all())
        if of_spectra[0] == of_spectra[1]:
            found.append(first.merge(other, on=[*POINT, "sample"]))
        elif of_spectra[0]:
            found.append(first.drop(columns="sample").merge(other, on=POINT))
        else:
            found.append(first.merge(other.drop(columns="sample"), on=POINT))
    return pd.concat(found) if found else pd.DataFrame(columns=[*POINT, "sample", "cheap", "costly"])
