"""Units of claims, before anything is trained: which networks count as one, and where they are too few."""

import re

import pytest
from test_mistakes import SMALL, changed

from layerscope.errors import StudyError
from layerscope.study.load import build_study, load_study

CLAIM = SMALL["claims"]["training_helps"]


def study(tmp_path, seeds=4, **claim):
    return build_study(changed({"seeds": seeds, "claims": {"helps": {**CLAIM, **claim}}}), tmp_path)


def test_networks_that_differ_in_their_seed_alone_are_units(tmp_path):
    assert not [note for note in study(tmp_path).notes if "undecided" in note]
    said = "claims.helps will be undecided: its networks are 2 independent units, and three or more decide"
    assert said in study(tmp_path, seeds=2).notes


def test_activations_that_vary_are_the_units(tmp_path):
    grids = [{"datasets": ["digits"], "architectures": ["mlp"], "activations": ["relu", "tanh"]}]
    found = build_study(changed({"seeds": 5, "grids": grids, "figures": {}}), tmp_path)
    said = "claims.training_helps will be undecided: its networks are 2 independent units (activation), and three or more decide"
    assert said in found.notes


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            {"between": {"seed": [0, 1]}, "cluster": ["seed"]},
            "claims.helps.cluster: seed is what the claim compares, and tells no units apart; remove it",
        ),
        ({"cluster": ["dataset"]}, "claims.helps.cluster: dataset makes 1 independent unit of its networks, and fewer than 3"),
        ({"cluster": ["sed"]}, "claims.helps.cluster[0]: 'sed' is not allowed; did you mean 'seed'?"),
        ({"family": ""}, "claims.helps.family"),
        ({"filters": "living"}, "claims.helps.filters changes nothing: `on` chooses no single filters that have the score"),
    ],
)
def test_units_that_make_no_sense_are_refused(tmp_path, claim, said):
    with pytest.raises(StudyError, match=re.escape(said)):
        study(tmp_path, **claim)


ONE_SPACE = """
study: one
seeds: 3
datasets: {digits: {source: sklearn, test: 120}}
architectures: {mlp: {family: mlp, hidden: [4]}}
grids: [{}]
training: {default: {epochs: 1}}
samples: {look: {split: test, choose: first, n: 60}, other: {split: train, choose: first, n: 60}}
embeddings: {tsne: {method: tsne}}
scores: {nc1: {on: {sample: look}}}
claims:
  collapses: {text: It does., statistic: difference, score: nc1, between: {state: [trained, untrained]}, expect: negative}
"""


def test_a_score_of_one_space_and_one_sample_needs_no_name_of_either(tmp_path):
    """NC1 is of layers themselves, and its own `on` names the sample."""
    file = tmp_path / "study.yaml"
    file.write_text(ONE_SPACE)
    assert "collapses" in load_study(file, {}).claims
    file.write_text(ONE_SPACE.replace("{on: {sample: look}}", "{}"))
    with pytest.raises(StudyError, match=r"claims\.collapses\.on\.sample is missing"):
        load_study(file, {})
