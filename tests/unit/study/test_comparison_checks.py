"""Comparisons that cannot be made, or mean nothing, are refused before anything is made, with the reason."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_study import CNN, GONE, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import build_study
from layerscope.study.study import Run

LAYERS = {"between": "layers", "measures": ["cka"]}
SEEDS = {"between": "seeds", "measures": ["cka"]}
TWO_ARCHITECTURES = {"architectures.cnn": CNN, "grids.0.architectures": ["mlp", "cnn"], "figures.grid": GONE}
CLAIM = {
    "text": "It grows.",
    "statistic": "difference",
    "between": {"state": ["trained", "untrained"]},
    "expect": "positive",
}
TWO_SAMPLES = {"samples.few": {"split": "test", "choose": "first", "n": 8}}


def jobs_of(**comparisons) -> Jobs:
    return Jobs(built({"comparisons": comparisons}))


def built(changes):
    return build_study(changed(changes), Path())


BROKEN = {
    "two samples": (
        {**TWO_SAMPLES, "comparisons": {"alike": {**LAYERS, "sample": ["look", "few"]}}},
        "comparisons.alike.sample: look, few are different observations, and only outputs for the same ones can be compared",
    ),
    "no sample of two": (
        {**TWO_SAMPLES, "comparisons": {"alike": LAYERS}},
        "comparisons.alike.sample is missing; name the sample whose observations are compared",
    ),
    "a sample that is none": (
        {"comparisons": {"alike": {**LAYERS, "sample": "lok"}}},
        "comparisons.alike.sample: no sample is named 'lok'; did you mean 'look'?",
    ),
    "a sample in `on`": (
        {"comparisons": {"alike": {**LAYERS, "on": {"sample": "look"}}}},
        "comparisons.alike.on.sample: a comparison is on one sample, the same observations for all: name it by its key `sample`",
    ),
    "filters": ({"comparisons": {"alike": {**LAYERS, "on": {"filter": 0}}}}, "alike.on.filter: layers are compared as a whole"),
    "too few observations": (
        {**TWO_SAMPLES, "comparisons": {"alike": {**LAYERS, "sample": "few", "measures": ["mutual_neighbors"]}}},
        "comparisons.alike.measures: mutual_neighbors needs 11 observations or more, and samples.few has 8 of digits",
    ),
    "a measure that is none": (
        {"comparisons": {"alike": {**LAYERS, "measures": ["ckaa"]}}},
        "comparisons.alike.measures: 'ckaa' is no measure of similarity; did you mean 'cka'?",
    ),
    "a layer with itself": (
        {"comparisons": {"alike": {**LAYERS, "on": {"layer": "hidden1"}}}},
        "comparisons.alike: hidden1 would be compared with itself only, since it is the one layer chosen; name more of them",
    ),
    "one seed": (
        {"comparisons": {"twins": {**SEEDS, "on": {"seed": 1}}}},
        "comparisons.twins.between: seeds, and the networks that it chooses have one seed, 1; choose or add more",
    ),
    "one architecture": (
        {"comparisons": {"two": {**SEEDS, "between": "architectures"}}},
        "comparisons.two.between: architectures, and the networks that it chooses have one architecture, mlp",
    ),
    "one snapshot": (
        {"comparisons": {"time": {**LAYERS, "between": "epochs", "on": {"epoch": "last"}}}},
        "comparisons.time.between: epochs, and each network has one here, 3; keep more `snapshots`, or choose more",
    ),
    "architectures that differ in their seeds too": (
        {
            "architectures.cnn": CNN,
            "grids": [{"architectures": ["mlp"], "seeds": [0]}, {"architectures": ["cnn"], "seeds": [1]}],
            "comparisons": {"two": {**SEEDS, "between": "architectures"}},
        },
        "comparisons.two.between: architectures, and no two networks differ in their architecture alone",
    ),
    "layers of no common name": (
        {**TWO_ARCHITECTURES, "comparisons": {"two": {**SEEDS, "between": "architectures", "on": {"layer": "hidden"}}}},
        "comparisons.two: no two networks that differ in their architecture have a layer and a snapshot in common",
    ),
    "a dataset with another": (
        {"comparisons": {"two": {**SEEDS, "between": "datasets"}}},
        "comparisons.two.between: 'datasets' is not allowed",
    ),
    "`with` between networks": (
        {"comparisons": {"twins": {**SEEDS, "with": "first"}}},
        "comparisons.twins.with is of layers and epochs; between seeds all pairs of networks are compared: remove it",
    ),
    "`match` of layers of one network": (
        {"comparisons": {"alike": {**LAYERS, "match": "depth"}}},
        "comparisons.alike.match is of architectures",
    ),
    "a layer that is not there": (
        {"comparisons": {"alike": {**LAYERS, "on": {"layer": ["hidden1", "hiden2"]}}}},
        "comparisons.alike.on.layer: 'hiden2' is not part of the study; did you mean 'hidden2'?",
    ),
    "a claim on all pairs of layers": (
        {"comparisons": {"alike": LAYERS}, "claims.grows": {**CLAIM, "score": "alike.cka"}},
        "claims.grows.score: 'alike.cka' is no score: in comparisons.alike, each has several values, one for each of the "
        "other layers: write `with: previous`, first or last",
    ),
    "a claim on three architectures": (
        {
            "architectures.cnn": CNN,
            "architectures.wide": {"family": "mlp", "hidden": [20, 8]},
            "grids.0.architectures": ["mlp", "cnn", "wide"],
            "comparisons": {"kinds": {**SEEDS, "between": "architectures"}},
            "claims.grows": {**CLAIM, "score": "kinds.cka", "cluster": ["seed"]},
        },
        "claims.grows.score: 'kinds.cka' is no score: in comparisons.kinds, networks of 3 architectures are in several pairs",
    ),
    "a claim on pairs of networks without units": (
        {"comparisons": {"twins": SEEDS}, "claims.grows": {**CLAIM, "score": "twins.cka"}},
        "claims.grows.cluster is missing: 'twins.cka' is of pairs of networks, each network in one of them, and",
    ),
    "a pair of networks beside the accuracy of one of both": (
        {
            "comparisons": {"twins": SEEDS},
            "figures.both": {"kind": "score_scatter", "score": "twins.cka", "against": "accuracy", "on": {"embedding": "raw"}},
        },
        "figures.both: 'twins.cka' is of pairs of networks, and score_scatter puts it beside a score of one of both",
    ),
    "a pair of networks among scores of one network": (
        {
            "comparisons": {"twins": SEEDS, "steps": {**LAYERS, "with": "previous"}},
            "tables.both": {"kind": "trained_untrained", "scores": ["steps.cka", "twins.cka"], "on": {"embedding": "raw"}},
        },
        "tables.both: its scores are of other units, 'steps.cka' of one network, 'twins.cka' of two seeds; write one for each",
    ),
    "a figure of layers of a comparison of seeds": (
        {"comparisons": {"twins": SEEDS}, "figures.seen": {"kind": "layer_similarity", "comparison": "twins"}},
        "figures.seen.comparison: 'twins' is between seeds; layer_similarity shows one between layers",
    ),
    "a figure of no comparison": (
        {"comparisons": {"alike": LAYERS}, "figures.seen": {"kind": "layer_similarity", "comparison": "alik"}},
        "figures.seen.comparison: no comparison is named 'alik'; did you mean 'alike'?",
    ),
    "a figure of no comparison, of two samples": (
        {**TWO_SAMPLES, "figures.seen": {"kind": "layer_similarity"}},
        "figures.seen.on.sample is missing; name the sample whose observations are compared",
    ),
    "a figure of no comparison, of one layer": (
        {"figures.seen": {"kind": "layer_similarity", "on": {"layer": "hidden1"}}},
        "figures.seen: hidden1 would be compared with itself only, since it is the one layer chosen; name more of them",
    ),
    "a figure of another measure": (
        {"comparisons": {"alike": LAYERS}, "figures.seen": {"kind": "layer_similarity", "comparison": "alike", "measure": "rsa"}},
        "figures.seen.measure: 'rsa' is no measure of comparisons.alike",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_means_nothing_is_refused_with_the_reason(case):
    changes, said = BROKEN[case]
    with pytest.raises(StudyError) as caught:
        built(changes)
    assert any(said in message for message in caught.value.messages), caught.value.messages


def test_all_mistakes_of_comparisons_are_told_at_once():
    entries = {"alike": {**LAYERS, "measures": ["ckaa"]}, "twins": {**SEEDS, "with": "first"}}
    with pytest.raises(StudyError) as caught:
        built({"comparisons": entries})
    assert len(caught.value.messages) == 2


# What is compared with what


def test_each_network_is_compared_with_those_of_seeds_before_its_own():
    """A job a network, so that one more seed adds one job; each network is in one pair of those that are units."""
    found = jobs_of(twins=SEEDS).comparisons
    first, second = (Run("digits", "mlp", "relu", seed) for seed in range(2))
    assert found.files("twins") == [second]
    assert found.others("twins", second) == {first: True}
    many = Jobs(built({"seeds": 5, "comparisons": {"twins": SEEDS}})).comparisons
    runs = [Run("digits", "mlp", "relu", seed) for seed in range(5)]
    units = {(one.seed, other.seed) for one in runs for other, unit in many.others("twins", one).items() if unit}
    assert units == {(1, 0), (3, 2)}
    assert sum(len(many.others("twins", run)) for run in runs) == 10


def test_layers_of_two_architectures_are_the_same_by_name_or_by_depth():
    entries = {name: {**SEEDS, "between": "architectures", "match": name} for name in ("name", "depth")}
    found = Jobs(built({**TWO_ARCHITECTURES, "comparisons": entries})).comparisons
    mlp, cnn = (Run("digits", architecture, "relu", 0) for architecture in ("mlp", "cnn"))
    assert found.layers_of_both("name", mlp, cnn) == [(("output", 3), ("output", 2))]
    assert found.layers_of_both("depth", mlp, cnn) == [(("hidden1", 1), ("conv1", 1)), (("hidden2", 2), ("output", 2))]


def test_the_last_snapshots_of_two_networks_are_compared_whatever_their_number():
    overrides = [{"on": {"architecture": "cnn"}, "epochs": 5, "snapshots": [0, 2, 3, "last"]}]
    entry = {**SEEDS, "between": "architectures"}
    found = Jobs(built({**TWO_ARCHITECTURES, "training.overrides": overrides, "comparisons": {"two": entry}})).comparisons
    mlp, cnn = (Run("digits", architecture, "relu", 0) for architecture in ("mlp", "cnn"))
    assert found.epochs_of_both("two", mlp, cnn) == [(0, 0), (2, 2), (3, 5)]


def test_the_input_is_a_layer_unless_others_are_named():
    named = {**LAYERS, "on": {"layer": ["hidden1", "hidden2"]}}
    found = jobs_of(alike=LAYERS, named=named, twins=SEEDS).comparisons
    run = Run("digits", "mlp", "relu", 0)
    assert [found.takes_input(name, run) for name in ("alike", "named", "twins")] == [True, False, False]


def test_a_figure_of_no_comparison_makes_one_of_its_own_name():
    """As it was before studies had comparisons: its measure, its `on`, and the only sample."""
    on = {"state": "trained", "sample": "look", "filter": "whole", "embedding": "raw"}
    study = built({"figures.seen": {"kind": "layer_similarity", "measure": "rsa", "on": on}})
    [(name, entry)] = study.comparisons.items()
    assert (name, entry["between"], entry["measures"], entry["sample"]) == ("seen", "layers", ["rsa"], "look")
    assert (entry["on"], entry["made_by"]) == ({"state": "trained"}, "figures.seen")
    assert study.figures["seen"]["comparison"] == "seen"
    assert built({"figures.seen": {"kind": "layer_similarity"}}).comparisons["seen"]["measures"] == ["cka"]


def test_a_study_of_comparisons_alone_is_given_nothing_by_default():
    gone = dict.fromkeys(("embeddings", "scores", "figures", "tables", "claims", "neighbors", "samples"), GONE)
    study = built({**gone, "comparisons": {"steps": {**LAYERS, "with": "previous"}}})
    assert not study.scores
    assert not study.figures
    assert study.comparisons["steps"]["sample"] == "all_test"
    targets = Jobs(study).targets()
    assert "results/small/comparisons.parquet" in targets
    assert "results/small/runs.parquet" in targets


def test_figures_call_a_score_by_its_measure_and_its_comparison():
    entries = {"twins": SEEDS, "steps": {**LAYERS, "with": "previous"}}
    figure = {"figures.seen": {"kind": "score_by_depth", "score": "twins.cka", "on": {"embedding": "raw"}}}
    told = json.loads(Jobs(built({"comparisons": entries, **figure})).params.figure(SimpleNamespace(figure="seen")))
    labels = {name: facts["label"] for name, facts in told["options"]["metrics"].items() if "." in name}
    assert labels == {"steps.cka": "CKA with the layer before (steps)", "twins.cka": "CKA of two seeds (twins)"}


# Units of claims


def test_pairs_of_networks_are_counted_and_not_networks():
    claim = {**CLAIM, "score": "twins.cka", "cluster": ["seed"]}
    for seeds, units in ((5, 2), (6, 3)):
        study = built({"seeds": seeds, "comparisons": {"twins": SEEDS}, "claims.grows": claim})
        few = [note for note in study.notes if "claims.grows" in note]
        said = f"its pairs of networks are {units} independent units (seed)"
        assert any(said in note for note in few) == (units < 3), few


def test_claims_on_pairs_of_networks_are_told_so():
    claims = {"twins": {**CLAIM, "score": "twins.cka", "cluster": ["seed"]}, "steps": {**CLAIM, "score": "steps.cka"}}
    entries = {"twins": SEEDS, "steps": {**LAYERS, "with": "previous"}}
    told = json.loads(Jobs(built({"comparisons": entries, "claims": claims})).params.claims(None))["claims"]
    twins, step = told
    assert twins["pairs_of"] == "seeds"
    assert "pairs_of" not in step


def test_a_claim_may_ask_for_layers_before_others():
    steps = {**LAYERS, "with": "previous"}
    study = built({"comparisons": {"steps": steps}, "claims.grows": {**CLAIM, "score": "steps.cka", "on": {"layer": "hidden2"}}})
    assert study.metric_of("steps.cka").name == "cka"
    with pytest.raises(StudyError, match="chooses nothing that has the score"):
        built({"comparisons": {"steps": steps}, "claims.grows": {**CLAIM, "score": "steps.cka", "on": {"layer": "input"}}})
