import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from checkout import HALF_WRITTEN, copy_project, made_once, snakemake_in_terminal


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory) -> Path:
    """A copy of the project in which the tiny study is finished, and in `finished` what a terminal was sent meanwhile.

    Made once, shared by all test processes: do not change it.
    """

    def make(folder: Path) -> str:
        copy_project(folder)
        done = snakemake_in_terminal(folder, "--cores", "2")
        assert done.returncode == 0, done.stdout
        return done.stdout

    return made_once(tmp_path_factory, "finished_study", make)


@pytest.fixture
def study_copy(finished_study: Path, tmp_path: Path) -> Path:
    """A finished tiny study of one's own, to be edited."""
    return Path(shutil.copytree(finished_study, tmp_path / "study", ignore=HALF_WRITTEN))
