"""The published studies as they ship: valid, complete, and every figure of their source a target by its number."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from checkout import PROJECT, TINY, copy_project, planned, snakemake

from layerscope import store
from layerscope.jobs.every_job import every_job
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study

# Made of the runs of other studies, and of no source.
ATLAS = "atlas"
STUDIES = sorted(file.stem for file in (PROJECT / "workflow/studies").glob("*.yaml") if file.stem != ATLAS)
FIGURES = {"ruman-mlp": range(1, 13), "ruman-cnn": range(1, 61), "kuzma": range(1, 9), "kuzma-rebuilt": range(1, 9)}
FIGURES |= {"shenk": range(1, 17), "shenk-small": range(1, 17)}
FIGURES |= {name: [4, 5, 6, 7, 8, 10, 11, 12, 13, 14] for name in ("rauber", "rauber-small")}
NETWORKS = {"ruman-mlp": 3 * 5, "ruman-cnn": 2 * 8, "kuzma": 2 * 7 * 4 * 5, "kuzma-rebuilt": 2 * 7 * 4 * 5}
NETWORKS |= {"shenk": 4 * (5 + 20) * 5 + 5 * 8, "shenk-small": 4 * 5 * 5 + 4 * 5 * 3 + 5 * 8}
NETWORKS |= {"rauber": 5 * 5, "rauber-small": 5 * 6}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("studies") / "project")
    # Data of one's own is there when a study is planned, and read by the job that prepares it.
    for name in ("svhn_rebuilt.npz", "cifar10_part.npz"):
        (folder / name).write_bytes(b"")
    (folder / "results/digits").mkdir(parents=True)
    shutil.copy(PROJECT / "results/reference/digits/runs.parquet", folder / "results/digits")
    return folder


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_makes_every_artifact_of_its_source(project: Path, study: str):
    jobs = planned(project, study=f"workflow/studies/{study}.yaml")
    made = {int(number) for job in jobs for number in re.findall(r"^(?:Drawing figure|Writing table) fig(\d+)[a-z]?$", job)}
    assert made == set(FIGURES[study])
    assert sum(job.startswith("Training ") for job in jobs) == NETWORKS[study]
    assert "Judging the claims" in jobs
    if study.startswith("ruman"):
        assert {"Writing table published", "Writing table published_summary"} <= jobs


@pytest.mark.parametrize("study", [TINY, "config.yaml", *(f"workflow/studies/{name}.yaml" for name in [*STUDIES, ATLAS])])
def test_the_jobs_of_a_study_are_known_without_snakemake(project: Path, monkeypatch, study: str):
    """What may be removed from a results folder, as no study asks for it, rests on this."""
    summary = snakemake(project, "-n", "--detailed-summary", study=study).stdout
    planned_files = [tuple(line.split("\t")[:3:2]) for line in summary.splitlines() if line.startswith("results/")]
    monkeypatch.chdir(project)
    jobs = Jobs(load_study(study, {}))
    files = [(rule, store.job_files(jobs.study.name, rule, **keys)) for rule, keys in every_job(jobs)]
    assert sorted(planned_files) == sorted((output, rule) for rule, of_job in files for output in of_job.outputs)


def test_one_figure_needs_one_network_only(project: Path):
    """A figure is made without the rest of its study: fig14 shows one network, and one is trained."""
    jobs = planned(project, "fig14", study="workflow/studies/ruman-cnn.yaml")
    assert {job for job in jobs if job.startswith("Training ")} == {"Training runs/mnist/cnn/relu/seed0"}
    assert {job for job in jobs if job.startswith("Drawing ")} == {"Drawing figure fig14"}
    assert not any(job.startswith("Scoring ") for job in jobs)


def test_the_two_studies_of_kuzma_and_farkas_differ_in_one_dataset_only():
    plain, rebuilt = ((PROJECT / f"workflow/studies/{name}.yaml").read_text() for name in ("kuzma", "kuzma-rebuilt"))
    for own, common in (("svhn_rebuilt", "svhn"), ("SVHN rebuilt", "SVHN"), ("kuzma-rebuilt", "kuzma")):
        rebuilt = rebuilt.replace(own, common)
    contents = [yaml.safe_load(text) for text in (plain, rebuilt)]
    sources = [content["datasets"].pop("svhn")["source"] for content in contents]
    assert sources == ["torchvision", "npz"]
    assert contents[0] == contents[1]


def test_the_small_study_of_rauber_et_al_shows_and_claims_the_same():
    whole, small = (
        yaml.safe_load((PROJECT / f"workflow/studies/{name}.yaml").read_text().replace("mnist10k", "mnist"))
        for name in ("rauber", "rauber-small")
    )
    for block in ("architectures", "samples", "representations", "embeddings", "scores", "figures", "tables", "claims"):
        assert small[block] == whole[block]


def test_claims_with_and_without_flagged_networks_are_judged_by_the_same_test():
    claims = yaml.safe_load((PROJECT / "workflow/studies/rauber-small.yaml").read_text())["claims"]
    twins = {name: claim for name, claim in claims.items() if "flagged" in claim}
    assert twins
    assert all(name.endswith("_learnt") for name in twins)
    for name, claim in twins.items():
        own = {"text", "family", "flagged"}
        of_all = claims[name.removesuffix("_learnt")]
        assert {key: claim[key] for key in {*claim} - own} == {key: of_all[key] for key in {*of_all} - own}


def test_the_last_layer_is_the_deepest_that_a_study_looks_at(project: Path):
    """Figure 7 shows one layer of each of four networks, and not the output behind it, which this study leaves out."""
    jobs = planned(project, "fig7", study="workflow/studies/kuzma.yaml")
    networks = {f"runs/svhn/layers{depth}/relu/seed0" for depth in (4, 5, 6, 7)}
    assert {job for job in jobs if job.startswith("Training ")} == {f"Training {network}" for network in networks}
    embedded = {f"Embedding {network} on train1000 by tsne" for network in networks}
    assert {job for job in jobs if job.startswith("Embedding runs")} == embedded
