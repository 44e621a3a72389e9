"""One row per run and score: draws and embedding seeds are averaged, filters summarised, and the input joined to networks."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.groups import group_deviations, group_means, joined_reasons, shared_reasons
from layerscope.statistics.keys import DEAD_FILTER, FILTER_MEAN, LIVING_MEAN, MEASURED, ROW, RUN

# Two networks of different studies are one where at least so many of their numbers are the same, and none differs.
SHARED = 5


def stored_runs(source: str, scores: Iterable[str] | None, with_input: bool = True) -> pd.DataFrame:
    """The stored runs of a study (runs.parquet) for the named scores, or for all (None), in the order of runs_of.

    with_input: whether every network also has the rows of its dataset's input. Raises StudyError for a file of another version.
    """
    runs = _stored(source, scores)
    of_networks = ~_is_input_alone(runs)
    return in_order(runs[of_networks if with_input else of_networks & (runs["state"] != "input")])


def stored_inputs(source: str, scores: Iterable[str] | None) -> pd.DataFrame:
    """The stored rows of the inputs of datasets, once each, in embeddings too that no network has. As of stored_runs."""
    runs = _stored(source, scores)
    return in_order(runs[_is_input_alone(runs)])


def _stored(source: str, scores: Iterable[str] | None) -> pd.DataFrame:
    runs = store.read_runs(source, scores)
    if lacking := [column for column in (*ROW, *MEASURED) if column not in runs]:
        raise StudyError(
            f"{source} lacks {', '.join(lacking)}: another version of layerscope wrote it, or something else; {store.RUNS_AGAIN}"
        )
    return runs


def _is_input_alone(runs: pd.DataFrame) -> pd.Series:
    """Which rows are of the input of a dataset itself: those of no network."""
    return runs["architecture"] == ""


def joined_runs(sources: Sequence[str], scores: Iterable[str] | None = None) -> pd.DataFrame:
    """The runs of networks of parts of a study, together, as of stored_runs. Networks that are in several parts are taken once.

    Raises StudyError where parts have one network with other numbers.
    """
    parts = [stored_runs(source, scores) for source in sources]
    rows = pd.concat(parts, keys=sources, names=["source"]).reset_index("source")
    rows = rows.drop_duplicates([*ROW, *MEASURED])
    twice = rows[rows.duplicated(ROW, keep=False)]
    if len(twice):
        [network] = twice[RUN].astype({"seed": int}).head(1).to_dict("records")
        files = " and ".join(map(str, twice.merge(pd.DataFrame([network]))["source"].unique()))
        name = "/".join(map(str, network.values()))
        raise StudyError(f"{files} have network {name} with other numbers; name each network's runs in one file alone")
    return in_order(rows.drop(columns="source"))


def joined_inputs(sources: Sequence[str]) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The inputs of parts of a study, as of stored_inputs, and the datasets of which a part has other numbers, with its path.

    Parts that were made on unlike machines can have an input with other last digits; that of the first part is taken.
    """
    parts = [stored_inputs(source, None) for source in sources]
    rows = pd.concat(parts, keys=sources, names=["source"]).reset_index("source").drop_duplicates([*ROW, *MEASURED])
    again = rows.duplicated(ROW)
    others = rows.loc[again, ["dataset", "source"]].drop_duplicates()
    return in_order(rows[~again].drop(columns="source")), list(others.itertuples(index=False, name=None))


def runs_of_studies(sources: Sequence[str], scores: Iterable[str]) -> pd.DataFrame:
    """The stored runs of several studies for the named scores, with the column `study`.

    A network of a study that has the same numbers as that of the same keys in one before it, wherever both have any and at
    SHARED places or more, is this network: its rows are those of the study before, which may have other scores of it.
    """
    by_study: dict[str, list[str]] = {}
    for source in sources:
        by_study.setdefault(store.study_of_runs(source), []).append(source)
    named = list(scores)
    found = pd.DataFrame()
    for study, files in by_study.items():
        own = joined_runs(files, named).assign(study=study)
        for other in [*dict.fromkeys(found["study"])] if len(found) else []:
            own = _as_of(found[found["study"] == other], own)
        found = pd.concat([found, own], ignore_index=True).drop_duplicates(["study", *ROW], ignore_index=True)
    return found


