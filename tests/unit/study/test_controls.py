"""Controls of a grid: networks beside its own, which nothing shows unless it names them."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_study import CNN, GONE, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import build_study

ALL = ["untrained", "shuffled_labels", "noise", "random_projection"]
CONTROLS = {"grids.0.controls": ALL}


def study_of(*changes: dict):
    merged = {path: value for change in changes for path, value in change.items()}
    return build_study(changed(merged), Path())


def mistakes_of(*changes: dict) -> tuple[str, ...]:
    with pytest.raises(StudyError) as error:
        study_of(*changes)
    return error.value.messages


def trained(study) -> dict[str, dict]:
    """Architecture → the params of the training of its first network."""
    jobs = Jobs(study)
    return {run.architecture: json.loads(jobs.params.train(SimpleNamespace(run=run.folder))) for run in reversed(study.runs)}


def claim(**options) -> dict:
    return {"claims.so": {"text": "It is so.", "score": "neighborhood_hit", "expect": "positive", **options}}


def test_a_control_is_a_network_beside_each_network():
    study = study_of(CONTROLS)
    assert [run.folder for run in study.runs if run.seed == 0] == [
        f"runs/digits/mlp{control}/relu/seed0" for control in ("", *(f"_{name}" for name in ALL))
    ]
    params = trained(study)
    assert {name: of["training"]["epochs"] for name, of in params.items()} == {
        "mlp": 3,
        "mlp_untrained": 0,
        "mlp_shuffled_labels": 3,
        "mlp_noise": 3,
        "mlp_random_projection": 0,
    }
    assert {name: of["control"] for name, of in params.items() if "control" in of} == {
        "mlp_shuffled_labels": "shuffled_labels",
        "mlp_noise": "noise",
    }
    assert {name for name, of in params.items() if of["activation"] == "identity"} == {"mlp_random_projection"}


def test_the_networks_themselves_are_trained_as_without_controls():
    assert trained(study_of(CONTROLS))["mlp"] == trained(study_of())["mlp"]


def test_a_grid_has_its_own_controls_alone():
    study = study_of(
        {"architectures.other": {"family": "mlp", "hidden": [4]}},
        {"grids": [{"architectures": ["mlp"], "controls": ["noise"]}, {"architectures": ["other"], "seeds": [0]}]},
        {"figures.grid": GONE},
    )
    assert {run.architecture for run in study.runs} == {"mlp", "mlp_noise", "other"}


def test_controls_go_with_options_that_vary():
    study = study_of({"training.default.vary": {"batch": [32, 64]}, "grids.0.controls": ["noise"], "figures.grid": GONE})
    assert {run.architecture for run in study.runs} == {
        f"mlp_batch{batch}{control}" for batch in (32, 64) for control in ("", "_noise")
    }


def test_a_grid_that_names_one_variant_has_the_controls_of_this_one():
    study = study_of(
        {"training.default.vary": {"batch": [32, 64]}, "figures.grid": GONE},
        {"grids": [{"architectures": ["mlp_batch32"], "controls": ["noise"]}, {"architectures": ["mlp_batch64"]}]},
    )
    assert {run.architecture for run in study.runs} == {"mlp_batch32", "mlp_batch32_noise", "mlp_batch64"}


def test_an_untrained_control_has_no_schedule_and_needs_no_accuracy():
    study = study_of(
        CONTROLS, {"training.default": {"epochs": 4, "schedule": {"shape": "step", "at": [2]}, "accept_test_accuracy": 0.5}}
    )
    options = {run.architecture: study.training_of(run) for run in study.runs}
    assert {name for name, of in options.items() if "schedule" in of} == {"mlp", "mlp_shuffled_labels", "mlp_noise"}
    assert {name for name, of in options.items() if "accept_test_accuracy" in of} == {"mlp"}


def test_nothing_shows_controls_unless_it_names_them():
    study = study_of(CONTROLS, {"figures.beside": {"kind": "score_by_depth", "score": "neighborhood_hit", "controls": ["noise"]}})
    assert {study.figures[name]["on"]["architecture"] for name in ("grid", "hits")} == {"mlp"}
    assert study.claims["training_helps"]["on"]["architecture"] == "mlp"
    assert study.figures["beside"]["on"]["architecture"] == ["mlp", "mlp_noise"]
    # They are scored like all networks.
    assert "on" not in study.embeddings["umap"]
    assert study_of(CONTROLS, {"figures.hits.on": {"control": "noise"}}).figures["hits"]["on"]["architecture"] == "mlp_noise"


def test_captions_do_not_list_the_networks_that_are_no_controls():
    page = json.loads(Jobs(study_of(CONTROLS)).params.index(None))["page"]
    assert [figure["on"] for figure in page["figures"] if figure["name"] == "hits"] == [{}]


def test_a_figure_is_told_which_networks_are_controls_of_which():
    study = study_of(CONTROLS, {"figures.hits.controls": ["noise"]})
    options = json.loads(Jobs(study).params.figure(SimpleNamespace(figure="hits")))["options"]
    assert options["control_networks"]["mlp_noise"] == {"control": "noise", "of": "mlp"}


def test_a_claim_can_be_against_a_control():
    study = study_of(CONTROLS, claim(statistic="difference", against="shuffled_labels", on={"embedding": "raw"}))
    found = study.claims["so"]
    assert (found["between"], found["on"]["epoch"]) == ({"control": ["none", "shuffled_labels"]}, "last")
    assert json.loads(Jobs(study).params.claims(None))["alike"]["so"]["architecture"]["mlp_shuffled_labels"] == "mlp"


def test_the_aggregate_knows_controls():
    told = json.loads(Jobs(study_of(CONTROLS)).params.aggregate(None))
    assert told["controls"] == sorted(f"mlp_{name}" for name in ALL)
    assert told["options"]["control"]["values"]["mlp"] == "none"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grids.0.controls": ["shuffled"]}, "grids[0].controls[0]: 'shuffled' is not allowed; did you mean 'shuffled_labels'?"),
        (
            {**CONTROLS, "architectures.mlp": CNN},
            "controls.random_projection: only fully connected networks are linear without activation functions, and mlp has",
        ),
        (
            claim(statistic="difference", against="noise", on={"embedding": "raw"}),
            "claims.so.against: no grid has the control noise; add it to the `controls` of a grid",
        ),
        (
            {**CONTROLS, **claim(statistic="difference", against="noise", between={"state": ["trained", "untrained"]})},
            "claims.so.against is short for `between: {control: [none, noise]}`; remove one of them",
        ),
        (
            {"grids.0.controls": ["noise"], "figures.hits.controls": ["untrained"]},
            "figures.hits.controls: no grid has the control untrained; add it to the `controls` of a grid, or name noise",
        ),
        (
            {"grids.0.controls": ["noise"], "figures.hits.controls": ["noize"]},
            "figures.hits.controls[0]: 'noize' is not allowed; did you mean 'noise'?",
        ),
        (
            {"grids.0.controls": ["noise"], "figures.hits.on": {"architecture": "mlpp"}},
            "figures.hits.on.architecture: 'mlpp' is not part of the study; did you mean 'mlp'?",
        ),
        (
            {**CONTROLS, **claim(statistic="difference", against="noise", on={"embedding": "raw", "state": "untrained"})},
            "claims.so.on: untrained networks have the weights of their control noise, so that no score differs; choose other",
        ),
        (
            {"figures.hits.controls": ["untrained"]},
            "figures.hits.controls: no grid has the control untrained; add it to the `controls` of a grid",
        ),
        (
            {"grids": [{"controls": ["noise"]}, {"architectures": ["mlp_noise"], "seeds": [5]}]},
            "grids[1].architectures: mlp_noise is a control of mlp; write `architectures: [mlp], controls: [noise]`",
        ),
        (
            {"grids.0.architectures": ["mpl"], "grids.0.controls": ["noise"], "figures.hits.on": {"control": "noise"}},
            "grids[0].architectures: 'mpl' is not defined; did you mean 'mlp'?",
        ),
        (
            {"grids.0.controls": ["noise"], "figures.hits.controls": ["noise"], "figures.hits.on": {"control": "none"}},
            "figures.hits.on.control leaves out what stands under figures.hits.controls; remove one of them",
        ),
        (
            {"architectures": GONE, "grids": [{"controls": ["noise"]}]},
            "grids[0].controls are variants of architectures, and the study names none; name them",
        ),
    ],
)
def test_a_control_that_cannot_be_is_refused(changes, message):
    assert any(told.startswith(message) for told in mistakes_of(changes))


def test_a_figure_by_control_has_the_networks_and_all_controls():
    study = study_of(CONTROLS, {"figures.by": {"kind": "score_by_option", "x": "control", "score": "neighborhood_hit"}})
    options = json.loads(Jobs(study).params.figure(SimpleNamespace(figure="by")))["options"]
    assert options["named_options"]["control"]["listed"] == ["none", *ALL]
    assert {*options["alike"]["architecture"].values()} == {"mlp"}


def test_a_grid_that_stands_in_two_places_keeps_its_controls():
    grid = {"architectures": ["mlp"], "controls": ["noise"]}
    study = changed({})
    study["grids"] = [grid, grid]
    assert {run.architecture for run in build_study(study, Path()).runs} == {"mlp", "mlp_noise"}
