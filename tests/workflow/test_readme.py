"""The README's worked examples run as they stand there, one after the other, on the tiny study instead of the default one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import PROJECT

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

SMALLER = {"results/digits": "results/tiny", "mnist5k/mlp": "digits/mlp", "all_test": "some"}


def test_the_notebook_examples_run(finished_study: Path):
    example = "\n".join(re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(), flags=re.DOTALL))
    example += "\nprint('embedded', points.shape)"
    for said, meant in SMALLER.items():
        assert said in example
        example = example.replace(said, meant)
    environment = {**os.environ, "PYTHONPATH": str(finished_study / "workflow")}
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=finished_study, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hidden2 (100, 8)" in done.stdout
    assert "hidden2 (100, 2)" in done.stdout
    assert "embedded (100, 2)" in done.stdout
    assert "mean over hidden layers 0." in done.stdout


def test_every_link_and_folder_that_the_readme_names_is_there():
    text = (PROJECT / "README.md").read_text()
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []
