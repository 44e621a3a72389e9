"""The aggregate of a study: the same bytes in whatever order its scores come, and one message for scores that are not right."""

import argparse
import io
import itertools
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_rows import OF_INPUT, OF_LAYER

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.csv_tables import read_rows, write_rows
from layerscope.files.provenance import provenance
from layerscope.stages import aggregate
from layerscope.statistics.estimates import estimate
from layerscope.statistics.keys import NETWORK, SUMMARY_KEYS
from layerscope.statistics.runs import per_run, runs_of, stored_inputs, stored_runs, within_ranges
from layerscope.statistics.summaries import summarise

NETWORKS = [("digits", "mlp", "relu"), ("digits", "cnn", "tanh")]
SEEDS = range(11)
SPACES = ("raw", "tsne")
# The sample is drawn twice.
LOOKS = [[sample, space] for sample in ("look", "look_draw2") for space in SPACES]
# A row of a file of scores, which is of one draw.
ROW = {key: value for key, value in OF_LAYER.items() if key != "draw"}
OUTPUTS = ("table", "runs", "summary", "tests", "networks")


def value_of(generator: random.Random) -> dict:
    """A value, chance and reason as scores have them: most are numbers, some are missing or flagged."""
    kind = generator.random()
    reason = "no variance" if kind < 0.1 else "not_converged; no variance" if kind < 0.15 else ""
    return {"value": float("nan") if kind < 0.05 else generator.random(), "chance": 0.1, "degenerate": reason}


def rows_of(generator: random.Random, keys: dict, space: str) -> list[dict]:
    """The rows of a file of scores: two epochs, a layer, its filters, embedding seeds, two metrics."""
    about = [{"epoch": 0, "state": "untrained"}, {"epoch": 5, "state": "trained"}] if keys["architecture"] else [OF_INPUT]
    views = itertools.product(about, ("", 0, 1), ("",) if space == "raw" else (0, 1), ("hit", "d_same"))
    return [
        {**ROW, **known, **keys, "filter": view, "space": space, "embedding_seed": seed, "metric": metric} | value_of(generator)
        for known, view, seed, metric in views
        if not (view != "" and known is OF_INPUT)
    ]


