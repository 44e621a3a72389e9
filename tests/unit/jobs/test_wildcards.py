"""What the wildcards of the rules admit: the names of the study, in an expression that does not grow with the grid."""

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.jobs.jobs import Jobs
from layerscope.jobs.wildcards import products
from layerscope.study.load import build_study

PLACES = (["a", "b", "ab"], ["m", "n"], [0, 1, 10])
TUPLES = list(product(*PLACES))


def jobs_of(*grids: dict) -> Jobs:
    """The jobs of a study that has these grids."""
    content = {
        "study": "names",
        "seeds": 12,
        "datasets": {"digits": {"source": "sklearn", "test": 360}, "few": {"from": "digits", "classes": ["0", "1"]}},
        "architectures": {name: {"family": "mlp", "hidden": [4]} for name in ("mlp", "mlp2", "other")},
        "grids": list(grids),
        "training": {"default": {}},
    }
    return Jobs(build_study(content, Path()))


@given(st.lists(st.sampled_from(TUPLES), unique=True))
def test_blocks_hold_each_tuple_once_and_no_other(tuples: list[tuple]):
    blocks = products(tuples)
    found = [values for block in blocks for values in product(*block)]
    assert sorted(found) == sorted(tuples)


def test_a_whole_product_is_one_block():
    assert products(TUPLES) == [tuple(map(tuple, PLACES))]
    assert products([]) == []


def test_wildcards_admit_the_networks_of_the_study_and_no_others():
    jobs = jobs_of(
        {"datasets": ["digits", "few"], "architectures": ["mlp"], "activations": ["relu", "tanh"]},
        {"datasets": ["few"], "architectures": ["mlp2"], "activations": ["relu"], "seeds": [3, 100]},
    )
    admitted = jobs.constraints()
    of_networks = {
        f"runs/{dataset}/{architecture}/{activation}/seed{seed}"
        for dataset in ("digits", "few", "fe")
        for architecture in ("mlp", "mlp2", "other")
        for activation in ("relu", "tanh", "elu")
        for seed in range(120)
    }
    assert {name for name in of_networks if re.fullmatch(admitted["run"], name)} == set(jobs.views.runs)
    sources = {*of_networks, "inputs/digits", "inputs/few", "inputs/fe"}
    assert {name for name in sources if re.fullmatch(admitted["source"], name)} == {*jobs.views.runs, *jobs.views.inputs}


@pytest.mark.parametrize("seeds", [1, 60])
def test_the_expression_names_each_seed_once(seeds: int):
    grid = {"datasets": ["digits", "few"], "architectures": ["mlp", "mlp2"], "activations": ["relu", "tanh"], "seeds": seeds}
    assert len(jobs_of(grid).constraints()["run"]) < 60 + 4 * seeds
