"""What numba compiles is kept once for all checkouts, and compiled anew where anything that it is made of has changed."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WORKFLOW = Path(__file__).parents[3] / "workflow"
KERNEL = """
from numba import njit
from layerscope.constants import FACTOR

@njit(cache=True)
def _scaled(x):
    return FACTOR * x

@njit(cache=True)
def double(x):
    return _scaled(x)
"""


def run(program: str, workflow: Path, cache: Path) -> str:
    """What a process prints whose user keeps caches in a folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    environment |= {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(workflow)}
    command = [sys.executable, "-c", f"import layerscope.commandline; {program}"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def checkout(folder: Path, factor: int) -> Path:
    """A copy of the package with one kernel, and a constant of another module that it takes in."""
    package = folder / "layerscope"
    package.mkdir(parents=True)
    for entry in (WORKFLOW / "layerscope").iterdir():
        if entry.name != "__pycache__":
            (package / entry.name).symlink_to(entry)
    (package / "files").unlink()
    (package / "files").mkdir()
    for entry in (WORKFLOW / "layerscope" / "files").glob("*.py"):
        (package / "files" / entry.name).write_text(entry.read_text())
    (package / "constants.py").write_text(f"FACTOR = {factor}")
    (package / "kernel.py").write_text(KERNEL)
    return folder


def test_checkouts_share_what_is_compiled_but_not_where_a_constant_differs(tmp_path):
    program = (
        "from layerscope.kernel import double; print(double(5), end=' ');"
        "print(sum(double.stats.cache_hits.values()), sum(double.stats.cache_misses.values()))"
    )
    found = [
        run(program, checkout(tmp_path / name, factor), tmp_path / "cache")
        for name, factor in (("first", 2), ("copy", 2), ("edited", 3))
    ]
    assert found == ["10 0 1", "10 1 0", "15 0 1"]
    kept = sorted(file.name.split("-")[0] for file in (tmp_path / "cache").rglob("*.nbi"))
    assert kept == ["kernel._scaled"] * 2 + ["kernel.double"] * 2
    assert not [*tmp_path.glob("*/layerscope/__pycache__/*.nb?")]


def test_what_is_compiled_of_umap_is_kept_beside_no_source_of_it(tmp_path):
    """One small function of umap-learn is compiled in a process whose user has an empty cache folder."""
    package = Path(find_spec("umap").origin).parent
    before = set(package.rglob("*.nb?"))
    program = (
        "import numpy as np, umap.utils; from layerscope.embedding.umap import _keep_compiled; _keep_compiled();"
        "umap.utils.norm(np.ones(3))"
    )
    run(program, WORKFLOW, tmp_path)
    assert set(package.rglob("*.nb?")) == before
    assert "utils.norm" in {file.name.split("-")[0] for file in tmp_path.rglob("*.nbi")}


def test_numbas_own_settings_are_left_alone(tmp_path):
    program = "import os; print(os.environ.get('NUMBA_CACHE_LOCATOR_CLASSES'))"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(WORKFLOW)}
    environment.pop("NUMBA_CACHE_LOCATOR_CLASSES", None)
    command = [sys.executable, "-c", f"import layerscope.commandline; {program}"]
    assert subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip() == "None"
