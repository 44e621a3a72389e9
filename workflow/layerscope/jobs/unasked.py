"""Files in the results of a study that it asks for no longer: of seeds, figures, scores and so on that were taken out of it.

Only files that jobs of layerscope have written are among them: they have the name of an output, log or measurement of a job, and
there is their SHA-256 or the log of that job. A person's own files are never among them.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from layerscope import store
from layerscope.files.seals import seal_of
from layerscope.jobs.every_job import files_of_jobs
from layerscope.jobs.jobs import Jobs

# More places than this that differ in the network alone are told in one line.
TOLD_ONE_BY_ONE = 5


@dataclass(frozen=True)
class Unasked:
    """A file that no job of the study writes or reads any more.

    of: the outputs that it is about: itself, the one beside which a seal or unfinished work lies, or all of the job of a log.
    is_log: whether it is the log or the measurements of a job.
    """

    path: Path
    size: int
    of: tuple[Path, ...]
    is_log: bool


def unasked_files(jobs: Jobs) -> list[Unasked]:
    """The files of a study that it asks for no longer, sorted by path."""
    study = jobs.study.name
    asked = {file for job in files_of_jobs(jobs) for file in (*job.outputs, job.log, job.benchmark)}
    # A network may begin with the weights of one that the study no longer trains.
    read = {Path(file).resolve() for file in jobs.reads.own_inputs()}
    root = Path(store.study_folder(study))
    found = []
    for path in _files_below(root):
        target = root / store.accompanied(path.relative_to(root))
        if str(target) in asked or target.resolve() in read:
            continue
        jobs_behind = store.jobs_of_file(study, target)
        logged = [job for job in jobs_behind if str(target) in (job.log, job.benchmark)]
        written = path != target or seal_of(target).exists() or any(Path(job.log).exists() for job in jobs_behind)
        if logged or (jobs_behind and written):
            of = tuple(map(Path, logged[0].outputs)) if logged else (target,)
            found.append(Unasked(path, path.lstat().st_size, of, bool(logged)))
    return sorted(found, key=lambda one: one.path)


def _files_below(root: Path) -> Iterator[Path]:
    for where, _, names in os.walk(root):
        yield from (Path(where, name) for name in names)


def linked_folders(jobs: Jobs) -> list[Path]:
    """The folders in the results of a study that are links: other studies may use what they lead to."""
    walked = os.walk(store.study_folder(jobs.study.name))
    return sorted(Path(where, name) for where, folders, _ in walked for name in folders if Path(where, name).is_symlink())


def unasked_lines(jobs: Jobs, files: Iterable[Unasked]) -> list[str]:
    """One line for each place with such files, with their number and size.

    A folder in which the study asks for nothing is one place, with the logs about it; so are the formats of a figure.
    """
    outputs = [Path(file) for job in files_of_jobs(jobs) for file in job.outputs]
    folders = {folder for file in outputs for folder in file.parents}
    stems = {file.with_suffix("") for file in outputs}
    places: dict[Path, list[Unasked]] = {}
    for file in files:
        about = file.of[0]
        place = next((folder for folder in reversed(about.parents) if folder not in folders), about.with_suffix(""))
        places.setdefault(about if place in stems else place, []).append(file)
    told = _alike_networks(jobs, {_shown(place, its): its for place, its in places.items()})
    return [f"{_logs_of(told[place])}{place}: {counted(told[place])}" for place in sorted(told)]


def _shown(place: Path, files: list[Unasked]) -> Path:
    """A folder, or a file of which another format is asked for, as it is; a file with its suffix, or with .* for several."""
    outputs = {output for file in files for output in file.of}
    if any(place in (output, *output.parents) for output in outputs):
        return place
    return next(iter(outputs)) if len(outputs) == 1 else place.with_suffix(".*")


def _logs_of(files: list[Unasked]) -> str:
    return "logs of " if all(file.is_log for file in files) else ""


def _alike_networks(jobs: Jobs, places: dict[Path, list[Unasked]]) -> dict[Path, list[Unasked]]:
    """The places, with one instead of many that differ only in the dataset, the architecture, the activation or the seed."""
    root = Path(store.study_folder(jobs.study.name))
    alike: dict[tuple[str, ...], list[Path]] = {}
    for place in places:
        alike.setdefault(store.beside_network(place.relative_to(root)), []).append(place)
    told: dict[Path, list[Unasked]] = {}
    for many in alike.values():
        if len(many) <= TOLD_ONE_BY_ONE:
            told |= {place: places[place] for place in many}
            continue
        parts = [names[0] if len({*names}) == 1 else "*" for names in zip(*(place.parts for place in many), strict=True)]
        told[Path(*parts)] = [file for place in many for file in places[place]]
    return told


def counted(files: Iterable[Unasked]) -> str:
    """How many files there are, and their size: `3 files, 1.2 MB`."""
    sizes = [file.size for file in files]
    return f"{len(sizes)} file{'' if len(sizes) == 1 else 's'}, {_size(sum(sizes))}"


def _size(size: float) -> str:
    units = iter(("kB", "MB", "GB", "TB"))
    unit = "bytes"
    while size >= 1000 and unit != "TB":
        size, unit = size / 1000, next(units)
    return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