def accuracies(generator: random.Random, keys: dict) -> list[dict]:
    """The accuracy of a network on the test split at two epochs, near chance for some."""
    near = generator.random() < 0.2
    own = {"sample": "test", "space": "run", "layer": "", "depth": "", "filter": "", "embedding_seed": "", "metric": "accuracy"}
    return [
        {**ROW, **own, **keys, "epoch": epoch, "state": state, "value": 0.15 if near else 0.9 - generator.random() / 9}
        for epoch, state in ((0, "untrained"), (5, "trained"))
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> tuple[Path, dict]:
    """A folder with the scores of a study, and what its aggregate is told."""
    folder = tmp_path_factory.mktemp("study")
    generator = random.Random(0)
    made_by = provenance()

    def write(rows: list[dict], name: str, **keys: str) -> None:
        write_rows(folder / store.path("s", name, **keys), store.SCORE_COLUMNS, rows)

    for dataset, architecture, activation in NETWORKS:
        for seed in SEEDS:
            run = store.run_folder(dataset, architecture, activation, seed)
            keys = {"dataset": dataset, "architecture": architecture, "activation": activation, "seed": seed}
            write(accuracies(generator, keys), "run_scores", run=run)
            for sample, space in LOOKS:
                write(rows_of(generator, {**keys, "sample": sample}, space), "scores", source=run, sample=sample, space=space)
            store.write_spectra(folder / store.path("s", "spectra", run=run), {}, made_by, [])
    of_input = {"dataset": "digits", "architecture": "", "activation": "", "seed": ""}
    for sample, space in LOOKS:
        source = store.input_folder("digits")
        write(rows_of(generator, {**of_input, "sample": sample}, space), "scores", source=source, sample=sample, space=space)
    groups = [{**dict(zip(NETWORK, network, strict=True)), "seeds": list(SEEDS)} for network in NETWORKS]
    params = {
        "study": "s",
        "expected": [{"dataset": "digits", "seeds": [], "files": LOOKS}]
        + [{**group, "files": [["", "run"], *LOOKS]} for group in groups],
        "networks": groups,
        "scores": ["accuracy", "d_same", "hit"],
        "accuracies": ["accuracy"],
        "ranges": {"accuracy": [0, 1]},
        "draws": {"look_draw2": ["look", 2]},
    }
    return folder, params


def aggregated(folder: Path, params: dict, comparisons: Sequence[str] = ()) -> dict[str, bytes]:
    """What the aggregate of the scores in a folder writes."""
    written = {name: folder / "aggregate" / name for name in OUTPUTS}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        files = {name: str(file) for name, file in written.items()}
        aggregate.main(argparse.Namespace(params=params, comparisons=[*comparisons], **files))
    return {name: file.read_bytes() for name, file in written.items()}


def shuffled(study: tuple[Path, dict], target: Path, generator: random.Random) -> dict:
    """Write the files of scores again, their rows in another order; params with files and groups in another order."""
    folder, params = study
    for file in folder.rglob("*.csv"):
        if file.parent.name == "scores":
            rows = read_rows(file)
            generator.shuffle(rows)
            write_rows(target / file.relative_to(folder), store.SCORE_COLUMNS, rows)
    for file in folder.rglob("*.h5"):
        copied = target / file.relative_to(folder)
        copied.write_bytes(file.read_bytes())
    expected = []
    for group in params["expected"]:
        # Networks of one group can be told of in several, and their files in any order.
        seeds = generator.sample(group["seeds"], len(group["seeds"]))
        some = generator.randint(0, len(seeds))
        for part in filter(None, (seeds[:some], seeds[some:])) if seeds else [[]]:
            expected.append({**group, "seeds": part, "files": generator.sample(group["files"], len(group["files"]))})
    generator.shuffle(expected)
    return {**params, "expected": expected}


@pytest.fixture(scope="module")
def written(study, tmp_path_factory) -> Path:
    """A folder with what the aggregate of the study writes."""
    aggregated(*study)
    return shutil.copytree(study[0] / "aggregate", tmp_path_factory.mktemp("written") / "aggregate")


@pytest.fixture(scope="module")
def in_row_groups(study, tmp_path_factory) -> Path:
    """The same, from parts of 200 rows, in row groups of 300."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.ParquetTable, "ROWS", 300)
        patch.setattr(aggregate, "PART", 200)
        aggregated(*study)
    return shutil.copytree(study[0] / "aggregate", tmp_path_factory.mktemp("in_row_groups") / "aggregate")


@settings(deadline=None, max_examples=4)
@given(st.randoms(use_true_random=False), st.sampled_from([100, 250_000]))
def test_the_order_of_scores_changes_no_byte(study, written, tmp_path_factory, generator: random.Random, part: int):
    target = tmp_path_factory.mktemp("shuffled")
    params = shuffled(study, target, generator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregate, "PART", part)
        assert aggregated(target, params) == {name: (written / name).read_bytes() for name in OUTPUTS}


def test_row_groups_tell_nothing_of_how_the_rows_came(in_row_groups, tmp_path: Path):
    table = in_row_groups / "table"
    assert [pyarrow.parquet.read_metadata(table).row_group(index).num_rows for index in range(2)] == [300, 300]
    rows = pd.read_parquet(table)
    rows.to_parquet(tmp_path / "whole", engine="pyarrow", index=False, compression="zstd", row_group_size=300)
    assert (tmp_path / "whole").read_bytes() == table.read_bytes()


def test_some_scores_of_a_table_are_read_as_all_of_them_are(in_row_groups):
    table = in_row_groups / "table"
    rows = store.read_score_table(table)
    pd.testing.assert_frame_equal(rows, pd.read_parquet(table))
    for metrics in (["hit"], {"hit", "accuracy"}, ["nothing"], []):
        wanted = rows[rows["metric"].isin(metrics)].reset_index(drop=True)
        pd.testing.assert_frame_equal(store.read_score_table(table, metrics), wanted)


def test_rows_are_sorted_by_their_keys_and_of_their_types(written):
    rows = store.read_score_table(written / "table")
    assert tuple(rows.columns) == store.SCORE_TABLE_COLUMNS
    pd.testing.assert_frame_equal(rows, rows.sort_values(aggregate.KEYS, na_position="first", ignore_index=True))
    assert set(rows[["layer", "filter", "degenerate"]].dtypes.astype(str)) == {"str"}
    assert rows.groupby("sample")["draw"].unique().map(sorted).to_dict() == {"look": [1, 2], "test": [1]}
    assert rows["seed"].isna().sum() == (rows["state"] == "input").sum() > 0


def test_every_mean_is_that_of_its_runs_alone(written):
    """The summary and the tests beside one group at a time, to the last bit."""
    runs = per_run(store.read_score_table(written / "table"))
    summary = summarise(runs)
    for (_, group), (_, row) in zip(runs.groupby(SUMMARY_KEYS, dropna=False, sort=True), summary.iterrows(), strict=True):
        of_one = group.iloc[:1] if row["state"] == "input" else group
        found = estimate(of_one["value"])
        assert (row["n_runs"], row["n_missing"], row["n_degenerate"]) == (
            found.n,
            len(of_one) - found.n,
            of_one["n_degenerate"].sum(),
        )
        wanted = [found.mean, found.sd, found.low, found.high, of_one["embedding_sd"].mean(), of_one["chance"].mean()]
        columns = ["mean", "sd", "interval_low", "interval_high", "embedding_sd", "chance"]
        np.testing.assert_array_equal(row[columns].to_numpy(dtype=np.float64), wanted)
        living = estimate(of_one.loc[of_one["degenerate"] == "", "value"]).mean
        np.testing.assert_array_equal(row["mean_without_degenerate"], living)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows + rows[:1], "2 rows of scores share their keys"),
        (lambda rows: [{**rows[0], "value": "nan", "degenerate": ""}, *rows[1:]], "1 scores are not finite without a reason"),
        (lambda rows: [{**rows[0], "value": "high"}, *rows[1:]], "tsne.csv is damaged"),
        (lambda rows: [{**rows[0], "epoch": ""}, *rows[1:]], "tsne.csv is damaged"),
    ],
)
def test_scores_that_are_not_right_end_in_one_message(study, tmp_path: Path, change, said: str):
    whole, params = study
    folder = shutil.copytree(whole, tmp_path / "study", ignore=shutil.ignore_patterns("aggregate"))
    file = folder / store.path("s", "scores", source=store.run_folder("digits", "mlp", "relu", 0), sample="look", space="tsne")
    write_rows(file, store.SCORE_COLUMNS, change(read_rows(file)))
    with pytest.raises(StudyError, match=said):
        aggregated(folder, params)
    assert not list((folder / "aggregate").iterdir())


def test_a_score_that_no_row_has_is_named(study):
    folder, params = study
    with pytest.raises(StudyError, match="no row has the scores kl"):
        aggregated(folder, {**params, "scores": ["hit", "kl"]})


def test_the_runs_are_those_of_all_scores_with_the_input_joined(study, written):
    """Written network by network, they are what one look at all scores gives, to the last bit."""
    names = study[1]["scores"]
    whole = within_ranges(runs_of(store.read_score_table(written / "table")), study[1]["ranges"])
    of_inputs = whole["architecture"] == ""
    pd.testing.assert_frame_equal(stored_inputs(written / "runs", names), whole[of_inputs].reset_index(drop=True))
    whole = whole[~of_inputs].reset_index(drop=True)
    pd.testing.assert_frame_equal(stored_runs(written / "runs", names), whole)
    assert set(whole.loc[whole["state"] == "input", "architecture"]) == {"mlp", "cnn"}
    without = stored_runs(written / "runs", names, with_input=False)
    pd.testing.assert_frame_equal(without, whole[whole["state"] != "input"].reset_index(drop=True))


# Comparisons that are scores


def of_pair(value: float, **keys) -> dict:
    """A row of a comparison of two seeds."""
    row = {
        **{"study": "s", "comparison": "twins", "between": "seeds", "dataset": "digits", "architecture": "mlp"},
        **{"activation": "relu", "seed": 1, "sample": "look", "epoch": 5, "state": "trained", "layer": "hidden1", "depth": 1},
        **{"other_architecture": "mlp", "other_activation": "relu", "other_seed": 0, "other_epoch": 5},
        **{"other_layer": "hidden1", "other_depth": 1, "measure": "cka", "value": value, "chance": 0.0, "n_points": 50},
        **{"independent": True, "degenerate": ""},
    }
    return {**row, **keys}


def test_pairs_that_share_a_network_are_no_scores_and_either_network_may_flag_a_pair(tmp_path):
    file = str(tmp_path / "twins.csv")
    rows = [of_pair(0.5), of_pair(0.6, epoch=0, other_epoch=0, state="untrained"), of_pair(0.7, other_seed=2, independent=False)]
    write_rows(file, store.COMPARISON_COLUMNS, rows)
    poor = pd.DataFrame({"dataset": ["digits"], "architecture": "mlp", "activation": "relu", "seed": 0.0, "epoch": 5})
    [scores] = aggregate.compared_scores([file], [poor.assign(reason="near_chance: it knows nothing")])
    assert tuple(scores.columns) == store.SCORE_TABLE_COLUMNS
    assert scores[["metric", "space", "seed", "value", "degenerate"]].to_numpy().tolist() == [
        ["twins.cka", "raw", 1.0, 0.6, ""],
        ["twins.cka", "raw", 1.0, 0.5, "near_chance: it knows nothing"],
    ]
    aggregate.check(scores)


def test_comparisons_are_taken_in_beside_the_scores(study, tmp_path):
    """They change no row of another score, and are of the same types in the files of all rows and of runs."""
    folder, params = study
    file = str(tmp_path / "twins.csv")
    write_rows(file, store.COMPARISON_COLUMNS, [of_pair(0.5), of_pair(np.nan, layer="output", depth=2, degenerate="no variance")])
    plain = aggregated(folder, params)
    told = {**params, "compared": ["twins.cka"], "ranges": {**params["ranges"], "twins.cka": [None, 1]}}
    written = aggregated(folder, told, [file])
    for name in ("table", "runs"):
        before, after = (pd.read_parquet(io.BytesIO(found[name])) for found in (plain, written))
        added = after[after["metric"] == "twins.cka"]
        pd.testing.assert_frame_equal(after[after["metric"] != "twins.cka"].reset_index(drop=True), before)
        assert added["value"].to_list() == [0.5, pytest.approx(np.nan, nan_ok=True)]
        # One of both networks is at chance there.
        assert [reason.split(":")[0] for reason in added["degenerate"]] == ["near_chance", "no variance; near_chance"]
    assert added["highest"].to_list() == [1, 1]
    with pytest.raises(StudyError, match=r"no row has the scores twins.cka"):
        aggregated(folder, told)
