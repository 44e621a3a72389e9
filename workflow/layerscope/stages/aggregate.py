"""Gather all scores of a study, check that they are complete, and summarise them over runs."""

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.errors import StudyError
from layerscope.files.csv_tables import write_rows
from layerscope.files.provenance import canonical_json, unlike_versions
from layerscope.files.seals import intact
from layerscope.files.whole import replacing
from layerscope.statistics.flags import flag, hardly_learnt
from layerscope.statistics.groups import as_text, gathered
from layerscope.statistics.keys import NETWORK, RUN
from layerscope.statistics.runs import in_order, per_run, with_input_joined, with_options, within_ranges
from layerscope.statistics.summaries import paired_tests, summarise, with_correction
from layerscope.store.reading import reading

TEXT = [
    "study",
    "dataset",
    "architecture",
    "activation",
    "sample",
    "state",
    "layer",
    "filter",
    "space",
    "metric",
    "degenerate",
]
NETWORK_FACTS = ("status", "reason", "device", "processor", "threads")
ALIKE = ("device", "processor")
NUMBERS = ("seed", "depth", "embedding_seed", "value", "chance")
COUNTS = ("epoch", "n_points")
KEYS = [column for column in store.SCORE_TABLE_COLUMNS if column not in ("value", "n_points", "chance", "degenerate")]
SNAPSHOT = ["seed", "sample", "epoch"]
# Rows that are processed at once: few enough that their text columns need little memory.
PART = 250_000


def main(arguments: argparse.Namespace) -> None:
    """Write scores.parquet, runs.parquet, summary.csv, tests.csv and networks.csv.

    Raises StudyError where a file of scores is missing or wrong, or a score of the study has no row.
    """
    params = arguments.params
    tests, named, poor = [], set(), {}
    reasons_of_networks = []
    with (
        replacing(arguments.summary, sealed=True) as summary,
        replacing(arguments.table, sealed=True) as temporary,
        replacing(arguments.runs, sealed=True) as temporary_runs,
        contextlib.closing(store.ParquetTable(temporary)) as table,
        contextlib.closing(store.ParquetTable(temporary_runs)) as table_of_runs,
    ):
        of_input: dict[str, pd.DataFrame] = {}
        for of_network in files_by_network(params):
            scores = gathered([with_draw(read_scores(file), params.get("draws", {})) for file in of_network])
            scores = scores.sort_values(KEYS, kind="stable", na_position="first", ignore_index=True)
            # Controls are to learn nothing, and no claim is about their learning.
            are_controls = scores["architecture"].isin(params.get("controls", []))
            reasons = as_text(hardly_learnt(scores[~are_controls], params["accuracies"]))
            reasons_of_networks.append(reasons)
            runs = []
            for part in parts(scores):
                check(part)
                part = flag(part, reasons)
                table.add(part)
                runs.append(within_ranges(per_run(part), params["ranges"]))
                named.update(part["metric"])
                ended = part.loc[part["state"] == "trained", [*RUN, "epoch"]].drop_duplicates()
                for row in ended.merge(reasons, on=[*RUN, "epoch"]).to_dict("records"):
                    poor[tuple(row[key] for key in RUN)] = row["reason"]
            del scores
            runs = gathered(runs)
            add_runs(table_of_runs, as_text(runs), of_input, params.get("options", {}))
            store.append_frame(summary, summarise(runs))
            tests.append(paired_tests(runs if not are_controls.any() else runs.iloc[:0]))
        for part in compared_scores(arguments.comparisons, reasons_of_networks):
            check(part)
            table.add(part)
            runs = within_ranges(per_run(part), params["ranges"])
            named.update(part["metric"])
            table_of_runs.add(with_options(in_order(runs), params.get("options", {})))
            store.append_frame(summary, summarise(runs))
            tests.append(paired_tests(runs[~runs["architecture"].isin(params.get("controls", []))]))
        check_names(named, [*params["scores"], *params.get("compared", [])])
    store.write_frame(arguments.tests, with_correction(gathered(tests)))
    columns = (*RUN, *NETWORK_FACTS, "attempts", "class_rates", "versions", "unlike")
    write_rows(arguments.networks, columns, networks(params, poor))


def add_runs(table: store.ParquetTable, runs: pd.DataFrame, of_input: dict[str, pd.DataFrame], options: dict[str, dict]) -> None:
    """Write the runs of one kind of network, with the input of its dataset joined, or those of an input; and options that vary.

    of_input: dataset → the runs of its input. The input comes before its networks; its runs are kept here to be joined to them.
    """
    dataset = runs["dataset"].iloc[0] if len(runs) else ""
    if (runs["state"] == "input").any():
        of_input.clear()
        of_input[dataset] = runs
    elif dataset in of_input:
        runs = with_input_joined(pd.concat([of_input[dataset], runs], ignore_index=True))
    table.add(with_options(in_order(runs), options))


