"""Several draws of one sample: which jobs they make, what selectors choose of them, and where they make no sense."""

import json
from collections import Counter
from types import SimpleNamespace

import pytest
from small_study import CNN, SMALL, changed
from test_mistakes import load as load
from test_mistakes import refusal

from layerscope.jobs.every_job import every_job
from layerscope.jobs.jobs import Jobs

THREE = {"samples.look": {"split": "test", "choose": "random", "n": 100, "draws": 3}}
ONE = {"samples.look": {"split": "test", "choose": "random", "n": 100}}
RUN, INPUT = "runs/digits/mlp/relu/seed0", "inputs/digits"
UNSCORED = {"pca": {"method": "pca"}}
MAPPED = {"figures.mapped": {"kind": "neuron_map", "on": {"seed": 0, "layer": "hidden2"}}}


def params(jobs: Jobs, rule: str, **wildcards: str) -> dict:
    return json.loads(getattr(jobs.params, rule)(SimpleNamespace(**wildcards)))


def jobs_of(jobs: Jobs) -> dict[tuple, str]:
    """(rule, wildcards) → params, of every job."""
    return {(rule, *sorted(keys.items())): getattr(jobs.params, rule)(SimpleNamespace(**keys)) for rule, keys in every_job(jobs)}


def test_each_draw_is_dumped_embedded_and_scored_in_files_of_its_own(load):
    jobs = Jobs(load(changed(THREE)))
    for sample in ("look", "look_draw2", "look_draw3"):
        assert f"results/small/{RUN}/{sample}/scores/tsne.csv" in jobs.targets()
    assert (RUN, "look_draw3") in jobs.views.sources()
    assert (INPUT, "look_draw3") in jobs.views.sources()


def test_the_first_draw_is_the_sample_without_draws_and_further_ones_add_to_it(load):
    one, three = jobs_of(Jobs(load(changed(ONE)))), jobs_of(Jobs(load(changed(THREE))))
    assert {key for key in one if one[key] != three[key]} == {("aggregate",)}
    added = Counter(rule for rule, *keys in three.keys() - one.keys())
    sources = 2 * 3
    assert added == {
        "dump": 4, "dump_input": 2, "neighbors": sources, "embed": 2 * sources, "score_raw": sources,
        "score_embedding": 2 * sources, "score_sample": 4,
    }  # fmt: skip
    dumped = params(Jobs(load(changed(THREE))), "dump", run=RUN, sample="look_draw3")["sample"]
    assert dumped == {"name": "look_draw3", "split": "test", "choose": "random", "n": 100, "seed": 0, "draw": 3}


def test_the_aggregate_is_told_of_which_sample_each_draw_is(load):
    told = params(Jobs(load(changed(THREE))), "aggregate")
    assert told["draws"] == {"look_draw2": ["look", 2], "look_draw3": ["look", 3]}
    assert "draws" not in params(Jobs(load(changed(ONE))), "aggregate")


def test_figures_of_observations_show_the_first_draw_unless_they_name_another(load):
    jobs = Jobs(
        load(changed({**THREE, "figures.third": {**SMALL["figures"]["grid"], "on": {"seed": 0, "embedding": "tsne", "draw": 3}}}))
    )
    assert f"results/small/{RUN}/look/embeddings/tsne.h5" in jobs.reads.of_kind("figures", "grid")["embedding"]
    assert not any("draw" in file for file in jobs.reads.of_kind("figures", "grid")["embedding"])
    assert f"results/small/{RUN}/look_draw3/embeddings/tsne.h5" in jobs.reads.of_kind("figures", "third")["embedding"]
    on = params(jobs, "figure", figure="third")["options"]["on"]
    assert (on["sample"], "draw" in on) == (["look_draw3"], False)


def test_embeddings_that_are_not_scored_and_neurons_are_of_the_first_draw(load):
    content = changed({**THREE, "embeddings": {**SMALL["embeddings"], **UNSCORED}, "neurons": {"layers": ["hidden2"]}, **MAPPED})
    content["scores"] = {
        name: {**entry, "on": {"embedding": ["raw", "tsne", "run"]}} for name, entry in content["scores"].items()
    }
    content["embeddings"]["named"] = {"method": "pca", "on": {"draw": [1, 2]}}
    views = Jobs(load(content)).views
    assert views.embeddings_of(RUN, "look") == ["tsne", "umap", "pca", "named"]
    assert views.embeddings_of(RUN, "look_draw2") == ["tsne", "named"]
    assert views.embeddings_of(RUN, "look_draw3") == ["tsne"]
    assert [bool(views.mapped(views.runs[RUN], sample)) for sample in ("look", "look_draw2")] == [True, False]


