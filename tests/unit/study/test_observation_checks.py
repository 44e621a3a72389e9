"""Scores that are kept of every observation: which jobs they make, that they change no other, and what is refused."""

import json
from types import SimpleNamespace

import pytest
from small_study import SMALL, changed
from test_draws import INPUT, RUN, jobs_of, params
from test_mistakes import load as load
from test_mistakes import refusal

from layerscope import store
from layerscope.jobs.jobs import Jobs

KEPT = {"observations": {"scores": ["neighborhood_hit", "kl", "accuracy"]}}
CLASSES = {"tables.classes": {"kind": "scores_by_class", "scores": ["neighborhood_hit"]}}
CROSSING = {"kind": "crossing_observations", "score": "neighborhood_hit", "on": {"embedding": "raw"}}


def observed(jobs: Jobs) -> set[tuple[str, str, str]]:
    """(source, sample, space) of every job that scores observations."""
    return {tuple(value for _, value in keys) for rule, *keys in jobs_of(jobs) if rule == "score_observations"}


def test_a_study_keeps_none_unless_it_asks_for_them_and_asking_changes_no_other_job(load):
    without, kept = jobs_of(Jobs(load(SMALL))), jobs_of(Jobs(load(changed(KEPT))))
    assert {rule for rule, *_ in kept.keys() - without.keys()} == {"score_observations"}
    assert {key: kept[key] for key in without} == without


def test_there_is_a_file_for_each_space_that_has_one_of_the_scores(load):
    jobs = Jobs(load(changed(KEPT)))
    networks = {f"runs/digits/mlp/relu/seed{seed}" for seed in (0, 1)}
    spaces = {(source, "look", space) for source in networks | {INPUT} for space in ("raw", "tsne", "umap")}
    assert {(source, sample, space) for sample, source, space in observed(jobs)} == spaces | {
        (network, "look", "run") for network in networks
    }
    assert f"results/small/{RUN}/look/observations/tsne.h5" in jobs.targets()


def test_on_chooses_networks_snapshots_layers_and_spaces(load):
    on = {"seed": 1, "state": "trained", "layer": ["hidden2", "input"], "embedding": ["raw", "run"]}
    jobs = Jobs(load(changed({"observations": {**KEPT["observations"], "on": on}})))
    network = "runs/digits/mlp/relu/seed1"
    assert {(source, space) for _, source, space in observed(jobs)} == {(network, "raw"), (network, "run"), (INPUT, "raw")}
    raw = params(jobs, "score_observations", source=network, sample="look", space="raw")
    assert raw["scores"]["neighborhood_hit"]["view"] == {"epochs": [3], "whole": ["hidden2"], "filters": {}}
    assert params(jobs, "score_observations", source=network, sample="look", space="run")["scores"]["accuracy"]["epochs"] == [3]


def test_what_a_job_reads_follows_from_its_scores(load):
    jobs = Jobs(load(changed(KEPT)))

    def reads(space):
        wildcards = SimpleNamespace(source=RUN, sample="look", space=space)
        return jobs.reads.observations_neighbors(wildcards), jobs.reads.observations_embedding(wildcards)

    assert reads("raw") == ([f"results/small/{RUN}/look/neighbors.h5"], [])
    assert reads("tsne") == ([], [f"results/small/{RUN}/look/embeddings/tsne.h5"])
    assert reads("run") == ([], [])
    code = jobs.code.score_observations(SimpleNamespace(source=RUN, sample="look", space="tsne"))
    assert {name for name in ("kl", "knn") if f"workflow/layerscope/scoring/by_observation/{name}.py" in " ".join(code)} == {
        "kl",
        "knn",
    }


def test_of_several_draws_the_first_is_looked_at(load):
    drawn = {"samples.look": {"split": "test", "choose": "random", "n": 100, "draws": 2}}
    assert {sample for sample, _, _ in observed(Jobs(load(changed({**KEPT, **drawn}))))} == {"look"}


def test_figures_and_tables_are_made_from_the_files_that_have_their_score(load):
    jobs = Jobs(load(changed({**KEPT, **CLASSES, "figures.crossing": CROSSING})))
    files = jobs.reads.of_kind("figures", "crossing")["observations"]
    assert files == [
        store.path("small", "observations", source=source, sample="look", space="raw")
        for source in (INPUT, RUN, "runs/digits/mlp/relu/seed1")
    ]
    spaces = {file.rsplit("/", 1)[1] for file in jobs.reads.of_kind("tables", "classes")["observations"]}
    assert spaces == {"raw.h5", "tsne.h5", "umap.h5"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"observations": {"scores": ["hit"]}}, "observations.scores: no score is named 'hit'"),
        (
            {"observations": {"scores": ["silhouette"]}, "scores.silhouette": {}},
            "observations.scores: 'silhouette' is of all observations together, and of none of them; ",
        ),
        ({"observations": {"scores": ["kl"], "on": {"embedding": "raw"}}}, "observations reaches nothing that has one of its"),
        ({"observations": {"scores": ["kl"], "on": {"sample": "lok"}}}, "observations.on.sample: 'lok' is not part of the study"),
        (CLASSES, "tables.classes: 'neighborhood_hit' is kept of no observation; list it under `observations.scores`"),
        (
            {**KEPT, "figures.crossing": {**CROSSING, "on": {"embedding": "raw", "layer": "hidden1"}}},
            "figures.crossing.on leaves too few layers whose observations have 'neighborhood_hit' (hidden1); 2 are wanted",
        ),
        (
            {
                **KEPT, "figures": {"crossing": CROSSING}, "claims": {},
                "grids": [{"datasets": ["digits"], "architectures": ["mlp"], "activations": ["relu", "tanh"]}],
            },
            "figures.crossing.on chooses networks that differ in more than the seed (digits mlp relu, digits mlp tanh)",
        ),
        ({**KEPT, "figures.crossing": {**CROSSING, "on": {}}}, "figures.crossing.on chooses 'neighborhood_hit' in several"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_or_kept_is_refused_before_anything_is_trained(load, changes, told):
    assert told in refusal(load, changed(changes))


def test_a_metric_of_ones_own_is_told_by_observation_where_its_file_does(load, tmp_path):
    (tmp_path / "far.py").write_text(
        """
import numpy as np

METRICS = {
    "far": {
        "reads": {"raw": ()}, "unit": "1", "higher_is_better": None, "definition": "the mean norm", "reference": "none",
        "chance": "none",
    }
}
BY_OBSERVATION = ("far",)


def score(scored, asked):
    from layerscope.scoring.shared.score_input import Score

    return {name: Score(float(np.linalg.norm(scored.points, axis=1).mean())) for name in asked}


def by_observation(scored, metric, options):
    return np.linalg.norm(scored.points, axis=1)
"""
    )
    jobs = Jobs(load(changed({"code": ["far.py"], "scores.far": {}, "observations": {"scores": ["far"]}})))
    told = json.loads(jobs.params.score_observations(SimpleNamespace(source=RUN, sample="look", space="raw")))
    assert list(told["scores"]) == ["far"]
    assert list(told["code"]) == ["scoring.far"]
