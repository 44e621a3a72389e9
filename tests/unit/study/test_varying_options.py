"""Entries that vary options: the entries that stand for them, and what their names and options mean elsewhere."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_study import GONE, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import build_study
from layerscope.study.variants import Variant, Variants, in_names

TSNE = {"embeddings.tsne": {"method": "tsne", "vary": {"perplexity": [5, 10], "early_exaggeration": [4, 12]}}}
DECAY = {"training.default.vary": {"weight_decay": [0, 0.001]}}
HITS = {"scores.hits": {"metric": "neighborhood_hit", "vary": {"k": [3, 6]}}}
# The figure of the small study shows one embedding and one network.
NO_GRID = {"figures.grid": GONE}


def study_of(*changes: dict):
    merged = {path: value for change in changes for path, value in change.items()}
    return build_study(changed(merged), Path())


def mistakes_of(*changes: dict) -> tuple[str, ...]:
    with pytest.raises(StudyError) as error:
        study_of(*changes)
    return error.value.messages


def claim(**options) -> dict:
    about = {"text": "It is so.", "score": "kl", "expect": "positive", **options}
    return {"claims.so": about}


# The entries


def test_an_entry_stands_for_each_combination_of_values():
    study = study_of(TSNE, NO_GRID)
    names = [f"tsne_perplexity{p}_early_exaggeration{e}" for p in (5, 10) for e in (4, 12)]
    assert list(study.embeddings) == [*names, "umap"]
    assert [(study.embeddings[name]["perplexity"], study.embeddings[name]["early_exaggeration"]) for name in names] == [
        (5.0, 4.0),
        (5.0, 12.0),
        (10.0, 4.0),
        (10.0, 12.0),
    ]


def test_networks_whose_training_varies_have_folders_and_options_of_their_own():
    study = study_of(DECAY, NO_GRID)
    assert [run.folder for run in study.runs if run.seed == 0] == [
        "runs/digits/mlp_weight_decay0/relu/seed0",
        "runs/digits/mlp_weight_decay0p001/relu/seed0",
    ]
    # The override of the study is of `mlp`, which means both.
    assert [(study.training_of(run)["weight_decay"], study.training_of(run)["lr"]) for run in study.runs] == [
        (0.0, 0.05),
        (0.0, 0.05),
        (0.001, 0.05),
        (0.001, 0.05),
    ]


def test_an_override_varies_the_networks_that_it_is_for():
    study = study_of(
        {"architectures.other": {"family": "mlp", "hidden": [4]}, "grids.0.architectures": ["mlp", "other"]},
        {"training.overrides": [{"on": {"architecture": "mlp"}, "vary": {"lr": [0.1, 0.01]}}, {"on": {"seed": 1}, "batch": 32}]},
        NO_GRID,
    )
    rates = {(run.architecture, run.seed): study.training_of(run)["lr"] for run in study.runs}
    assert rates == {("mlp_lr0p1", 0): 0.1, ("mlp_lr0p1", 1): 0.1, ("mlp_lr0p01", 0): 0.01, ("mlp_lr0p01", 1): 0.01} | {
        ("other", seed): 0.1 for seed in (0, 1)
    }
    # Messages name overrides by their number, which stays.
    assert study.training["overrides"][1]["batch"] == 32


def test_options_of_an_architecture_a_dataset_and_a_training_vary_at_once():
    study = study_of(
        {"architectures.mlp": {"family": "mlp", "vary": {"hidden": [[16], [16, 8]]}}},
        {"datasets.part": {"from": "digits", "vary": {"train": [200, 400]}}, "grids.0.datasets": ["part"]},
        DECAY,
        NO_GRID,
    )
    assert len(study.runs) == 2 * 2 * 2 * 2
    assert {run.dataset for run in study.runs} == {"part_train200", "part_train400"}
    assert {run.architecture for run in study.runs} == {
        f"mlp_hidden{hidden}_weight_decay{decay}" for hidden in ("16", "16-8") for decay in ("0", "0p001")
    }


def test_a_value_more_leaves_the_jobs_of_the_others_as_they_are():
    few, many = (study_of({"training.default.vary": {"weight_decay": values}}, NO_GRID) for values in ([0, 0.1], [0, 0.1, 0.2]))
    jobs = [Jobs(study) for study in (few, many)]
    for run in few.runs:
        assert len({one.params.train(SimpleNamespace(run=run.folder)) for one in jobs}) == 1
    assert jobs[0].params.aggregate(None) != jobs[1].params.aggregate(None)


def test_a_study_without_vary_is_as_it_was():
    study = study_of()
    assert study.variants == Variants()
    assert "options" not in json.loads(Jobs(study).params.aggregate(None))


@given(st.lists(st.one_of(st.integers(-(10**9), 10**9), st.floats(1e-9, 1e9), st.text(max_size=20), st.booleans()), max_size=4))
def test_names_are_safe_for_files(values):
    name = Variant("entry", {f"option{place}": value for place, value in enumerate(values)}).name()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_different_numbers_have_different_names(first, second):
    assert (in_names(first) == in_names(second)) == (first == second)


# What names and options mean


def test_an_option_chooses_by_its_value():
    on = study_of(TSNE, NO_GRID, {"figures.hits.on": {"perplexity": 10, "early_exaggeration": 4}}).figures["hits"]["on"]
    assert on == {"embedding": "tsne_perplexity10_early_exaggeration4"}


def test_the_name_of_an_entry_means_all_of_its_variants():
    study = study_of(TSNE, NO_GRID, {"figures.hits.on": {"embedding": ["raw", "tsne"]}, "scores.kl.on": {"embedding": "tsne"}})
    variants = [name for name in study.embeddings if name != "umap"]
    assert study.figures["hits"]["on"]["embedding"] == ["raw", *variants]
    assert study.scores["kl"]["on"]["embedding"] == variants


def test_the_index_says_the_name_of_the_entry_for_all_of_its_variants():
    study = study_of(TSNE, NO_GRID, {"figures.hits.on": {"embedding": "tsne"}})
    [figure] = json.loads(Jobs(study).params.index(None))["page"]["figures"]
    assert figure["on"] == {"embedding": "tsne"}


def test_a_list_of_scores_takes_all_variants_and_one_score_the_chosen():
    study = study_of(
        HITS,
        {"tables.spread": {"kind": "trained_untrained", "scores": ["hits"], "on": {"embedding": "raw"}}},
        {"figures.hits": {"kind": "score_by_depth", "score": "hits", "on": {"k": 3}}},
    )
    assert study.tables["spread"]["scores"] == ["hits_k3", "hits_k6"]
    assert (study.figures["hits"]["score"], study.figures["hits"]["on"]) == ("hits_k3", {})


def test_a_claim_along_an_option_is_about_the_entries_that_have_it():
    along = claim(statistic="spearman", along="perplexity")
    assert len(study_of(TSNE, NO_GRID, along).claims["so"]["on"]["embedding"]) == 4
    order = claim(statistic="order", along={"weight_decay": [0, 0.001]}, on={"embedding": "umap"})
    study = study_of(DECAY, NO_GRID, order)
    assert study.claims["so"]["on"]["architecture"] == ["mlp_weight_decay0", "mlp_weight_decay0p001"]
    assert json.loads(Jobs(study).params.claims(None))["alike"]["so"] == {
        "architecture": {"mlp_weight_decay0": "mlp", "mlp_weight_decay0p001": "mlp"}
    }


def test_variants_of_one_score_are_compared_together():
    study = study_of(HITS, claim(statistic="spearman", along="k", score="hits", on={"embedding": "raw"}))
    assert study.claims["so"]["score"] == ["hits_k3", "hits_k6"]


# Mistakes


def test_all_mistakes_in_what_varies_are_told_at_once():
    told = mistakes_of(
        {
            "embeddings.tsne": {
                "method": "tsne",
                "perplexity": 10,
                "vary": {
                    "perplexity": [10, 30],
                    "perplexty": [10, 30],
                    "iterations": [100],
                    "early_exaggeration": [4, 4.0],
                    "learning_rate": ["auto", -5],
                },
            }
        },
        {"embeddings.umap.vary": 3, "scores.kl.vary": {"folds": [1, 2]}, "scores.lost": {"metric": "klx", "vary": {"k": [1, 2]}}},
        {"training.overrides.0.vary": {"batch": 8}, "architectures.deep": {"family": "vgg", "vary": {"depth": [11, 13]}}},
    )
    for message in (
        "embeddings.tsne.perplexity is given beside `vary`, which has its values; remove one of them",
        "embeddings.tsne.vary.perplexty: there is no such option here; did you mean 'perplexity'?",
        "embeddings.tsne.vary.iterations: one value varies nothing; write `iterations: 100`, or name more",
        "embeddings.tsne.vary.early_exaggeration: 4 stands there twice; keep one of them",
        "embeddings.tsne.vary.learning_rate[1]: -5.0 is too small; more than 0 is wanted",
        "embeddings.umap.vary: 3 is not allowed; options with their values are wanted",
        "scores.kl.vary.folds: there is no such option here; allowed: perplexity",
        "scores.lost: 'klx' is no metric; did you mean 'kl'?",
        "training.overrides[0].vary.batch: 8 is not allowed; a list of values is wanted",
        "architectures.deep.vary.depth: tables have a column or key of this name",
    ):
        assert any(one.startswith(message) for one in told), (message, told)
    assert len(told) == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"embeddings.tsne.vary": {"iterations": [*range(1, 41)], "early_exaggeration": [*range(1, 41)]}},
            "embeddings.tsne.vary: 1,600 combinations are wanted; at most 1,000 are possible",
        ),
        (
            {"embeddings.umap_n_neighbors5": {"method": "pca"}, "embeddings.umap.vary": {"n_neighbors": [5, 10]}},
            "embeddings.umap.vary: n_neighbors 5 is named umap_n_neighbors5, as an entry of the study is; rename one",
        ),
        (
            {"embeddings.tsne": {"method": "tsne", "vary": {"learning_rate": [10, "10"]}}},
            "embeddings.tsne.vary.learning_rate[1]: '10' is text; auto or a number is wanted",
        ),
        (
            {**TSNE, "scores.kl": {"vary": {"perplexity": [5, 10]}}},
            "scores.kl.vary.perplexity: embeddings.tsne varies an option of the same name, and as a key it can mean one",
        ),
        (
            {"training.default": {"vary": {"lr": [0.1, 0.2]}}},
            "training.overrides[0].lr: training.default varies it for mlp; leave it out here, or for mlp there",
        ),
        (
            {"training.overrides": [{"on": {"dataset": "digits"}, "vary": {"lr": [0.1, 0.2]}}]},
            "training.overrides[0].vary makes variants of architectures: choose them by `on: {architecture: ...}` alone",
        ),
        (
            {**TSNE, "figures.hits.on": {"perplexity": 30}},
            "figures.hits.on: perplexity is never 30 in this study; allowed: 5, 10",
        ),
        (
            {**TSNE, "figures.hits.on": {"perplexity": 5, "embedding": "umap"}},
            "figures.hits.on chooses nothing: it has no embedding with perplexity 5; widen it",
        ),
        ({**HITS, "embeddings.umap.on": {"k": 3}}, "embeddings.umap.on: scores vary k, and none is chosen here; remove it"),
        (
            {**HITS, "figures.hits.on": {"k": 3}},
            "figures.hits: k is an option of hits, and its scores (neighborhood_hit) do not vary it; remove it",
        ),
        (
            {**HITS, "figures.grid.on.k": 3},
            "figures.grid: k is an option of hits, and it shows no scores; remove it",
        ),
        (
            {**HITS, "figures.by": {"kind": "score_by_option", "x": "k", "score": "neighborhood_hit"}},
            "figures.by: k is an option of hits, and its scores (neighborhood_hit) do not vary it; remove it",
        ),
        (
            {**HITS, **claim(statistic="spearman", along="k", score="neighborhood_hit", on={"embedding": "raw"})},
            "claims.so: k is an option of hits, and its scores (neighborhood_hit) do not vary it; remove it",
        ),
        (
            {**TSNE, "architectures.mlp.vary": {"dropout": [0, 0.5]}}
            | {"figures.hits.on": {"dropout": 0, "embedding": "umap", "perplexity": 5}},
            "figures.hits.on chooses nothing: it has no embedding with perplexity 5; widen it",
        ),
        (
            {**HITS, "figures.hits.score": "hits"},
            "figures.hits.score: hits varies k; name one of hits_k3, hits_k6, or choose by `on: {k: 3}`",
        ),
        (
            {**TSNE, **claim(statistic="difference", between={"embedding": ["tsne", "umap"]})},
            "claims.so.between.embedding: tsne varies perplexity, early_exaggeration; name one of tsne_perplexity5_early_ex",
        ),
        (
            {**TSNE, **claim(statistic="difference", between={"perplexity": [5, 30]})},
            "claims.so.between.perplexity: perplexity is never 30 in this study; allowed: 5, 10",
        ),
        (
            {**TSNE, **NO_GRID, **claim(statistic="spearman", along="perplexty", on={"embedding": "tsne"})},
            "claims.so.along: 'perplexty' is no option that varies in this study (`vary`); did you mean 'perplexity'?",
        ),
        (
            {**TSNE, **NO_GRID, "scores.nc1": {}, "figures.hits": {"kind": "score_by_option", "x": "perplexity", "score": "nc1"}},
            "figures.hits.x: perplexity is an option of embeddings, and nc1 is a score of layers themselves; name another",
        ),
        (
            {**TSNE, **NO_GRID}
            | {"figures.hits": {"kind": "score_by_option", "x": "perplexity", "score": "kl", "colours": "perplexity"}},
            "figures.hits.colours: perplexity is x already; name another, or remove it",
        ),
        (
            {**TSNE, **NO_GRID, "scores.kl.on": {"perplexty": 5}},
            "scores.kl.on.perplexty: unknown key; did you mean 'perplexity'? allowed: activation, ",
        ),
        (
            {"scores.kl.on": {"perplexity": 5}},
            "scores.kl.on.perplexity: perplexity is no key of selectors, since it does not vary in this study (`vary`)",
        ),
        (
            {"scores.kl.on": {"control": "noise"}},
            "scores.kl.on.control: no grid has controls, by which it chooses; add `controls` to a grid, or remove it",
        ),
        (
            {**DECAY, "grids.0.architectures": ["mlp_decay0"], "grids.0.controls": ["noise"]},
            "grids[0].architectures: 'mlp_decay0' is not defined; did you mean 'mlp_weight_decay0'? allowed: mlp, ",
        ),
        (
            {**TSNE, **NO_GRID, **claim(statistic="spearman", along="perplexity", on={"embedding": "tsne", "perplexity": 5})},
            "claims.so.along: a single value of perplexity is left in what claims.so chooses (5); widen it",
        ),
        (
            {**DECAY, "figures.hits": {"kind": "score_by_option", "x": "weight_decay", "score": "kl"}}
            | {"figures.hits.on": {"architecture": "mlp_weight_decay0"}},
            "figures.hits.x: a single value of weight_decay is left in what figures.hits chooses (0); widen it",
        ),
        (
            {"scores.hit": {"metric": "neighborhood_hit", "vary": {"k": [3, 6]}}}
            | {"figures.hits": {"kind": "score_by_option", "x": "k", "score": "hit", "on": {"k": 6}}},
            "figures.hits.x: a single value of k is left in what figures.hits chooses (6); widen it",
        ),
        (
            {"embeddings.tsne": {"method": "tsne", "vary": {"initialisation": ["pca", "random"]}}, **NO_GRID}
            | claim(statistic="spearman", along="initialisation"),
            "claims.so.along: the values of initialisation are no numbers, and have no order; compare them by `between`",
        ),
        (
            claim(statistic="difference", between={"state": ["trained", "untrained"]}, score=["kl", "neighborhood_hit"]),
            "claims.so.score: kl, neighborhood_hit are not variants of one score; name one",
        ),
        (
            {"figures.hits": {"kind": "score_by_lambda"}},
            "figures.hits.kind: 'score_by_lambda' is no kind of figure; did you mean 'score_by_option'?",
        ),
    ],
)
def test_a_mistake_names_what_the_study_file_has(changes, message):
    assert any(told.startswith(message) for told in mistakes_of(changes))


def test_a_mistake_that_all_variants_share_is_told_once():
    told = mistakes_of(TSNE, NO_GRID, {"embeddings.tsne.iterashuns": 100})
    assert [message.split(";")[0] for message in told] == ["embeddings.tsne.iterashuns: unknown key"]


def test_a_value_that_no_sample_has_points_for_is_named_as_it_stands_in_the_file():
    told = mistakes_of(NO_GRID, {"embeddings.tsne": {"method": "tsne", "vary": {"perplexity": [10, 300]}}, "neighbors.k": GONE})
    assert told == (
        "embeddings.tsne.vary.perplexity: 300 is too large for the 360 observations of samples.look (digits); at most 119 is "
        "possible",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embeddings.umap": 3}, "embeddings.umap: 3 is a whole number; a block of keys is wanted"),
        ({"scores.kl": None}, "scores.kl: None is empty; a block of keys is wanted"),
        ({"tables.networks.scores": {}}, "tables.networks.scores: {} is a block of keys; a list is wanted"),
        ({"datasets.part": {"from": "digits", "train": 200}, "datasets.digits": None}, "datasets.digits: None is empty"),
        ({"datasets": 3}, "datasets: 3 is a whole number; a block of keys is wanted"),
        ({"figures.hits.on": {"perplexity": []}}, "figures.hits.on: the list of values of perplexity is empty; allowed: 10, 5"),
        ({"training.overrides": 3}, "training.overrides: 3 is a whole number; a list is wanted"),
        ({"grids": "all"}, "grids: 'all' is text; a list is wanted"),
    ],
)
def test_what_is_no_study_at_all_is_told_beside_what_varies(changes, message):
    assert any(told.startswith(message) for told in mistakes_of(TSNE, DECAY, changes))
