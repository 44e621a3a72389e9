"""The command `layerscope excerpt`: a folder with all pictures of a study, small enough for a repository."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from checkout import TINY
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from layerscope.errors import StudyError
from layerscope.excerpt import LARGEST_PICTURE, copy_picture, write_excerpt
from layerscope.store.pictures import read_title

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]


def test_all_pictures_and_tables_are_there_and_on_one_page(finished_study: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(finished_study)
    assert write_excerpt(TINY, {}, str(tmp_path / "kept")) == 0
    kept = {file.name: file for file in (tmp_path / "kept").iterdir()}
    study = yaml.safe_load(Path(TINY).read_text())
    films = {name for name, figure in study["figures"].items() if figure["kind"] == "embedding_film"}
    pictures = {f"{name}.{'gif' if name in films else 'png'}" for name in study["figures"]}
    assert pictures < {*kept}
    assert {f"{name}.md" for name in study["tables"]} < {*kept}
    results = finished_study / "results/tiny"
    for name in ("claims.csv", "networks.csv", "runs.parquet"):
        assert kept[name].read_bytes() == (results / name).read_bytes()
    page = kept["pictures.md"].read_text()
    assert {*re.findall('<img src="([^"]*)"', page)} == pictures
    assert {*re.findall(r"\]\(([^)]*)\)", page)} < {*kept}
    title = read_title(results / "figures/hit.png")
    assert title
    assert f'alt="{title}"' in page


def test_what_is_in_the_folder_and_of_something_else_is_told(finished_study: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(finished_study)
    (tmp_path / "old.png").write_bytes(b"")
    (tmp_path / "README.md").write_text("Mine.")
    write_excerpt(TINY, {}, str(tmp_path))
    assert "also there, and of something else: old.png\n" in capsys.readouterr().out
    assert (tmp_path / "README.md").read_text() == "Mine."


def test_an_unfinished_study_is_refused_before_anything_is_copied(study_copy: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(study_copy)
    Path("results/tiny/figures/hit.png").unlink()
    with pytest.raises(StudyError, match=r"1 files of the study are not there \(results/tiny/figures/hit.png\); finish it first"):
        write_excerpt(TINY, {}, str(tmp_path / "kept"))
    with pytest.raises(StudyError, match=rf"with --configfile {TINY} --config seeds=1$"):
        write_excerpt(TINY, {"seeds": "1"}, str(tmp_path / "kept"))
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("name", ["runs.parquet", "figures/hit.png"])
def test_a_damaged_file_is_refused_before_anything_is_copied(study_copy: Path, tmp_path: Path, monkeypatch, name: str):
    monkeypatch.chdir(study_copy)
    file = Path("results/tiny", name)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(StudyError, match=f"{file} "):
        write_excerpt(TINY, {}, str(tmp_path / "kept"))
    assert not (tmp_path / "kept").exists()


def test_the_folder_of_the_results_and_a_file_are_refused(finished_study: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(finished_study)
    with pytest.raises(StudyError, match="--into results/tiny: the files that are to be copied lie there"):
        write_excerpt(TINY, {}, "results/tiny")
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="file is a file; name a folder"):
        write_excerpt(TINY, {}, str(tmp_path / "file"))
    with pytest.raises(StudyError, match=r"below cannot be written \(Not a directory\): a file stands where a folder is wanted"):
        write_excerpt(TINY, {}, str(tmp_path / "file/below"))


def test_a_study_without_scores_has_pictures_alone(study_copy: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(study_copy)
    Path("less.yaml").write_text(
        "{study: tiny, datasets: {digits: {source: sklearn, test: 120}}, architectures: {mlp: {family: mlp, hidden: [6]}},"
        " figures: {grid: {kind: dataset_strip}}, tables: none, scores: none, embeddings: none}"
    )
    write_excerpt("less.yaml", {}, str(tmp_path / "kept"))
    assert {file.name for file in (tmp_path / "kept").iterdir()} - {"grid.csv"} == {"grid.png", "pictures.md"}


def test_a_large_picture_gets_fewer_dots_an_inch_and_keeps_its_title_and_size_in_print(tmp_path: Path):
    about = PngInfo()
    about.add_itxt("Title", "قط")
    noise = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", dpi=(300, 300), pnginfo=about)
    assert (tmp_path / "large.png").stat().st_size > LARGEST_PICTURE
    copy_picture(tmp_path / "large.png", tmp_path / "small.png")
    assert 0.5 * LARGEST_PICTURE < (tmp_path / "small.png").stat().st_size <= LARGEST_PICTURE
    assert read_title(tmp_path / "small.png") == "قط"
    with Image.open(tmp_path / "small.png") as small:
        assert [side / dots for side, dots in zip(small.size, small.info["dpi"], strict=True)] == pytest.approx([4, 3], rel=0.01)
