"""The worked examples of the README and of the page on results run as they stand there, on the tiny study."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import PROJECT

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

SMALLER = {"results/digits": "results/tiny", "mnist5k": "digits", "all_test": "some"}
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{page.name}" for page in (PROJECT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", ["README.md", "docs/reading-results.md"])
def test_the_notebook_examples_run(finished_study: Path, page: str):
    example = "\n".join(re.findall(r"```python\n(.*?)```", (PROJECT / page).read_text(), flags=re.DOTALL))
    assert "results/digits" in example
    for said, meant in SMALLER.items():
        example = example.replace(said, meant)
    environment = {**os.environ, "PYTHONPATH": str(finished_study / "workflow")}
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=finished_study, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\w+ \(\d+, \d+\)", done.stdout)
    if page == "docs/reading-results.md":
        assert "hidden2 (100, 8)" in done.stdout
        assert "mean over hidden layers 0." in done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str):
    text = (PROJECT / page).read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert [link for link in links if link and not ((PROJECT / page).parent / link).exists()] == []


def test_the_readme_is_short():
    assert len((PROJECT / "README.md").read_text().splitlines()) <= 150
