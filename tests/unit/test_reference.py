"""The schema and the pages that are made from what the modules declare are in step with them."""

from pathlib import Path

import pytest

from layerscope.files.sources import modules
from layerscope.jobs.params import NEEDS
from layerscope.jobs.reads import FILES
from layerscope.reference import pages
from layerscope.store.reads import KINDS_OF_FILES
from layerscope.study.declarations import FACTS, FUNCTIONS, TOLD, mistakes_of
from layerscope.study.kinds import BLOCKS, Kinds

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", pages())
def test_made_pages_are_in_step(name: str):
    assert (PROJECT / name).read_text(encoding="utf-8") == pages()[name], f"{name} is out of step: run `make docs`"


@pytest.mark.parametrize("block", BLOCKS)
def test_the_modules_of_the_package_declare_what_they_may(block: str):
    package = BLOCKS[block].package
    assert [told for module in modules(package) for told in mistakes_of(block, f"layerscope.{package}.{module}")] == []


def test_every_fact_says_what_it_is():
    for block, facts in FACTS.items():
        assert all(facts[fact]["description"].endswith(".") for fact in facts), block


def test_what_kinds_are_told_and_read_is_what_jobs_tell_and_find():
    assert set(NEEDS) == set(TOLD)
    assert tuple(FILES) == KINDS_OF_FILES


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_the_page_on_kinds_names_the_function_of_each(function: str):
    assert f"`{function}`" in (PROJECT / "docs/adding-a-kind.md").read_text(encoding="utf-8") or not function


@pytest.mark.parametrize("block", BLOCKS)
def test_every_kind_and_every_option_says_what_it_is(block: str):
    for kind in Kinds().of(block).values():
        assert kind.says("description") or kind.says("definition"), kind.name
        for name, option in kind.options.items():
            known = {"$ref", "enum"} & option.keys() or option.get("description") or option.get("type") in ("array", "object")
            assert known or {"minimum", "exclusiveMinimum"} & option.keys(), f"{kind.name}.{name} has no description"
