"""The command `layerscope judge`: verdicts and pictures of scores from a file of runs alone."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from layerscope.errors import StudyError
from layerscope.judge import judge_runs
from layerscope.statistics.runs import stored_inputs

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

TINY = "tests/workflow/tiny.yaml"


@pytest.fixture
def runs(finished_study: Path, tmp_path: Path, monkeypatch) -> str:
    """The runs of a finished study, alone, in a copy that a test may change."""
    monkeypatch.chdir(finished_study)
    return shutil.copy(finished_study / "results/tiny/runs.parquet", tmp_path / "runs.parquet")


def test_claims_and_figures_of_scores_are_the_bytes_of_the_study(runs, finished_study, tmp_path, capsys):
    assert judge_runs(TINY, {}, [runs], str(tmp_path / "made")) == 0
    made = {file.name: file.read_bytes() for file in (tmp_path / "made").iterdir() if not file.name.startswith(".")}
    assert {"claims.csv", "hit.svg", "hit.png", "hit.csv", "separation.csv", "separation.md"} <= {*made}
    results = finished_study / "results/tiny"
    for name, content in made.items():
        [there] = [file for file in (results, results / "figures", results / "tables") if (file / name).is_file()]
        assert content == (there / name).read_bytes(), name
    said = capsys.readouterr().out
    assert "made of the runs alone: stillness, hit, separation" in said
    assert "left as they are, since they show more than runs: grid, confused" in said


def test_networks_that_the_file_lacks_are_told(runs, tmp_path, capsys):
    rows = pd.read_parquet(runs)
    rows[(rows["architecture"] != "mlp") | (rows["seed"] == 0)].to_parquet(runs)
    judge_runs(TINY, {}, [runs], str(tmp_path / "made"))
    assert f"{runs} lacks 1 of the 6 networks of the study: what follows is without them" in capsys.readouterr().out


def test_networks_that_the_command_line_leaves_out_are_told(runs, tmp_path, capsys):
    judge_runs(TINY, {"seeds": "1"}, [runs], str(tmp_path / "made"))
    assert f"{runs} has 1 networks that the study does not have: what follows is with them" in capsys.readouterr().out


def test_a_file_of_other_scores_is_refused(runs, tmp_path):
    rows = pd.read_parquet(runs)
    rows[rows["metric"] != "kl"].to_parquet(runs)
    with pytest.raises(StudyError, match=r"has no rows of the scores kl; name the runs\.parquet of this study"):
        judge_runs(TINY, {}, [runs], str(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


def test_a_file_of_another_version_is_refused(runs, tmp_path):
    pd.read_parquet(runs).drop(columns="n_degenerate").to_parquet(runs)
    with pytest.raises(
        StudyError, match=r"lacks n_degenerate: another version of layerscope wrote it, or something else; name the runs"
    ):
        judge_runs(TINY, {}, [runs], str(tmp_path / "made"))


def test_parts_of_a_study_are_judged_together(runs, finished_study, tmp_path, capsys):
    """Each part has the input of its datasets; a network may be in both."""
    rows, parts = pd.read_parquet(runs), []
    for name, chosen in (("monday", rows["seed"] == 0), ("tuesday", (rows["seed"] == 1) | (rows["architecture"] == "cnn"))):
        parts.append(str(tmp_path / f"{name}.parquet"))
        rows[chosen].to_parquet(parts[-1])
    judge_runs(TINY, {}, parts, str(tmp_path / "made"))
    assert (tmp_path / "made/claims.csv").read_bytes() == (finished_study / "results/tiny/claims.csv").read_bytes()
    assert "runs.parquet: 6 networks of 2 files" in capsys.readouterr().out


def test_parts_have_an_input_once_of_the_first_that_has_it(runs, tmp_path, capsys):
    """Its embedding may differ in the last digits where machines do."""
    rows = pd.read_parquet(runs)
    alone, seeds = rows["architecture"] == "", rows["seed"]
    first, other = (str(tmp_path / name) for name in ("first.parquet", "other.parquet"))
    rows[alone | (seeds == 0)].to_parquet(first)
    elsewhere = rows.assign(value=rows["value"].where(~alone | (rows["dataset"] != "digits"), rows["value"] + 1e-9))
    elsewhere[alone | (seeds == 1)].to_parquet(other)
    judge_runs(TINY, {}, [first, other], str(tmp_path / "made"))
    together = stored_inputs(str(tmp_path / "made/runs.parquet"), None)
    pd.testing.assert_frame_equal(together, stored_inputs(runs, None))
    said = [line for line in capsys.readouterr().out.splitlines() if "the input of" in line]
    assert said == [f"{other} has other numbers of the input of digits than the parts before it, whose numbers are taken"]


def test_parts_that_contradict_each_other_are_refused(runs, tmp_path):
    rows = pd.read_parquet(runs)
    other = str(tmp_path / "other.parquet")
    rows.assign(value=rows["value"].where(rows["architecture"] != "vgg", rows["value"] + 1)).to_parquet(other)
    with pytest.raises(StudyError, match=r"runs\.parquet and .*other\.parquet have network shapes/vgg/relu/0 with other"):
        judge_runs(TINY, {}, [runs, other], str(tmp_path / "made"))
