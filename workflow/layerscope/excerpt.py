"""Copy what is small of a finished study into a folder: pictures, tables, verdicts and runs, for a repository or a colleague."""

import html
import io
import shutil
from collections.abc import Mapping
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.seals import intact
from layerscope.files.whole import folder_to_write, replacing, write_text
from layerscope.jobs.jobs import Jobs
from layerscope.store.pictures import read_title, refuse_damaged
from layerscope.study.file import as_typed
from layerscope.study.load import load_study
from layerscope.study.study import Study

# Larger pictures are copied in a lower resolution, and larger other files are left out, in bytes.
LARGEST_PICTURE, LARGEST = 300_000, 1_000_000
# The tables of figures are of coordinates for the most part; those that are read are short.
LARGEST_FIGURE_TABLE = 30_000
PAGE = "pictures.md"
COPIED = (".png", ".gif", ".csv", ".md", ".parquet")


def write_excerpt(study_file: str, overrides: Mapping[str, str], into: str) -> int:
    """Copy the pictures and tables of a finished study, its claims, networks and runs, and write a page of all. Returns 0.

    overrides: the `--config` values with which the study was run. Raises StudyError, before anything is copied, where the
    study is not finished or a file of it is damaged.
    """
    jobs = Jobs(load_study(study_file, dict(overrides)))
    study = jobs.study
    pictures, tables, others = _pictures(study), _tables_of_figures(study), _others(jobs)
    _refuse(study, as_typed(study_file, overrides), Path(into), [*pictures, *tables, *others])
    target = folder_to_write(into)
    shown = [file for file in pictures if file.suffix == ".png" or file.stat().st_size <= LARGEST]
    small = [file for file in others if file.stat().st_size <= LARGEST]
    taken = {PAGE, *(file.name for file in others)}
    short = [file for file in tables if file.name not in taken and file.stat().st_size <= LARGEST_FIGURE_TABLE]
    for file in [*small, *short]:
        _copy(file, target / file.name)
    for file in shown:
        copy_picture(file, target / file.name)
    write_text(target / PAGE, _page(study, shown, small))
    print(f"{target}: {len(shown)} pictures, shown in {PAGE}; {len(small) + len(short)} other files")
    for file in [*pictures, *others]:
        if file not in [*shown, *small]:
            print(f"left out, since it is larger than {LARGEST / 1e6:.0f} MB: {file}")
    if len(short) < len(tables):
        print(f"left out, since they are long or have the name of another file: the tables of {len(tables) - len(short)} figures")
    # Whoever keeps an excerpt says in a README what it is.
    copied = {PAGE, "README.md", *(file.name for file in [*shown, *small, *short])}
    strangers = sorted(file.name for file in target.iterdir() if file.suffix in COPIED and file.name not in copied)
    if strangers:
        print(f"also there, and of something else: {', '.join(strangers)}")
    return 0


def copy_picture(source: Path, target: Path) -> None:
    """Copy a picture. A PNG of more than LARGEST_PICTURE bytes gets as many dots an inch less as make it small enough."""
    if source.suffix != ".png" or source.stat().st_size <= LARGEST_PICTURE:
        _copy(source, target)
        return
    with replacing(target) as temporary:
        temporary.write_bytes(_of_at_most(source, LARGEST_PICTURE))


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def _of_at_most(source: Path, size: int) -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_itxt("Title", read_title(source))
    with Image.open(source) as picture:
        dots = picture.info.get("dpi", (72, 72))
        whole = picture.convert("RGB")
    for percent in range(95, 0, -5):
        smaller = whole.resize([max(1, side * percent // 100) for side in whole.size], Image.Resampling.LANCZOS)
        written = io.BytesIO()
        fewer = smaller.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        fewer.save(written, format="PNG", optimize=True, dpi=tuple(side * percent / 100 for side in dots), pnginfo=about)
        if len(written.getvalue()) <= size:
            break
    return written.getvalue()


def _refuse(study: Study, typed: str, target: Path, files: list[Path]) -> None:
    missing = [file for file in files if not file.is_file()]
    if missing:
        some = ", ".join(map(str, missing[:3])) + (", ..." if len(missing) > 3 else "")
        raise StudyError(f"{len(missing)} files of the study are not there ({some}); finish it first, with --configfile {typed}")
    if "pictures" in study.tables:
        raise StudyError(f"the table pictures would have the name of the page {PAGE}; give it another name")
    if target.resolve() in {file.parent.resolve() for file in files}:
        raise StudyError(f"--into {target}: the files that are to be copied lie there; name another folder")
    for file in files:
        intact(file)
        if file.suffix in (".png", ".gif"):
            refuse_damaged(file)


def _pictures(study: Study) -> list[Path]:
    """The picture of each figure, as it is shown on a screen."""
    found = []
    for name in study.figures:
        formats = study.kind_of("figures", name).says("formats", store.FIGURE_FORMATS)
        found.append(Path(store.path(study.name, "figure", figure=name, format="png" if "png" in formats else "gif")))
    return found


def _tables_of_figures(study: Study) -> list[Path]:
    return [Path(store.path(study.name, "figure", figure=name, format="csv")) for name in study.figures]


def _others(jobs: Jobs) -> list[Path]:
    """What is judged, how networks ended and the runs, as far as the study has them, and the tables."""
    study, reads = jobs.study, jobs.reads
    of_networks = [*reads.index_networks(), *reads.explorer_runs()] if jobs.aggregates() else []
    tables = [store.path(study.name, "table", table=name, format="md") for name in study.tables]
    return [Path(file) for file in [*reads.index_claims(), *of_networks, *tables]]


def _page(study: Study, pictures: list[Path], others: list[Path]) -> str:
    """All pictures with their titles, after links to the other files, as Markdown."""
    lines = [
        f"# All pictures of {study.name}",
        "",
        "Beside them: " + ", ".join(f"[{file.name}]({file.name})" for file in others),
        "",
    ]
    for file in pictures:
        title = html.escape(read_title(file) or study.figures[file.stem]["title"] or file.stem)
        # As HTML, in which no character of a title is Markdown.
        lines += [f"## {file.stem}", "", f"<p>{title}</p>", "", f'<img src="{file.name}" alt="{title}">', ""]
    return "\n".join(lines)
