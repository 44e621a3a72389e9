"""A study in which an option of a training, of an embedding and of a score vary at once, from its file to its verdicts."""

from pathlib import Path

import pandas as pd
import pytest
from checkout import finished, planned

from layerscope import results
from layerscope.judge import judge_runs

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("vary")]

STUDY = "varied.yaml"
TEXT = """
study: varied
seeds: 3
datasets: {digits: {source: sklearn, test: 120}}
architectures: {mlp: {family: mlp, hidden: [4]}}
training: {default: {epochs: 1, vary: {lr: [0.1, 0.01]}}}
samples: {look: {split: test, choose: first, n: 60}}
representations: {whole: [hidden1]}
neighbors: {k: 45}
embeddings:
  tsne: {method: tsne, early_exaggeration_iterations: 20, iterations: 20, vary: {perplexity: [5, 10]}, on: {state: trained}}
scores:
  hit: {metric: neighborhood_hit, vary: {k: [3, 6]}, on: {embedding: [raw, tsne]}}
figures:
  by_perplexity: {kind: score_by_option, x: perplexity, score: hit, on: {lr: 0.1}, colours: k}
  by_rate: {kind: score_by_option, x: lr, score: hit, on: {k: 3, embedding: raw}}
claims:
  larger_perplexity: {text: It helps., statistic: spearman, along: perplexity, score: hit, on: {k: 3}, expect: positive}
  larger_rate:
    text: It helps.
    statistic: order
    along: {lr: [0.01, 0.1]}
    score: hit
    on: {k: 3, embedding: raw, state: trained}
    expect: positive
  both:
    text: One adds to the other.
    statistic: interaction
    between: {lr: [0.1, 0.01], k: [3, 6]}
    score: hit
    on: {embedding: raw, state: trained}
    expect: positive
"""
RUNS = [f"runs/digits/mlp_lr{rate}/relu/seed{seed}" for rate in ("0p1", "0p01") for seed in range(3)]


@pytest.fixture(scope="module")
def varied(tmp_path_factory) -> Path:
    return finished(tmp_path_factory, "varied_study", STUDY, TEXT)


def test_tables_of_runs_have_the_options_as_columns(varied: Path):
    runs = results.open(varied / "results/varied").runs()
    assert set(runs["lr"]) == {0.1, 0.01}
    assert set(runs["k"]) == {3.0, 6.0}
    of_tsne = runs[runs["space"] != "raw"]
    assert set(of_tsne["perplexity"]) == {5.0, 10.0}
    assert runs.loc[runs["space"] == "raw", "perplexity"].isna().all()
    # Every combination is there for each seed.
    assert of_tsne[of_tsne["state"] == "trained"].groupby(["lr", "perplexity", "k"])["seed"].nunique().tolist() == [3] * 8


def test_figures_show_the_mean_of_what_is_alike(varied: Path):
    folder = varied / "results/varied"
    runs = results.open(folder).runs("hit_k3", "hit_k6").query("state == 'trained' and lr == 0.1 and space != 'raw'")
    drawn = pd.read_csv(folder / "figures/by_perplexity.csv").set_index(["k", "perplexity", "seed"])["score"].sort_index()
    expected = runs.set_index(["k", "perplexity", "seed"])["value"].sort_index()
    assert drawn.to_dict() == pytest.approx(expected.to_dict())


def test_claims_are_judged_over_seeds_of_networks_that_are_pairs(varied: Path):
    claims = results.open(varied / "results/varied").claims().set_index("claim")
    # Along the perplexity both kinds of networks are asked, and count once each; the others compare their pairs.
    assert claims["units"].to_dict() == {"larger_perplexity": 2, "larger_rate": 3, "both": 3}
    runs = results.open(varied / "results/varied").runs("hit_k3", "hit_k6").query("state == 'trained' and space == 'raw'")
    by_rate = runs.pivot_table(index="seed", columns=["k", "lr"], values="value")
    effects = (by_rate[3.0, 0.1] - by_rate[3.0, 0.01]) - (by_rate[6.0, 0.1] - by_rate[6.0, 0.01])
    assert claims.loc["both", "estimate"] == pytest.approx(effects.mean())


def test_verdicts_stand_in_the_order_of_the_study_file(varied: Path):
    claims = results.open(varied / "results/varied").claims()
    assert [*claims["claim"]] == ["larger_perplexity", "larger_rate", "both"]


def test_verdicts_and_figures_are_made_of_the_runs_alone(varied: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(varied)
    judge_runs(STUDY, {}, [], str(tmp_path))
    for name in ("claims.csv", "by_perplexity.csv", "by_rate.svg"):
        [there] = (varied / "results/varied").rglob(name)
        assert (tmp_path / name).read_bytes() == there.read_bytes()


def test_a_value_more_makes_its_own_jobs_and_what_follows(varied: Path):
    text = TEXT.replace("perplexity: [5, 10]", "perplexity: [5, 10, 15]")
    (varied / "more.yaml").write_text(text)
    # The input of the networks is embedded beside them.
    name, sources = "tsne_perplexity15", [*RUNS, "inputs/digits"]
    assert planned(varied, study="more.yaml") == {
        *(f"Embedding {source} on look by {name}" for source in sources),
        *(f"Scoring {source} on look in {name}" for source in sources),
        *(f"Gathering {source} on look for the explorer" for source in sources),
        *("Aggregating all scores", "Judging the claims", "Drawing figure by_perplexity", "Drawing figure by_rate"),
        *("Writing the explorer", "Writing the index"),
    }


def test_a_rate_more_trains_its_networks_alone(varied: Path):
    (varied / "more.yaml").write_text(TEXT.replace("lr: [0.1, 0.01]}", "lr: [0.1, 0.01, 0.001]}"))
    stale = planned(varied, study="more.yaml")
    assert {job for job in stale if job.startswith("Training")} == {
        f"Training runs/digits/mlp_lr0p001/relu/seed{seed}" for seed in range(3)
    }
    assert not any("mlp_lr0p1/" in job or "mlp_lr0p01/" in job for job in stale)
