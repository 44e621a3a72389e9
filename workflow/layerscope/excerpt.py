"""Copy what is small of a finished study into a folder: pictures, tables, verdicts and runs, for a repository or a colleague."""

import html
import io
import re
import shutil
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.whole import replacing, write_text
from layerscope.jobs.jobs import Jobs
from layerscope.store.pictures import read_title
from layerscope.study.load import load_study
from layerscope.study.study import Study

# Larger pictures are copied in a lower resolution, and larger other files are left out, in bytes.
LARGEST_PICTURE, LARGEST = 300_000, 1_000_000
# The tables of figures are of coordinates for the most part; those that are read are short.
LARGEST_FIGURE_TABLE = 30_000
PAGE = "pictures.md"
TOLD = (".png", ".gif", ".csv", ".md", ".parquet")


def write_excerpt(study_file: str, into: str) -> int:
    """Copy the pictures and tables of a finished study, its claims, networks and runs, and write a page of all. Returns 0.

    Raises StudyError, before anything is copied, where the study is not finished.
    """
    study = Jobs(load_study(study_file, {})).study
    pictures, others = _pictures(study), _others(study)
    missing = [file for file in [*pictures, *_tables_of_figures(study), *others] if not file.is_file()]
    if missing:
        some = ", ".join(map(str, missing[:3])) + (", ..." if len(missing) > 3 else "")
        raise StudyError(
            f"{len(missing)} files of the study are not there ({some}); finish it first, with --configfile {study_file}"
        )
    if "pictures" in study.tables:
        raise StudyError(f"the table pictures would have the name of the page {PAGE}; give it another name in {study_file}")
    target = Path(into)
    target.mkdir(parents=True, exist_ok=True)
    small = [file for file in others if file.stat().st_size <= LARGEST]
    taken = {PAGE, *(file.name for file in others)}
    short = [file for file in _tables_of_figures(study) if file.name not in taken and file.stat().st_size <= LARGEST_FIGURE_TABLE]
    for file in [*small, *short]:
        shutil.copyfile(file, target / file.name)
    for file in pictures:
        copy_picture(file, target / file.name)
    write_text(target / PAGE, _page(study, pictures, small))
    print(f"{target}: {len(pictures)} pictures, shown in {PAGE}; {len(small) + len(short)} other files")
    for file in others:
        if file not in small:
            print(f"left out, since it is larger than {LARGEST / 1e6:.0f} MB: {file}")
    copied = {PAGE, *(file.name for file in [*pictures, *small, *short])}
    strangers = sorted(file.name for file in target.iterdir() if file.suffix in TOLD and file.name not in copied)
    if strangers:
        print(f"also there, and of something else: {', '.join(strangers)}")
    return 0


def copy_picture(source: Path, target: Path) -> None:
    """Copy a picture. A PNG of more than LARGEST_PICTURE bytes gets as many dots an inch less as make it small enough."""
    if source.suffix != ".png" or source.stat().st_size <= LARGEST_PICTURE:
        shutil.copyfile(source, target)
        return
    with replacing(target) as temporary:
        temporary.write_bytes(_of_at_most(source, LARGEST_PICTURE))


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


def _pictures(study: Study) -> list[Path]:
    """The picture of each figure, as it is shown on a screen."""
    found = []
    for name in study.figures:
        formats = study.kind_of("figures", name).says("formats", store.FIGURE_FORMATS)
        found.append(Path(store.path(study.name, "figure", figure=name, format="png" if "png" in formats else "gif")))
    return found


def _tables_of_figures(study: Study) -> list[Path]:
    return [Path(store.path(study.name, "figure", figure=name, format="csv")) for name in study.figures]


def _others(study: Study) -> list[Path]:
    """What is judged, how networks ended, the runs, and the tables."""
    wanted = [*(["claims"] if study.claims else []), "networks", "runs"]
    tables = [store.path(study.name, "table", table=name, format="md") for name in study.tables]
    return [Path(file) for file in [*(store.path(study.name, name) for name in wanted), *tables]]


def _page(study: Study, pictures: list[Path], others: list[Path]) -> str:
    """All pictures with their titles, after links to the other files, as Markdown."""
    lines = [
        f"# All pictures of {study.name}",
        "",
        "Beside them: " + ", ".join(f"[{file.name}]({file.name})" for file in others),
        "",
    ]
    for file in pictures:
        title = read_title(file)
        lines += [f"## {file.stem}", "", _plain(title), "", f'<img src="{file.name}" alt="{html.escape(title)}">', ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)
