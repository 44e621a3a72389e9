"""Gather all scores of a study, check that they are complete, and summarise them over runs."""

import argparse
import sys
from collections import Counter

import numpy as np
import pandas as pd

from layerscope import files, store
from layerscope.aggregation import RUN, flag_near_chance, per_run, summarise, training_tests
from layerscope.commandline import run_stage, stage_parser
from layerscope.errors import StudyError
from layerscope.provenance import canonical_json

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
ALIKE = ("device", "processor", "versions")
NUMBERS = ("seed", "depth", "embedding_seed", "value", "chance")
KEYS = [column for column in store.SCORE_COLUMNS if column not in ("value", "n_points", "chance", "degenerate")]


def main(arguments: argparse.Namespace) -> None:
    params = arguments.params
    scores = pd.concat([read_scores(file) for file in expected_files(params)], ignore_index=True)
    scores = scores.sort_values(KEYS, kind="stable", na_position="first", ignore_index=True)
    check(scores, params["scores"])
    scores = flag_near_chance(scores, params["accuracies"])
    runs = per_run(scores)
    with files.replacing(arguments.table, sealed=True) as temporary:
        scores.to_parquet(temporary, engine="pyarrow", index=False, compression="zstd")
    store.write_frame(arguments.summary, summarise(runs))
    store.write_frame(arguments.tests, training_tests(runs))
    columns = (*RUN, *NETWORK_FACTS, "attempts", "class_rates", "versions", "unlike")
    files.write_rows(arguments.networks, columns, networks(params, scores))


def networks(params: dict, scores: pd.DataFrame) -> list[dict]:
    """One row a network: how its training ended, what made it, and in what it is unlike most networks of the study.

    A trained network that is near chance (see flag_near_chance) has that as its status. attempts: the test accuracy of
    each attempt of a training that was to be accepted, in order; the last one is kept. class_rates: the share of each class
    in what an unbalanced training drew.
    """
    rows = []
    flagged = scores[(scores["state"] == "trained") & scores["degenerate"].str.contains("near_chance: ")]
    near_chance = set(flagged[RUN].itertuples(index=False, name=None))
    for group in params["networks"]:
        for seed in group["seeds"]:
            keys = {key: group[key] for key in ("dataset", "architecture", "activation")} | {"seed": seed}
            made_by = store.file_provenance(store.path(params["study"], "spectra", run=store.run_folder(**keys)))
            facts = {key: made_by[key] for key in NETWORK_FACTS} | {"versions": canonical_json(made_by["versions"])}
            if facts["status"] == "ok" and tuple(keys.values()) in near_chance:
                facts["status"] = "near_chance"
            attempts = ["diverged" if reached is None else f"{reached:.4f}" for reached in made_by.get("attempts", [])]
            rates = " ".join(f"{rate:.4f}" for rate in made_by.get("class_rates", []))
            rows.append(keys | facts | {"attempts": " ".join(attempts), "class_rates": rates})
    usual = {key: Counter(row[key] for row in rows).most_common(1)[0][0] for key in ALIKE} if rows else {}
    for row in rows:
        row["unlike"] = ", ".join(key for key in ALIKE if row[key] != usual[key])
    unlike = [row for row in rows if row["unlike"]]
    if unlike:
        print(
            f"warning: {len(unlike)} of {len(rows)} networks were made elsewhere or otherwise than most: see `unlike`",
            file=sys.stderr,
        )
    return rows


def expected_files(params: dict) -> list[str]:
    """Every file of scores that the study must have, by its params."""
    expected = []
    for group in params["expected"]:
        if "architecture" in group:
            sources = [
                store.run_folder(group["dataset"], group["architecture"], group["activation"], seed) for seed in group["seeds"]
            ]
        else:
            sources = [store.input_folder(group["dataset"])]
        for source in sources:
            for sample, space in group["files"]:
                if sample:
                    expected.append(store.path(params["study"], "scores", source=source, sample=sample, space=space))
                else:
                    expected.append(store.path(params["study"], "run_scores", run=source))
    return expected


def read_scores(file: str) -> pd.DataFrame:
    """One file of scores with its columns in their types. Raises StudyError where it is missing or no table of scores."""
    types = dict.fromkeys(TEXT, "str")
    try:
        rows = pd.read_csv(
            files.intact(file), dtype=types, keep_default_na=False, na_values={"value": ["nan"], "chance": ["nan"]}
        )
        if tuple(rows.columns) != store.SCORE_COLUMNS:
            raise ValueError("its columns are not those of a table of scores")
        for column in NUMBERS:
            rows[column] = pd.to_numeric(rows[column].replace("", np.nan)).astype("float64")
        for column in ("epoch", "n_points"):
            rows[column] = rows[column].astype("int64")
    except FileNotFoundError:
        raise StudyError(f"{file} is missing; run snakemake to make it") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise StudyError(f"{file} is damaged ({error}); delete it and run snakemake again") from None
    return rows


def check(scores: pd.DataFrame, names: list[str]) -> None:
    """Raise StudyError unless rows have unique keys, every asked score appears, and every NaN has its reason."""
    doubled = scores[scores.duplicated(KEYS, keep=False)]
    if len(doubled):
        first = doubled.iloc[0]
        raise StudyError(f"{len(doubled)} rows of scores share their keys, the first: {first[KEYS].to_dict()}")
    missing = sorted(set(names) - set(scores["metric"]))
    if missing:
        raise StudyError(f"no row has the scores {', '.join(missing)}: their `on` reaches nothing that the study makes")
    unflagged = scores[~np.isfinite(scores["value"]) & (scores["degenerate"] == "")]
    if len(unflagged):
        raise StudyError(f"{len(unflagged)} scores are not finite without a reason, the first: {unflagged.iloc[0].to_dict()}")


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    parser.add_argument("--table", required=True, help="all rows, to write (Parquet)")
    parser.add_argument("--summary", required=True, help="means over runs, to write (CSV)")
    parser.add_argument("--tests", required=True, help="trained against untrained, to write (CSV)")
    parser.add_argument("--networks", required=True, help="how each network ended and what made it, to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