def test_a_score_of_some_draws_is_of_these(load):
    content = changed({**THREE, "scores.kl.on": {"draw": 1}})
    views = Jobs(load(content)).views
    assert [*views.scores_of(RUN, "look", "tsne")] == ["neighborhood_hit", "kl"]
    assert [*views.scores_of(RUN, "look_draw2", "tsne")] == ["neighborhood_hit"]


def test_the_explorer_shows_the_first_draw(load):
    assert {sample for _, sample in Jobs(load(changed(THREE))).views.embedded()} == {"look"}


def test_draws_that_nothing_looks_through_are_said_to_change_nothing(load):
    content = changed(
        {**THREE, "scores": {"accuracy": {"on": {"sample": "test"}}}, "figures.hits": SMALL["figures"]["grid"], "claims": {}}
    )
    said = "samples.look.draws changes nothing: no score or figure is of a draw after the first"
    jobs = Jobs(load(content))
    assert said in jobs.notes()
    assert {sample for _, sample in jobs.views.sources()} == {"look"}
    assert not any("draws" in note for note in Jobs(load(changed(THREE))).notes())


REFUSED = {
    "a sample that is not random": (
        {"samples.look": {"split": "test", "choose": "first", "n": 100, "draws": 3}},
        "samples.look.draws: all 3 draws would be the same, since choose: first draws nothing at random; write random",
    ),
    "all of a split": (
        {"samples.look": {"split": "test", "choose": "all", "draws": 2}},
        "samples.look.draws: all 2 draws would be the same, since choose: all draws nothing at random",
    ),
    "as many as there are": (
        {"samples.look": {"split": "test", "choose": "random", "n": 360, "draws": 2}},
        "samples.look.draws: all 2 draws would be the same, since n takes all 360 observations in test of digits; draw fewer",
    ),
    "no draw": ({"samples.look": {"split": "test", "choose": "random", "n": 100, "draws": 0}}, "samples.look.draws: 0 is"),
    "another sample of the name of a draw": (
        {**THREE, "samples.look_draw2": {"split": "test", "choose": "first", "n": 50}},
        "samples.look_draw2: the files of a draw of samples.look have this name; choose another one",
    ),
    "a draw that there is not": (
        {**THREE, "scores.kl.on": {"draw": 4}},
        "scores.kl.on.draw: 4 is not part of the study; allowed: 1, 2, 3",
    ),
    "a draw of a figure of means": (
        {**THREE, "figures.hits.on": {"draw": 1}},
        "figures.hits.on.draw: scores are means over all draws of a sample here; remove it",
    ),
    "a draw of a claim": (
        {**THREE, "claims.training_helps.on.draw": 1},
        "claims.training_helps.on.draw: scores are means over all draws of a sample here; remove it",
    ),
    "a comparison of draws": (
        {**THREE, "claims.training_helps.between": {"draw": [1, 2]}},
        "claims.training_helps.between.draw: scores are means over all draws of a sample here; remove it",
    ),
    "a draw of neurons": (
        {**THREE, **MAPPED, "neurons": {"layers": ["hidden2"], "on": {"draw": 2}}},
        "neurons.on.draw: networks, samples and snapshots are chosen here",
    ),
    "two draws in a figure of one": (
        {
            **THREE,
            "architectures.cnn": CNN,
            "figures.maps": {
                "kind": "confused_pairs",
                "on": {"seed": 0, "embedding": "tsne", "layer": "hidden1", "state": "trained", "draw": [1, 2]},
            },
        },
        "figures.maps.on chooses 1 network, 2 samples, 1 embedding, 1 layer, 1 snapshot; confused_pairs shows one of each",
    ),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_draws_that_make_no_sense_are_refused_before_anything_is_trained(load, changes, said):
    assert said in refusal(load, changed(changes))


def test_more_observations_than_there_are_may_be_drawn_in_all(load):
    content = changed({"samples.look": {"split": "test", "choose": "random", "n": 300, "draws": 5}})
    assert len(Jobs(load(content)).views.sources()) == 5 * 3
