"""Take in what packed jobs of a study made elsewhere, so that Snakemake takes it for its own."""

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from layerscope.elsewhere.plan import Plan, PlannedJob, code_digest, plan_of, state_digests
from layerscope.elsewhere.run_packed import MADE
from layerscope.errors import StudyError, printable
from layerscope.files.seals import SEALED, file_digest
from layerscope.files.unfinished import hold, unfinished_folder
from layerscope.files.whole import PARTIAL, replacing
from layerscope.jobs.in_progress import refuse_in_progress
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.snakemake_command import ask_snakemake
from layerscope.study.file import as_typed, config_options
from layerscope.study.load import load_study

PART = re.compile(r"[.](\d+)-of-(\d+)$")
# What reading a member of a damaged archive raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)
# So many files are named on one command line.
AT_ONCE = 1000


@dataclass
class Told:
    """A job of which an archive has files. begun: whether these are the state of a training that has begun."""

    archive: zipfile.ZipFile
    message: str
    command: str
    code: str
    read: dict[str, str]
    made: dict[str, str]
    begun: dict[str, str] | None


def unpack(study_file: str, overrides: Mapping[str, str], files: Sequence[str]) -> int:
    """Put what packed jobs made where Snakemake expects it. Returns 0 if nothing was left, else 1.

    A job's files are taken if Snakemake would run it now by the very command, with the same code, on the same inputs, and if they
    are what was written; the state of a training that has begun, where none has begun here since it was packed.

    Raises StudyError, before anything is taken, for files that are no such archive, or not all of its parts, and where Snakemake
    works on the study.
    """
    jobs = Jobs(load_study(study_file, dict(overrides)))
    jobs.check()
    name = jobs.study.name
    refuse_in_progress(name, "nothing is taken", "unpack")
    with contextlib.ExitStack() as opened:
        told = [one for archive, file in _archives(files, opened) for one in _told(archive, file, name)]
        plan = plan_of(study_file, overrides, jobs)
        taken, begun, left = _sorted_out(told, plan)
        _take_all(study_file, overrides, taken)
        not_gone_on = [reason for job, one in begun if (reason := _go_on(job, one))]
    left += not_gone_on
    for line in left:
        print(printable(line))
    gone_on = len(begun) - len(not_gone_on)
    here = len(told) - len(taken) - gone_on - len(left)
    counts = [f"{len(taken)} job{'' if len(taken) == 1 else 's'} taken"]
    counts += [f"{gone_on} training{' goes' if gone_on == 1 else 's go'} on from there"] if gone_on else []
    counts += [f"{here} here already"] if here else []
    counts += [f"{len(left)} left"] if left else []
    print(f"{name}: {', '.join(counts)}")
    return 1 if left else 0


def _archives(files: Sequence[str], opened: contextlib.ExitStack) -> Iterator[tuple[zipfile.ZipFile, str]]:
    """(archive, its name) of each that the files are, or are the parts of."""
    whole: dict[str, dict[int, str]] = {}
    counts: dict[str, int] = {}
    for file in files:
        part = PART.search(file)
        name = PART.sub("", file)
        whole.setdefault(name, {})[int(part[1]) if part else 0] = file
        counts[name] = int(part[2]) if part else 1
    for name, parts in whole.items():
        if 0 not in parts and sorted(parts) != [*range(1, counts[name] + 1)]:
            raise StudyError(f"{name}: {len(parts)} of its {counts[name]} parts are named; name all of them")
        try:
            source: str = name
            if 0 not in parts:
                together = opened.enter_context(tempfile.NamedTemporaryFile())  # noqa: SIM115 (the stack closes it)
                for _, file in sorted(parts.items()):
                    with open(file, "rb") as part_of_it:
                        shutil.copyfileobj(part_of_it, together)
                together.flush()
                source = together.name
            yield opened.enter_context(zipfile.ZipFile(source)), name
        except FileNotFoundError as error:
            raise StudyError(f"there is no {error.filename}; name what `python ARCHIVE` wrote") from None
        except zipfile.BadZipFile:
            raise StudyError(f"{name} is no archive, or is cut short; name what `python ARCHIVE` wrote, copied whole") from None


def _told(archive: zipfile.ZipFile, name: str, study: str) -> list[Told]:
    """What an archive has. Raises StudyError for one that packed jobs of the study did not write."""
    try:
        content = json.loads(archive.read(MADE))
        found = [_of_job(archive, job, begun=False) for job in content["jobs"]]
        found += [_of_job(archive, job, begun=True) for job in content["begun"]]
        of_study = content["study"]
    except (*DAMAGED, ValueError, TypeError):
        raise StudyError(f"{name} was not written by packed jobs, or is damaged; name what `python ARCHIVE` wrote") from None
    if of_study != study:
        raise StudyError(f"{name} is of the study {of_study}, and not of {study}")
    return found


