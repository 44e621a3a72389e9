"""Take in what packed jobs of a study made elsewhere, so that Snakemake takes it for its own."""

import contextlib
import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from layerscope.elsewhere.pack import RULES
from layerscope.elsewhere.plan import PlannedJob, code_digest, planned_jobs
from layerscope.elsewhere.run_packed import MADE
from layerscope.errors import StudyError
from layerscope.files.seals import file_digest, seal_of
from layerscope.files.whole import replacing
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.snakemake_command import snakemake_command
from layerscope.study.file import config_options
from layerscope.study.load import load_study

PART = re.compile(r"[.](\d{3})$")


def unpack(study_file: str, overrides: Mapping[str, str], files: Sequence[str]) -> int:
    """Put what packed jobs made where Snakemake expects it. Returns 0 if all of it was taken, else 1.

    A job's files are taken if Snakemake would run it now by the very command, with the same code, on the same inputs, and if they
    are what was written; the state of a training that has begun, if it would go on from it. Raises StudyError for files that are
    no such archive, or not all of its parts.
    """
    jobs = Jobs(load_study(study_file, dict(overrides)))
    jobs.check()
    planned = {job.command: job for job in planned_jobs(study_file, overrides, jobs, RULES)}
    taken: list[str] = []
    begun, left = 0, []
    for name, archive in _archives(files):
        with archive:
            made = _made(name, archive, jobs.study.name)
            for told in [*made["jobs"], *made["begun"]]:
                job = planned.get(told["command"])
                reason = _reason_to_leave(job, told, archive)
                if job is None or reason:
                    left.append(f"{told['message']}: left, since {reason}")
                    continue
                _take(told["made"], job, archive)
                begun += "read" not in told
                taken += job.outputs if "read" in told else ()
    if taken:
        _record(study_file, overrides, taken)
    for line in left:
        print(line)
    if begun:
        one = begun == 1
        print(f"{jobs.study.name}: {begun} training{' goes' if one else 's go'} on after the last epoch that was done elsewhere")
    print(f"{jobs.study.name}: {len(taken)} files taken, {len(left) or 'no'} job{'' if len(left) == 1 else 's'} left")
    return 1 if left else 0


def _archives(files: Sequence[str]) -> Iterator[tuple[str, zipfile.ZipFile]]:
    """(name, archive) of each that the files are, or are the parts of: NAME.001, NAME.002, ..."""
    whole: dict[str, list[str]] = {}
    for name in sorted(files):
        whole.setdefault(PART.sub("", name), []).append(name)
    for name, parts in whole.items():
        numbers = [int(found[1]) for part in parts if (found := PART.search(part))]
        if numbers and numbers != [*range(1, len(parts) + 1)]:
            raise StudyError(f"{name}: of its parts only {', '.join(parts)} are named; name all of them")
        try:
            source = io.BytesIO(b"".join(Path(part).read_bytes() for part in parts)) if numbers else name
            yield name, zipfile.ZipFile(source)
        except FileNotFoundError as error:
            raise StudyError(f"there is no {error.filename}; name what `python ARCHIVE` wrote") from None
        except zipfile.BadZipFile:
            raise StudyError(f"{name} is no archive of made files, or its last parts are missing; name all of them") from None


def _made(name: str, archive: zipfile.ZipFile, study: str) -> dict:
    try:
        told = json.loads(archive.read(MADE))
    except KeyError:
        raise StudyError(f"{name} was not written by packed jobs; name what `python ARCHIVE` wrote") from None
    if told["study"] != study:
        raise StudyError(f"{name} is of the study {told['study']}, and not of {study}")
    return told


def _reason_to_leave(job: PlannedJob | None, told: dict, archive: zipfile.ZipFile) -> str:
    """Why the files of a job are not taken; "" where they are."""
    if job is None:
        return "Snakemake would not run this job now: it is done, or its settings have changed"
    if told["code"] != code_digest(job):
        return "its code has changed"
    if "read" in told:
        if missing := [name for name in job.inputs if not Path(name).is_file()]:
            return f"{missing[0]}, which it read, is not here"
        if changed := [name for name in job.inputs if file_digest(name) != told["read"].get(name)]:
            return f"it read another {changed[0]}"
        strangers = {*told["made"]} ^ {*job.outputs}
    else:
        strangers = {name for name in told["made"] if str(Path(name).parent) != job.unfinished}
    if strangers:
        return f"{min(strangers)} is no file of it"
    if damaged := [name for name, digest in told["made"].items() if _digest(archive, name) != digest]:
        return f"{damaged[0]} is not what was written"
    return ""


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    """The SHA-256 of a file of an archive; "" where it is damaged or not there."""
    try:
        with archive.open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except (KeyError, zipfile.BadZipFile):
        return ""


def _take(made: Collection[str], job: PlannedJob, archive: zipfile.ZipFile) -> None:
    """Write files of a job, their seals before them, and its log."""
    for name in (*made, job.log):
        for target in (str(seal_of(name)), name):
            with contextlib.suppress(KeyError):
                content = archive.getinfo(target)
                with replacing(target) as temporary, archive.open(content) as source, open(temporary, "wb") as copy:
                    shutil.copyfileobj(source, copy)


def _record(study_file: str, overrides: Mapping[str, str], files: list[str]) -> None:
    """Let Snakemake note of which settings and code the files are."""
    options = [*config_options(overrides), "--touch", "--force", "--cores", "1", *files]
    done = subprocess.run(snakemake_command(study_file, *options), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise StudyError(
            f"the files are here, but Snakemake did not take them for its own ({last}); run snakemake --touch --cores 1 with "
            "this study"
        )