def parts(scores: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Split sorted scores into parts of about PART rows, cut between snapshots, with categories converted to text."""
    snapshots = scores.groupby(SNAPSHOT, dropna=False, sort=False, observed=True).ngroup().to_numpy()
    starts = np.flatnonzero(np.diff(snapshots, prepend=-1))
    chosen = np.unique(np.searchsorted(starts, np.arange(PART, len(scores), PART)))
    cuts = starts[chosen[chosen < len(starts)]]
    for start, end in pairwise([0, *cuts, len(scores)]):
        yield as_text(scores.iloc[start:end].reset_index(drop=True))


def networks(params: dict, poor: dict[tuple, str]) -> list[dict]:
    """One row per network: how its training ended, what made it, and in what it is unlike most networks of the study.

    poor: the RUN of networks that learnt hardly anything, with their reason (statistics.flags.hardly_learnt), which takes the
    place of a status `ok`. Column attempts: the final test accuracy of each attempt of a training with an acceptance threshold,
    in order; the last one is kept. Column class_rates: the probability of each class in an unbalanced training.
    """
    rows = []
    for group in params["networks"]:
        for seed in group["seeds"]:
            keys = {key: group[key] for key in ("dataset", "architecture", "activation")} | {"seed": seed}
            folder = store.run_folder(**keys)
            told_by = {"name": "spectra", "run": folder}
            if "sample" in group:
                told_by = {"name": "activations", "source": folder, "sample": group["sample"]}
            made_by = store.file_provenance(store.path(params["study"], **told_by))
            facts = {key: made_by[key] for key in NETWORK_FACTS} | {"versions": canonical_json(made_by["versions"])}
            if facts["status"] == "ok" and tuple(keys.values()) in poor:
                facts["status"], why = poor[tuple(keys.values())].split(": ", 1)
                facts["reason"] = "; ".join(filter(None, (facts["reason"], why)))
            attempts = ["diverged" if reached is None else f"{reached:.4f}" for reached in made_by.get("attempts", [])]
            rates = " ".join(f"{rate:.4f}" if rate >= 0.0001 else f"{rate:.2g}" for rate in made_by.get("class_rates", []))
            rows.append(keys | facts | {"attempts": " ".join(attempts), "class_rates": rates})
    usual = {key: Counter(row[key] for row in rows).most_common(1)[0][0] for key in ALIKE} if rows else {}
    for row in rows:
        row["unlike"] = [key for key in ALIKE if row[key] != usual[key]]
    for place in unlike_versions([json.loads(row["versions"]) for row in rows]):
        rows[place]["unlike"].append("versions")
    for row in rows:
        row["unlike"] = ", ".join(row["unlike"])
    unlike = [row for row in rows if row["unlike"]]
    if unlike:
        print(
            f"warning: {len(unlike)} of {len(rows)} networks were made elsewhere or otherwise than most: see `unlike`",
            file=sys.stderr,
        )
    return rows


def files_by_network(params: dict) -> list[list[str]]:
    """The score files that the study must have by its params, one list per dataset's input and per kind of network (NETWORK)."""
    expected: dict[tuple, list[str]] = {}
    for group in params["expected"]:
        if "architecture" in group:
            network = [group[key] for key in NETWORK]
            dataset, architecture, activation = network
            sources = [store.run_folder(dataset, architecture, activation, seed) for seed in group["seeds"]]
        else:
            network = [group["dataset"], "", ""]
            sources = [store.input_folder(group["dataset"])]
        of_network = expected.setdefault(tuple(network), [])
        for source in sources:
            for sample, space in group["files"]:
                if sample:
                    of_network.append(store.path(params["study"], "scores", source=source, sample=sample, space=space))
                else:
                    of_network.append(store.path(params["study"], "run_scores", run=source))
    return [of_network for _, of_network in sorted(expected.items())]


def read_scores(file: str) -> pd.DataFrame:
    """Read one file of scores, text as categories. Raises StudyError where it is missing or is no table of scores."""
    types = dict.fromkeys(TEXT, "category") | dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "int64")
    missing = {column: ["", "nan"] for column in NUMBERS}
    with reading(file, pd.errors.ParserError, pd.errors.EmptyDataError, ValueError):
        rows = pd.read_csv(intact(file), dtype=types, keep_default_na=False, na_values=missing)
        if tuple(rows.columns) != store.SCORE_COLUMNS:
            raise ValueError("its columns are not those of a table of scores")
    return rows