def _of_job(archive: zipfile.ZipFile, job: dict, begun: bool) -> Told:
    message, command, code, read, made = (job[key] for key in ("message", "command", "code", "read", "made"))
    return Told(archive, message, command, code, read, made, job["begun"] if begun else None)


Pairs = list[tuple[PlannedJob, Told]]


def _sorted_out(told: Iterable[Told], plan: Plan) -> tuple[Pairs, Pairs, list[str]]:
    """What is taken, the trainings that have begun, and lines on what is left; what is here already is in none of them."""
    planned = {job.command: job for job in plan.jobs}
    taken: Pairs = []
    begun: Pairs = []
    left = []
    for one in told:
        job = planned.get(one.command)
        if job is None:
            if one.begun is None and not all(_is_here(name, digest) for name, digest in one.made.items()):
                why = "it was done here with another result, or its settings have changed"
                left.append(f"{one.message}: left, since Snakemake would not run this job now: {why}")
            continue
        digests = {name: digest for _, other in taken for name, digest in other.made.items()}
        reason = _reason_to_leave(job, one, digests, plan)
        if reason:
            left.append(f"{job.message}: left, since {reason}")
        else:
            (taken if one.begun is None else begun).append((job, one))
    done = {job for job, _ in taken}
    return taken, [(job, one) for job, one in begun if job not in done], left


def _is_here(name: str, digest: str) -> bool:
    return Path(name).is_file() and file_digest(name) == digest


def _reason_to_leave(job: PlannedJob, one: Told, taken: Mapping[str, str], plan: Plan) -> str:
    """Why the files of a job are not taken; "" where they are. taken: the digests of files that are taken before it."""
    if one.code != code_digest(job):
        return "its code has changed"
    for name in job.inputs:
        if name not in taken and (name in plan.unmade or not Path(name).is_file()):
            return f"{name}, which it read, is not made yet, or to be made anew"
        if (taken.get(name) or _digest_here(name)) != one.read.get(name):
            return f"it read another {name}"
    of_state = one.begun is not None
    strangers = (
        {name for name in one.made if str(Path(name).parent) != job.unfinished} if of_state else {*one.made} ^ {*job.outputs}
    )
    if strangers:
        return f"{min(strangers)} is no file of it"
    if damaged := [name for name, digest in one.made.items() if _digest(one.archive, name) != digest]:
        return f"{damaged[0]} is not what was written"
    return ""


@cache
def _digest_here(name: str) -> str:
    """The SHA-256 of what a job reads, which many jobs read."""
    return file_digest(name)


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    """The SHA-256 of a file of an archive; "" where it is damaged or not there."""
    try:
        with archive.open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except DAMAGED:
        return ""


def _take_all(study_file: str, overrides: Mapping[str, str], taken: Pairs) -> None:
    """Write the files of jobs, and let Snakemake note of which settings and code they are. Without the note, none stays."""
    written: list[str] = []
    try:
        for job, one in taken:
            written += job.outputs
            for name in job.outputs:
                _write(one.archive, name)
            with contextlib.suppress(KeyError):
                one.archive.getinfo(job.log)
                _write(one.archive, job.log)
        for start in range(0, len(written), AT_ONCE):
            _record(study_file, overrides, written[start : start + AT_ONCE])
    except BaseException:
        for name in written:
            Path(name).unlink(missing_ok=True)
        raise
    for job, _ in taken:
        # Of what is done, nothing is unfinished.
        folders = [unfinished_folder(Path(name)) for name in job.outputs]
        for folder in [*folders, Path(job.unfinished)] if job.unfinished else folders:
            shutil.rmtree(folder, ignore_errors=True)


def _write(archive: zipfile.ZipFile, name: str) -> None:
    sealed = Path(name).suffix in SEALED and not Path(name).parent.name.endswith(PARTIAL)
    with replacing(name, sealed) as temporary, archive.open(name) as source, open(temporary, "wb") as copy:
        shutil.copyfileobj(source, copy)


def _record(study_file: str, overrides: Mapping[str, str], files: list[str]) -> None:
    options = [*config_options(overrides), "--touch", "--force", "--cores", "1", *files]
    done = ask_snakemake(study_file, *options)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise StudyError(
            f"nothing is taken, since Snakemake did not take it for its own ({last}); mend that (snakemake -n --configfile "
            f"{as_typed(study_file, overrides)} says more), and unpack again"
        )


def _go_on(job: PlannedJob, one: Told) -> str:
    """Let a training go on here from the state that it had elsewhere. A line that says why where it does not."""
    if state_digests(job) not in ({}, one.begun, one.made):
        return f"{job.message}: left, since it has begun here too; remove {job.unfinished} to go on from there instead"
    try:
        lock = hold(Path(job.unfinished))
    except StudyError as error:
        return f"{job.message}: left, since {error}"
    try:
        for name in one.made:
            _write(one.archive, name)
    finally:
        lock.release()
    return ""
