"""One tiny study end to end: complete, and finished when it says so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import pandas as pd
import pytest
from checkout import PROJECT, TINY, outputs, planned, snakemake

from layerscope.files.seals import seal_of
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]


def test_a_second_run_has_nothing_to_do(finished_study: Path):
    done = snakemake(finished_study, "--cores", "2", "--nolock")
    assert "Nothing to be done" in done.stdout
    assert planned(finished_study) == set()


def seen(finished_study: Path) -> str:
    """What a terminal was sent while the study was made, without control sequences."""
    return re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", (finished_study / "finished").read_text())


def test_a_terminal_shows_the_running_jobs_and_how_much_of_the_work_is_done(finished_study: Path):
    lines = seen(finished_study).splitlines()
    shares = [int(found[1]) for line in lines if (found := re.match(r"tiny [━╸╺]+ (\d+) %, \d+ of 67 jobs", line))]
    assert len(shares) > 20
    assert shares == sorted(shares)
    assert shares[0] < 10
    assert shares[-1] > 90
    assert [line for line in lines if re.fullmatch(r"train digits/mlp/relu/seed0 .* \d+ s", line)]
    assert max(map(len, lines[lines.index("Job stats:") :])) <= 80
    # What is drawn is taken away: no line stays of a job, and the cursor is there again.
    sent = (finished_study / "finished").read_text()
    assert "Job 1:" not in sent
    assert sent.rindex("\x1b[?25h") > sent.rindex("\x1b[?25l")


def test_a_study_ends_with_where_its_results_are_and_what_took_how_long(finished_study: Path):
    lines = seen(finished_study).partition("\ntiny: 67 jobs done in ")[2].splitlines()
    assert lines[1:3] == ["  results: results/tiny/index.html", "  networks: 6, none of them flagged"]
    assert lines[3].startswith("  time of jobs: ")
    rules = {log.stem for log in finished_study.glob("results/tiny/logs/*")}
    assert {line.split()[0] for line in lines[4:]} == rules


def test_every_target_is_there_and_no_temporary_file_is_left(finished_study: Path):
    names = set(outputs(finished_study))
    run = "runs/digits/mlp/relu/seed1"
    assert {
        "data/digits.h5",
        f"{run}/checkpoints.safetensors",
        f"{run}/history.csv",
        f"{run}/spectra.h5",
        f"{run}/scores/run.csv",
        f"{run}/some/activations.h5",
        f"{run}/some/neighbors.h5",
        f"{run}/some/embeddings/pca.h5",
        f"{run}/some/scores/raw.csv",
        f"{run}/some/scores/run.csv",
        "inputs/digits/some/embeddings/tsne.h5",
        "scores.parquet",
        "summary.csv",
        "tests.csv",
        "claims.csv",
        "networks.csv",
        "figures/grid.svg",
        "figures/grid.png",
        "figures/hit.csv",
        "tables/separation.tex",
    } <= names
    hidden = {name for name in names if Path(name).name.startswith(".")}
    assert hidden == {str(seal_of(name)) for name in names if name.endswith((".csv", ".h5", ".parquet", ".safetensors"))}


def test_the_input_is_scored_once_and_joins_every_network(finished_study: Path):
    root = finished_study / "results/tiny"
    scores = pd.read_parquet(root / "scores.parquet")
    assert set(scores.loc[scores["state"] == "input", "architecture"]) == {""}
    table = pd.read_csv(root / "tables/separation.csv")
    assert list(table["layer"]) == ["layer 0 (input)", "layer 1 (hidden1)", "layer 2 (hidden2)", "layer 3 (output)"]
    first = table["d_same"][0].split(" / ")
    assert first[0] == first[1]


def test_filters_are_scored_one_by_one(finished_study: Path):
    scores = pd.read_parquet(finished_study / "results/tiny/scores.parquet")
    of_filters = scores[(scores["filter"] != "") & (scores["metric"] == "d_same") & (scores["space"] == "raw")]
    assert sorted(of_filters["filter"].unique()) == ["0", "1", "2"]
    assert set(of_filters["layer"]) == {"conv1"}


def test_files_say_who_made_them(finished_study: Path):
    with h5py.File(finished_study / "results/tiny/inputs/digits/some/activations.h5") as file:
        assert file.attrs["schema"] == 1
        assert '"torch"' in file.attrs["provenance"]
        assert '"dataset":"digits"' in file.attrs["params"]


def test_the_study_says_how_each_network_ended_and_what_made_it(finished_study: Path):
    networks = pd.read_csv(finished_study / "results/tiny/networks.csv", keep_default_na=False)
    assert len(networks) == 6
    assert set(networks["status"]) == {"ok"}
    assert set(networks["unlike"]) == {""}
    assert networks["versions"].str.contains('"torch"').all()


def test_an_unbalanced_training_says_how_often_it_drew_each_class(finished_study: Path):
    networks = pd.read_csv(finished_study / "results/tiny/networks.csv", keep_default_na=False).set_index("dataset")
    rates = [float(rate) for rate in networks.loc["uneven", "class_rates"].split()]
    assert sorted(rates) == pytest.approx([0.1 / 0.9, 0.3 / 0.9, 0.5 / 0.9], abs=1e-4)
    assert set(networks.drop("uneven")["class_rates"]) == {""}


def test_a_network_that_reconstructs_has_a_loss_and_no_accuracy(finished_study: Path):
    scores = pd.read_parquet(finished_study / "results/tiny/scores.parquet")
    own = scores[scores["architecture"] == "coder"]
    assert set(own["metric"]) == {"saturation", "saturation_while_training", "loss"}
    losses = own[own["metric"] == "loss"].set_index(["sample", "epoch"])["value"]
    assert sorted(losses.index) == [
        ("batches", 1),
        ("batches", 2),
        *((s, e) for s in ("test", "train") for e in (0, 1, 2) if s == "test" or e != 1),
    ]
    assert (losses > 0).all()


def test_layers_are_followed_at_every_epoch_in_both_phases(finished_study: Path):
    scores = pd.read_parquet(finished_study / "results/tiny/scores.parquet")
    own = scores[scores["architecture"] == "coder"]
    layers = ["conv1", "bottleneck", "expansion", "deconv1", "deconv2", "output"]
    for metric, sample, epochs in (("saturation", "test", [0, 1, 2]), ("saturation_while_training", "batches", [1, 2])):
        rows = own[own["metric"] == metric]
        assert set(rows["sample"]) == {sample}
        assert sorted(zip(rows["epoch"], rows["layer"], strict=True)) == sorted((e, layer) for e in epochs for layer in layers)
        assert rows["value"].between(0, 1).all()
    assert set(scores.loc[scores["metric"] == "saturation_while_training", "architecture"]) == {"coder"}


def test_names_of_figures_tables_and_claims_are_targets(study_copy: Path):
    (study_copy / "results/tiny/figures/hit.svg").unlink()
    assert planned(study_copy, "hit") == {"Drawing figure hit"}
    assert planned(study_copy, "separation") == set()
    assert planned(study_copy, "training_helps") == set()


def test_the_report_lies_with_its_study_and_opens_offline(study_copy: Path):
    command = [sys.executable, "-m", "layerscope.command", "report", TINY]
    environment = {**os.environ, "PYTHONPATH": str(study_copy / "workflow")}
    done = subprocess.run(command, cwd=study_copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(study_copy.rglob("report.html")) == [study_copy / "results/tiny/report.html"]
    html = (study_copy / "results/tiny/report.html").read_text()
    assert "hit" in html
    assert not re.search(r'<(script|link)[^>]+(src|href)="https?://', html)


def test_a_lost_network_is_not_hidden(study_copy: Path):
    scores = study_copy / "results/tiny/runs/digits/mlp/relu/seed0/some/scores/raw.csv"
    scores.write_text("\n".join(scores.read_text().splitlines()[:1]) + "\nnot,a,row\n")
    done = snakemake(study_copy, "--cores", "1", "--until", "aggregate", "--forcerun", "aggregate")
    assert done.returncode != 0
    assert "scores/raw.csv" in done.stdout
    assert "delete it and run snakemake again" in done.stdout


def test_no_job_used_more_memory_or_time_than_it_asked_for(finished_study: Path, monkeypatch):
    monkeypatch.chdir(finished_study)
    monkeypatch.syspath_prepend(PROJECT)
    from benchmarks.resources import measured_jobs, used

    jobs = Jobs(load_study(TINY, {}))
    measured = list(measured_jobs(jobs))
    assert {rule for rule, _, _ in measured} >= {
        "prepare",
        "train",
        "dump",
        "neighbors",
        "embed",
        "score_raw",
        "aggregate",
        "figure",
    }
    for rule, wildcards, file in measured:
        memory, minutes = used(file)
        assert memory < jobs.resources.memory(wildcards, rule, 1), file
        assert minutes < jobs.resources.runtime(wildcards, rule, 1), file