def _as_of(earlier: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """The rows of a study, with an earlier study in the place of their own where they are of networks of it."""
    both = own.merge(earlier[[*ROW, "study", "value"]], on=ROW, suffixes=("", "_there"))
    same = (both["value"] == both["value_there"]) | (both["value"].isna() & both["value_there"].isna())
    by_network = same.groupby([both[key] for key in RUN])
    shared = by_network.all() & (by_network.size() >= SHARED)
    networks = pd.MultiIndex.from_frame(own[RUN])
    return own.assign(study=own["study"].where(~networks.isin(shared[shared].index), earlier["study"].iloc[0]))


def runs_of(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per run from rows of scores, and those of inputs, which are joined to every network too: as in runs.parquet."""
    runs = per_run(scores)
    return in_order(pd.concat([runs[_is_input_alone(runs)], with_input_joined(runs)], ignore_index=True))


def in_order(runs: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by network, sample, epoch, layer, space and score; means over filters come last. Columns of options stay."""
    options = [column for column in runs if column not in (*ROW, *MEASURED)]
    stands_for = runs["filter"].map({FILTER_MEAN: 1, LIVING_MEAN: 2}).fillna(0)
    return runs.assign(stands_for=stands_for).sort_values(["stands_for", *ROW], ignore_index=True)[[*ROW, *MEASURED, *options]]


def with_options(runs: pd.DataFrame, options: dict[str, dict]) -> pd.DataFrame:
    """Runs with a column for each option that varies: a number, or text; NaN, or "", in rows that have it not.

    options: option → the column whose names tell it, and its value by these names.
    """
    for option, told in options.items():
        values = runs[told["column"]].map(told["values"])
        are_text = any(isinstance(value, str) for value in told["values"].values())
        runs = runs.assign(**{option: values.astype(object).fillna("").astype("str") if are_text else values.astype(float)})
    return runs


def with_input_joined(scores: pd.DataFrame) -> pd.DataFrame:
    """Add to every network the input rows of its dataset, for each sample and space in which the network itself is scored."""
    of_input = scores[scores["state"] == "input"]
    of_networks = scores[scores["state"] != "input"]
    networks = of_networks[[*RUN, "sample", "space"]].drop_duplicates()
    columns = [column for column in scores.columns if column not in ("architecture", "activation", "seed")]
    joined = networks.merge(of_input[columns], on=["dataset", "sample", "space"])
    return pd.concat([joined[scores.columns], of_networks], ignore_index=True)


def per_run(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per run: the mean over the draws of its sample, each of which is the mean over embedding seeds.

    draws: of how many draws; draw_sd: the standard deviation over them, NaN of one. embeddings: of how many values in all
    draws together, one for each embedding seed that has one; embedding_sd: the standard deviation over the embedding seeds of a
    draw, from the mean of their variances.

    For every layer whose filters are scored, two rows are added: their mean, and the mean without dead filters. n_degenerate is
    1 for a flagged row, and for means over filters the number of dead ones.
    """
    rows = _over_draws(_over_embeddings(scores))
    rows = rows.assign(n_degenerate=(rows["degenerate"] != "").astype(int), lowest=-np.inf, highest=np.inf)
    filters = rows[rows["filter"] != ""]
    if filters.empty:
        return rows
    dead = is_dead(filters)
    by_layer = [key for key in ROW if key != "filter"]
    n_dead = dead.groupby([filters[key] for key in by_layer], dropna=False).sum().rename("n_degenerate").reset_index()
    means = [_filter_means(part, name) for part, name in ((filters, FILTER_MEAN), (filters[~dead], LIVING_MEAN)) if len(part)]
    counted = [part.merge(n_dead, on=by_layer, how="left") for part in means]
    return pd.concat([rows, *counted], ignore_index=True)


def is_dead(rows: pd.DataFrame) -> pd.Series:
    """Which rows are of dead filters (geometry.filters): a Series of bool."""
    return rows["degenerate"].str.contains(DEAD_FILTER, regex=False)


def _over_embeddings(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per run and draw."""
    grouped = scores.groupby([*ROW, "draw"], dropna=False, sort=True)
    means = grouped.agg(
        value=("value", "mean"),
        embeddings=("value", "count"),
        n_points=("n_points", "first"),
        chance=("chance", "mean"),
    ).reset_index()
    groups = grouped.ngroup().to_numpy()
    return means.assign(
        embedding_sd=group_deviations(groups, scores["value"].to_numpy()),
        degenerate=joined_reasons(groups, len(means), scores["degenerate"]),
    )


def _over_draws(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per run, of rows per run and draw."""
    if (rows["draw"] == 1).all():
        return rows.drop(columns="draw").assign(draws=1, draw_sd=np.nan)
    grouped = rows.groupby(ROW, dropna=False, sort=True)
    means = grouped.agg(
        value=("value", "mean"),
        embeddings=("embeddings", "sum"),
        embedding_sd=("embedding_sd", "first"),
        n_points=("n_points", "first"),
        chance=("chance", "mean"),
        draws=("draw", "nunique"),
    ).reset_index()
    groups = grouped.ngroup().to_numpy()
    pooled = np.sqrt(group_means(groups, rows["embedding_sd"].to_numpy() ** 2))
    return means.assign(
        draw_sd=group_deviations(groups, rows["value"].to_numpy()),
        embedding_sd=means["embedding_sd"].where(means["draws"] == 1, pooled),
        degenerate=joined_reasons(groups, len(means), rows["degenerate"]),
    )


def _filter_means(filters: pd.DataFrame, name: str) -> pd.DataFrame:
    by_layer = [key for key in ROW if key != "filter"]
    grouped = filters.groupby(by_layer, dropna=False, sort=True)
    means = grouped.agg(
        value=("value", "mean"),
        n_points=("n_points", "first"),
        chance=("chance", "mean"),
        draws=("draws", "first"),
        embeddings=("embeddings", "max"),
    ).reset_index()
    shared = shared_reasons(grouped.ngroup().to_numpy(), len(means), filters["degenerate"])
    return means.assign(degenerate=shared, filter=name, draw_sd=np.nan, embedding_sd=np.nan, lowest=-np.inf, highest=np.inf)


def within_ranges(runs: pd.DataFrame, ranges: dict[str, list]) -> pd.DataFrame:
    """Runs with the bounds of their scores, in the columns lowest and highest. ranges: score → both, None where there is none."""
    for place, column in enumerate(("lowest", "highest")):
        known = {score: both[place] for score, both in ranges.items() if both[place] is not None}
        runs = runs.assign(**{column: runs["metric"].map(known).astype(float).fillna(runs[column])})
    return runs
