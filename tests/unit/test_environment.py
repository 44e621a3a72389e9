"""The two descriptions of the environment name the same packages in the same versions."""

import os
import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ENVIRONMENTS = Path(__file__).parents[2] / "envs"


def requirements() -> list[str]:
    lines = (ENVIRONMENTS / "requirements.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def test_every_package_is_pinned():
    assert [line for line in requirements() if not re.match(r"^[A-Za-z0-9_.-]+==[^ ]+( --config-settings=.*)?$", line)] == []


def test_the_conda_environment_has_the_same_packages():
    dependencies = yaml.safe_load((ENVIRONMENTS / "study.yaml").read_text())["dependencies"]
    [pip] = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    assert pip == requirements()


def test_what_is_installed_is_what_is_pinned():
    pinned = dict(line.split(" ")[0].split("==") for line in requirements())
    installed = {
        name: metadata.version(name).split("+")[0] for name in ("torch", "torchvision", "snakemake", "umap-learn", "openTSNE")
    }
    assert installed == {name: pinned[name] for name in installed}


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_run_on_one_worker(request):
    """pytest-xdist tells the group by the end of a test's id, which pytest 9.2 keeps elsewhere."""
    grouped = request.node.nodeid.endswith("@together")
    assert grouped == ("PYTEST_XDIST_WORKER" in os.environ and request.config.option.loadgroup)
