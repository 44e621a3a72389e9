"""The schema and the pages that are made from what the modules declare are in step with them."""

from pathlib import Path

import pytest

from layerscope.reference import pages
from layerscope.study.kinds import BLOCKS, Kinds
from layerscope.study.schema import entry_schema

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", pages())
def test_made_pages_are_in_step(name: str):
    assert (PROJECT / name).read_text(encoding="utf-8") == pages()[name], f"{name} is out of step: run `make docs`"


FACTS = {
    "datasets": {"description", "also_called", "given", "sizes", "finds_sizes", "own_files", "required", "options"},
    "architectures": {
        "description",
        "also_called",
        "given",
        "reconstructs",
        "layers",
        "own_code",
        "builds",
        "takes_tokens",
        "required",
        "options",
    },
    "embeddings": {
        *(
            "description",
            "method",
            "engine",
            "default",
            "reads",
            "neighbors",
            "needs_points",
            "largest",
            "largest_unless",
            "cost",
        ),
        *("required", "options"),
    },
    "scores": {
        *("reads", "neighbors", "needs_points", "unit", "higher_is_better", "whole_only", "reference", "chance", "needs"),
        "options",
    },
    "figures": {
        *("description", "reads", "needs", "shows_one", "of", "formats", "scores_of", "one_space", "one_layer_where", "required"),
        *("shows_observations_of", "states", "without_input", "parts", "parts_by", "one_sample", "embeddings_with"),
        *("pairs_scores", "same_classes", "needs_points", "names_classes", "names_rows"),
        "options",
    },
    "tables": {
        *("description", "reads", "needs", "scores_of", "without", "published", "names_embeddings", "required"),
        *("states", "parts", "several_seeds"),
        "options",
    },
    "claims": {
        *("description", "takes_input", "within_network", "needs", "every_epoch_of", "pairs_scores", "one_space", "states"),
        *("required", "options"),
    },
}


@pytest.mark.parametrize("block", BLOCKS)
def test_kinds_declare_nothing_that_nobody_reads(block: str):
    for kind in Kinds().of(block).values():
        assert set(kind.declared) <= FACTS[block], kind.name


@pytest.mark.parametrize("block", BLOCKS)
def test_every_kind_and_every_option_says_what_it_is(block: str):
    for kind in Kinds().of(block).values():
        assert kind.says("description") or kind.says("reference"), kind.name
        for name, option in kind.options.items():
            known = {"$ref", "enum"} & option.keys() or option.get("description") or option.get("type") in ("array", "object")
            assert known or {"minimum", "exclusiveMinimum"} & option.keys(), f"{kind.name}.{name} has no description"


@pytest.mark.parametrize("block", BLOCKS)
def test_what_a_kind_requires_is_one_of_its_keys(block: str):
    for kind in Kinds().of(block).values():
        schema = entry_schema(kind)
        assert set(schema["required"]) <= set(schema["properties"]), kind.name
