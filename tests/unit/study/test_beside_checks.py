"""Studies with scores that read more than their layer: the jobs they make, what these read, and what is refused."""

import json
from types import SimpleNamespace

import pytest
from small_study import GONE, changed
from test_draws import INPUT, RUN, jobs_of, params
from test_given_networks import given
from test_given_networks import study as study
from test_mistakes import load as load
from test_mistakes import refusal

from layerscope.jobs.jobs import Jobs

FIT = {"samples.fit": {"split": "train", "choose": "random", "n": 100}, "figures.grid": GONE, "claims": {}}
LOOK = {"sample": "look"}
PROBE = {"scores.probe": {"metric": "linear_probe_held_out", "fitted_on": "fit"}}
NC3 = {"scores.nc3": {"on": {**LOOK, "layer": "hidden2"}}}
CHANGED = {"scores.neighbors_changed": {"k": 10, "on": LOOK}}


def beside(jobs: Jobs) -> set[tuple[str, str]]:
    """(source, sample) of every job that scores representations beside others."""
    return {(keys[1][1], keys[0][1]) for rule, *keys in jobs_of(jobs) if rule == "score_beside"}


def reads(jobs: Jobs, source: str, sample: str = "look") -> dict[str, list[str]]:
    wildcards = SimpleNamespace(source=source, sample=sample)
    names = ("neighbors", "input_neighbors", "fitted_on", "checkpoints")
    return {name: getattr(jobs.reads, f"beside_{name}")(wildcards) for name in names}


def test_they_make_jobs_of_their_own_and_change_no_other_but_the_aggregate(load):
    before, after = jobs_of(Jobs(load(changed(FIT)))), jobs_of(Jobs(load(changed({**FIT, **PROBE, **NC3, **CHANGED}))))
    assert {rule for rule, *_ in after.keys() - before.keys()} == {"score_beside"}
    changed_jobs = {key[0] for key in before if before[key] != after[key]}
    # The explorer and the index know what all scores are called.
    assert changed_jobs == {"aggregate", "explorer", "figure", "index"} & changed_jobs
    spaces = {tuple(file) for group in json.loads(after["aggregate",])["expected"] for file in group["files"]}
    assert ("look", "beside") in spaces


def test_their_rows_are_of_the_representations_themselves(load):
    jobs = Jobs(load(changed({**FIT, **PROBE, "figures.depth": {"kind": "score_by_depth", "score": "probe"}})))
    assert params(jobs, "score_beside", source=RUN, sample="look")["space"] == "raw"
    with_others = {**FIT, **PROBE, "figures.depth": {"kind": "score_by_depth", "score": "probe", "on": {"embedding": "tsne"}}}
    assert "figures.depth.on chooses nothing that has the score 'probe'" in refusal(load, changed(with_others))


def test_a_probe_reads_the_other_sample_of_the_same_source_and_does_not_score_it(load):
    jobs = Jobs(load(changed({**FIT, **PROBE})))
    networks = {f"runs/digits/mlp/relu/seed{seed}" for seed in (0, 1)}
    assert beside(jobs) == {(source, "look") for source in networks | {INPUT}}
    assert reads(jobs, RUN)["fitted_on"] == [f"results/small/{RUN}/fit/activations.h5"]
    assert reads(jobs, INPUT)["fitted_on"] == [f"results/small/{INPUT}/fit/activations.h5"]
    assert not any("samples.fit changes nothing" in note for note in jobs.notes())


def test_nc3_reads_the_weights_of_a_trained_network_and_has_none_of_a_given_one(load, study):
    jobs = Jobs(load(changed(NC3)))
    assert beside(jobs) == {(f"runs/digits/mlp/relu/seed{seed}", "look") for seed in (0, 1)}
    assert reads(jobs, RUN)["checkpoints"] == [f"results/small/{RUN}/checkpoints.safetensors"]
    assert params(jobs, "score_beside", source=RUN, sample="look")["last"] == "steps.output.map."
    given("acts.h5", predictions=[number % 3 for number in range(30)])
    jobs = study("acts.h5", scores={"nc3": {}, "neighborhood_hit": {"k": 3}})
    [run] = jobs.views.runs
    assert reads(jobs, run, "all_test")["checkpoints"] == []
    assert params(jobs, "score_beside", source=run, sample="all_test")["last"] == ""


def test_neighbours_from_layer_to_layer_read_those_of_the_input_too(load):
    only = {
        **CHANGED,
        "scores.neighborhood_hit": {"on": {"embedding": "tsne"}},
        "embeddings.umap": {"method": "pca"},
        "claims": {},
    }
    jobs = Jobs(load(changed({**only, "figures": {}})))
    assert beside(jobs) == {(f"runs/digits/mlp/relu/seed{seed}", "look") for seed in (0, 1)}
    found = reads(jobs, RUN)
    assert found["neighbors"] == [f"results/small/{RUN}/look/neighbors.h5"]
    assert found["input_neighbors"] == [f"results/small/{INPUT}/look/neighbors.h5"]
    assert params(jobs, "score_beside", source=RUN, sample="look")["sequence"] == ["hidden1", "hidden2", "output"]
    # Every file that is read is written by a job that the study knows, so that nothing removes it.
    neighbors = {dict(keys)["source"] for rule, *keys in jobs_of(jobs) if rule == "neighbors"}
    assert neighbors >= {RUN, INPUT}


def test_observations_of_such_scores_lie_in_a_file_of_their_own(load):
    jobs = Jobs(
        load(changed({**FIT, **PROBE, **CHANGED, "observations": {"scores": ["probe", "neighbors_changed"], "on": LOOK}}))
    )
    assert f"results/small/{RUN}/look/observations/beside.h5" in jobs.targets()
    told = params(jobs, "score_observations", source=RUN, sample="look", space="beside")
    assert (told["space"], told["beside"], {*told["scores"]}) == ("raw", True, {"probe", "neighbors_changed"})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (PROBE, "scores.probe.fitted_on: no sample is named 'fit'"),
        (
            {**FIT, "scores.probe": {"metric": "knn_probe_held_out", "fitted_on": "fit", "k": 101, "on": LOOK}},
            "scores.probe.k: 101 is too large for the 100 observations of samples.fit (digits) that it is fitted on",
        ),
        ({"scores.probe": {"metric": "linear_probe_held_out"}}, "scores.probe.fitted_on is missing; it must be given"),
        (
            {**FIT, **PROBE, "samples.fit": {"split": "test", "choose": "first", "n": 50}},
            "scores.probe.fitted_on: samples.fit and samples.look are both of the test split, so an observation could be fitted",
        ),
        (
            {**FIT, **PROBE, "samples.fit.on": {"seed": 1}},
            "scores.probe.fitted_on: samples.fit does not take in runs/digits/mlp/relu/seed0, which is scored; widen its `on`",
        ),
        (
            {**FIT, "scores.probe": {**PROBE["scores.probe"], "on": {"embedding": "tsne"}}},
            "scores.probe.on.embedding: linear_probe_held_out reads a layer beside what is in no embedding, and two embeddings "
            "have no coordinates in common; write raw, or remove it",
        ),
        ({"embeddings.beside": {"method": "pca"}}, "embeddings.beside: the name is reserved"),
    ],
)
def test_what_cannot_be_scored_is_refused_before_anything_is_trained(load, changes, told):
    assert told in refusal(load, changed(changes))
