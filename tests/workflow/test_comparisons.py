"""A study that compares representations: its values are those of the files, and an edit redoes what it must and nothing else."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import HALF_WRITTEN, PROJECT, copy_project, made_once, planned, snakemake

import layerscope
from layerscope import results

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("compared")]

STUDY = "mine/comparisons.yaml"
RUNS = [f"runs/digits/mlp/relu/seed{seed}" for seed in range(4)]
MLP = {"dataset": "digits", "architecture": "mlp", "activation": "relu"}


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    def make(folder: Path) -> str:
        copy_project(folder)
        shutil.copytree(PROJECT / "tests/workflow/own_kinds", folder / "mine", ignore=HALF_WRITTEN)
        done = snakemake(folder, "--cores", "2", study=STUDY)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return made_once(tmp_path_factory, "finished_compared", make)


@pytest.fixture
def study(finished: Path) -> results.Results:
    return results.open(finished / "results/compared")


def layers(study: results.Results, seed: int, epoch: int) -> dict[str, np.ndarray]:
    of_input = next(iter(study.representations("digits", "some")))
    found = [layer for layer in study.representations({**MLP, "seed": seed}, "some") if layer.epoch == epoch]
    return {"input": of_input.array, **{layer.layer: layer.array for layer in found}}


def test_values_are_those_of_the_layers_in_the_files(study):
    rows = study.comparisons()
    assert {*rows["comparison"]} == {"depth", "twins", "alike"}
    assert len(study.comparisons("twins")) == 3 * 2 * 3
    by_package = rows[rows["measure"] != "angle"]
    for row in by_package.iloc[::5].to_dict("records"):
        one = layers(study, row["seed"], row["epoch"])[row["layer"]]
        other = layers(study, row["other_seed"], row["other_epoch"])[row["other_layer"]]
        expected = layerscope.compare(one, other, row["measure"], permutations=1)[row["measure"]]
        assert row["value"] == pytest.approx(expected.value, abs=1e-6)
        assert abs(row["chance"]) < 0.3
    own = rows[rows["measure"] == "angle"].iloc[0]
    arrays = layers(study, own["seed"], own["epoch"])
    one, other = (np.linalg.svd(arrays[own[key]], compute_uv=False)[:3] for key in ("layer", "other_layer"))
    assert own["value"] == pytest.approx(one @ other / np.linalg.norm(one) / np.linalg.norm(other), abs=1e-5)


def test_what_has_one_value_a_layer_is_a_score(study):
    runs = study.runs()
    assert {*runs["metric"]} == {"accuracy", "depth.cka", "depth.angle", "twins.cka"}
    rows = study.comparisons("depth").query("measure == 'cka'")
    keys = ["seed", "epoch", "layer"]
    of_both = rows.merge(runs[runs["metric"] == "depth.cka"], on=keys, suffixes=("", "_of_run"))
    assert len(of_both) == len(rows) == 3 * 2 * 3
    np.testing.assert_array_equal(of_both["value"], of_both["value_of_run"])
    np.testing.assert_array_equal(of_both["chance"], of_both["chance_of_run"])
    assert {*study.summary().query("metric == 'depth.cka'")["n_runs"]} == {3}


def test_a_pair_of_networks_is_one_unit_and_stands_with_no_other_of_the_same_network(study):
    """Of three seeds there is one such pair: those of 0 and 1. That of 2 is compared, and no unit."""
    twins = study.comparisons("twins")
    pairs = twins[["seed", "other_seed", "independent"]].drop_duplicates()
    assert {*pairs.itertuples(index=False, name=None)} == {(1, 0, True), (2, 0, False), (2, 1, False)}
    assert {*study.runs("twins.cka")["seed"]} == {1}
    claims = study.claims().set_index("claim")
    assert (claims.loc["twins_agree", "units"], claims.loc["twins_agree", "verdict"]) == (1, "undecided")
    assert "n counts pairs of networks of two seeds" in claims.loc["twins_agree", "note"]
    assert (claims.loc["training_aligns", "units"], claims.loc["training_aligns", "n"]) == (3, 3)
    alike = study.runs("depth.cka").groupby(["state", "seed"])["value"].mean()
    assert claims.loc["training_aligns", "estimate"] == pytest.approx((alike["trained"] - alike["untrained"]).mean())


def test_figures_are_made_of_the_comparisons(study):
    shown = pd.read_csv(study.folder / "figures/alike.csv")
    rows = study.comparisons("alike")
    expected = rows.groupby(["layer", "other_layer"])["value"].mean()
    assert len(shown) == len(expected) == 6
    for row in shown.to_dict("records"):
        assert row["mean"] == pytest.approx(expected[row["layer"], row["other_layer"]])


def test_the_doctor_finds_all_files_and_no_fault(finished: Path):
    from layerscope.doctor import examine
    from layerscope.jobs.every_job import files_of_jobs
    from layerscope.jobs.jobs import Jobs
    from layerscope.jobs.unasked import unasked_files
    from layerscope.study.load import load_study

    with pytest.MonkeyPatch.context() as context:
        context.chdir(finished)
        jobs = Jobs(load_study(STUDY, {}))
        assert unasked_files(jobs) == []
        assert examine(jobs, []) == []
        assert all(Path(file).exists() for job in files_of_jobs(jobs) for file in job.outputs)


def comparing(name: str, *seeds: int) -> set[str]:
    return {f"Comparing {RUNS[seed]} on some for {name}" for seed in seeds} | {"Gathering all comparisons"}


AFTER_SCORES = {"Aggregating all scores", "Judging the claims", "Drawing figure steps", "Writing the index"}
NEW = {f"{what} {RUNS[3]}" for what in ("Training", "Scoring")} | {f"{what} {RUNS[3]} on some" for what in ("Dumping", "Scoring")}
EDITS = {
    "the measures of a comparison": (
        "seeds, measures: [cka]",
        "seeds, measures: [cka, rsa]",
        comparing("twins", 1, 2) | AFTER_SCORES,
    ),
    "what layers are compared with": ("with: previous", "with: first", comparing("depth", 0, 1, 2) | AFTER_SCORES),
    "how often observations are shuffled": (
        "with: previous",
        "with: previous, permutations: 2",
        comparing("depth", 0, 1, 2) | AFTER_SCORES,
    ),
    "the measure of a figure": (
        "measure: rsa",
        "measure: svcca",
        comparing("alike", 0, 1, 2) | {"Drawing figure alike", "Writing the index"},
    ),
    "the order of a figure": (
        "measure: rsa,",
        "measure: rsa, order: clustered,",
        {"Drawing figure alike", "Writing the index"},
    ),
    "one more seed": (
        "seeds: 3",
        "seeds: 4",
        NEW | comparing("depth", 3) | comparing("twins", 3) | comparing("alike", 3) | AFTER_SCORES | {"Drawing figure alike"},
    ),
    "one comparison less": (
        "  twins: {between: seeds, measures: [cka]}\n",
        "",
        {"Gathering all comparisons"} | AFTER_SCORES,
    ),
    "a claim on a comparison": ("layer: hidden2", "layer: hidden1", {"Judging the claims", "Writing the index"}),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edit_redoes_what_it_must(finished: Path, tmp_path: Path, case: str):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    old, new, stale = EDITS[case]
    file = folder / STUDY
    text = file.read_text()
    assert old in text
    text = text.replace(old, new)
    if case == "one comparison less":
        text = text[: text.index("  twins_agree:")]
    file.write_text(text)
    assert planned(folder, study=STUDY) == stale


def test_an_edit_of_a_measure_redoes_its_comparisons(finished: Path, tmp_path: Path):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", ignore=HALF_WRITTEN))
    assert planned(folder, study=STUDY) == set()
    with open(folder / "mine/angle.py", "a") as code:
        code.write("\nEDITED = True\n")
    assert planned(folder, study=STUDY) == comparing("depth", 0, 1, 2) | AFTER_SCORES
