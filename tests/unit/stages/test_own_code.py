"""What is wrong in a person's own kind is said of that file, and never called a fault of layerscope."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from layerscope.errors import StudyError
from layerscope.scoring.shared.asking import scores_of
from layerscope.scoring.shared.score_input import Representation, ScoreInput
from layerscope.similarity.shared.measures import compare_by, prepared

PROJECT = Path(__file__).parents[3]
POINTS = np.arange(20, dtype=np.float32).reshape(10, 2)

MEASURE = """
MEASURES = {"boom": {"label": "boom", "range": (0, 1), "definition": "none", "reference": "none", "unchanged_by": "none"}}


def prepare(points):
    return points


def compare(first, second, measures):
    return RETURNED
"""
METRIC = """
from layerscope.scoring.shared.score_input import Score

METRICS = {"bang": {}}


def score(scored, asked):
    return RETURNED
"""


def own(folder: Path, name: str, text: str, returned: str) -> str:
    file = folder / f"{name}.py"
    file.write_text(text.replace("RETURNED", returned))
    return str(file)


@pytest.fixture(autouse=True)
def forgotten():
    yield
    for name in [name for name in sys.modules if name.startswith("own_")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("{'bang': 1.0}", "compare gave 'nothing' for boom; return {'boom': a number}"),
        ("{'boom': None}", "compare gave None for boom; return {'boom': a number}"),
        ("0.5", "compare gave 0.5 for boom; return {'boom': a number}"),
    ],
)
def test_a_measure_without_a_value_names_its_file(tmp_path, returned, said):
    code = {"similarity.mine": own(tmp_path, "mine", MEASURE, returned)}
    one = prepared(POINTS, ["boom"], code)
    with pytest.raises(StudyError) as error:
        compare_by(one, one, ["boom"], code)
    assert str(error.value) == f"{tmp_path}/mine.py: {said}"


def test_a_number_of_numpy_is_a_number(tmp_path):
    code = {"similarity.mine": own(tmp_path, "mine", MEASURE, "{'boom': (first * second).mean()}")}
    one = prepared(POINTS, ["boom"], code)
    assert compare_by(one, one, ["boom"], code) == {"boom": pytest.approx(np.square(POINTS).mean())}


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("{'bang': 0.5}", "score gave {'bang': 0.5}; return a Score for each of bang, by name"),
        ("{'other': Score(0.5)}", "; return a Score for each of bang, by name"),
        ("None", "score gave None; return a Score for each of bang, by name"),
        ("{}", "score gave none for bang; return a Score for each of bang, by name"),
    ],
)
def test_a_metric_without_scores_names_its_file(tmp_path, returned, said):
    code = {"scoring.mine": own(tmp_path, "mine", METRIC, returned)}
    scored = ScoreInput(Representation(POINTS, np.arange(10) % 2), POINTS, "raw")
    with pytest.raises(StudyError) as error:
        scores_of("mine", code, scored, {"bang": ("bang", {})}, all_of_them=True)
    assert str(error.value).startswith(f"{tmp_path}/mine.py: score gave")
    assert str(error.value).endswith(said)


def test_an_exception_of_own_code_names_file_and_line(tmp_path):
    """The last place of the own code, also where the exception comes out of a library that it calls."""
    own(tmp_path, "mine", "import numpy\n\n\ndef main(_):\n    numpy.linalg.inv(numpy.zeros((2, 2)))\n", "")
    script = (
        f"import sys; sys.argv = ['stage', '--params', '{{}}']; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from layerscope.commandline import run_stage, stage_parser\nimport mine\nrun_stage(mine.main, stage_parser(''))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"layerscope stage: {tmp_path}/mine.py, line 5: LinAlgError: Singular matrix; mend it there")
    assert "Traceback" in done.stderr


def test_an_exception_of_the_package_is_a_fault_of_layerscope():
    script = (
        "import sys; sys.argv = ['stage', '--params', '{}']\nfrom layerscope.commandline import run_stage, stage_parser\n"
        "from layerscope.geometry.dimension import variances\nrun_stage(variances, stage_parser(''))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("layerscope stage: a fault in layerscope (AttributeError: ")