def with_draw(rows: pd.DataFrame, draws: dict[str, list]) -> pd.DataFrame:
    """Rows of one file of scores, with the number of the draw that they are of, and the sample that it is a draw of.

    draws: name of a draw → its sample and number. The first draw of a sample has the name of the sample, and is not among them.
    """
    named = {name: draws[name] for name in rows["sample"].cat.categories if name in draws}
    numbers = rows["sample"].map({name: draw for name, (_, draw) in named.items()}).astype(float).fillna(1).astype("int64")
    samples = rows["sample"].cat.rename_categories({name: sample for name, (sample, _) in named.items()})
    return rows.assign(sample=samples, draw=numbers)[list(store.SCORE_TABLE_COLUMNS)]


def compared_scores(files: list[str], reasons: list[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The rows of scores that comparisons are, one table for each kind of network (NETWORK), sorted by KEYS.

    Of pairs of networks only those count that share no network with each other: a pair is a row of the network that stands in its
    file. reasons: RUN, epoch and reason of the networks that learnt hardly anything; a pair is flagged for either of both.
    """
    by_network: dict[tuple, list[pd.DataFrame]] = {}
    poor = pd.concat(reasons, ignore_index=True) if reasons else pd.DataFrame(columns=[*RUN, "epoch", "reason"])
    poor = poor.astype({"seed": float, "epoch": int})
    of_other = poor.rename(columns={key: f"other_{key}" for key in ("architecture", "activation", "seed", "epoch")})
    for file in files:
        rows = store.read_comparison(file)
        rows = rows[rows["independent"]].reset_index(drop=True)
        if rows.empty:
            continue
        rows["degenerate"] = _flagged_twice(rows, poor, of_other)
        names = [store.compared_name(*both) for both in zip(rows["comparison"], rows["measure"], strict=True)]
        scores = rows.assign(metric=names, filter="", space="raw", draw=1, embedding_seed=np.nan)
        scores = scores.astype({"seed": float, "depth": float})[list(store.SCORE_TABLE_COLUMNS)]
        by_network.setdefault(tuple(scores[NETWORK].iloc[0]), []).append(scores)
    for _, parts_of_network in sorted(by_network.items()):
        yield pd.concat(parts_of_network).sort_values(KEYS, kind="stable", na_position="first", ignore_index=True)


def _flagged_twice(rows: pd.DataFrame, poor: pd.DataFrame, of_other: pd.DataFrame) -> list[str]:
    """The reasons of rows of a comparison, with those of both networks."""
    found = [rows["degenerate"]]
    for frame in (poor, of_other):
        keys = [key for key in frame.columns if key != "reason"]
        wanted = rows[keys].astype({key: frame[key].dtype for key in keys})
        found.append(wanted.merge(frame, how="left", on=keys)["reason"].fillna(""))
    return ["; ".join(dict.fromkeys(filter(None, reasons))) for reasons in zip(*found, strict=True)]


def check(scores: pd.DataFrame) -> None:
    """Raise StudyError unless rows have unique keys and every value that is not finite has a reason."""
    doubled = scores[scores.duplicated(KEYS, keep=False)]
    if len(doubled):
        first = doubled.iloc[0]
        raise StudyError(f"{len(doubled)} rows of scores share their keys, the first: {first[KEYS].to_dict()}")
    unflagged = scores[~np.isfinite(scores["value"]) & (scores["degenerate"] == "")]
    if len(unflagged):
        raise StudyError(f"{len(unflagged)} scores are not finite without a reason, the first: {unflagged.iloc[0].to_dict()}")


def check_names(found: set[str], names: list[str]) -> None:
    """Raise StudyError unless every requested score was found."""
    missing = sorted(set(names) - found)
    if missing:
        raise StudyError(f"no row has the scores {', '.join(missing)}: their `on` reaches nothing that the study makes")


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--comparisons", nargs="*", default=[], help="the comparisons that are scores, where there are any")
    parser.add_argument("--table", required=True, help="all rows, to write (Parquet)")
    parser.add_argument("--runs", required=True, help="one row a run, to write (Parquet)")
    parser.add_argument("--summary", required=True, help="means over runs, to write (CSV)")
    parser.add_argument("--tests", required=True, help="trained against untrained, to write (CSV)")
    parser.add_argument("--networks", required=True, help="how each network ended and what made it, to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
