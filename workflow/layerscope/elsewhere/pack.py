"""Put jobs of a study into one archive that runs them on a machine without Snakemake, such as one with a GPU."""

import json
import shlex
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from layerscope.elsewhere import run_packed
from layerscope.elsewhere.plan import RULES, Plan, PlannedJob, code_digest, plan_of, state_digests
from layerscope.elsewhere.run_packed import CODE, FILES, PLAN
from layerscope.errors import StudyError, one_of
from layerscope.files.seals import file_digest, intact
from layerscope.files.sources import PACKAGE
from layerscope.files.whole import replacing
from layerscope.jobs.jobs import Jobs
from layerscope.models.gpus import SHARE
from layerscope.study.file import config_options
from layerscope.study.load import load_study


def pack(study_file: str, overrides: Mapping[str, str], rules: Sequence[str], into: str) -> int:
    """Write an archive of the jobs of some rules that Snakemake would run now: `python ARCHIVE` runs them. Returns 0.

    Raises StudyError, before anything is written, where there is no such job, or what one reads is damaged or not made yet.
    """
    if unknown := [rule for rule in rules if rule not in RULES]:
        raise StudyError(f"--rules {unknown[0]}: {one_of(unknown[0], RULES)}")
    jobs = Jobs(load_study(study_file, dict(overrides)))
    jobs.check()
    plan = plan_of(study_file, overrides, jobs)
    chosen = [job for job in plan.jobs if job.rule in rules]
    if not chosen:
        raise StudyError(f"Snakemake would run no job of {', '.join(rules)} now; there is nothing to pack")
    read = _inputs(chosen, plan)
    own = sorted({file for job in chosen for file in job.code if not Path(file).resolve().is_relative_to(PACKAGE.resolve())})
    _refuse_outside([*read, *own])
    begun = {job: state_digests(job) for job in chosen}
    packed = [*read, *own, *(name for state in begun.values() for name in state)]
    files = {f"{FILES}/{name}": Path(name) for name in packed}
    files |= {f"{CODE}/{PACKAGE.name}/{file.relative_to(PACKAGE).as_posix()}": file for file in _sources_of_package()}
    told = {
        "study": jobs.study.name,
        "environment": {} if jobs.study.gpu_share is None else {SHARE: str(jobs.study.gpu_share)},
        "jobs": [_told(job, begun[job]) for job in chosen],
        # An archive with other contents is another archive.
        "files": {name: file_digest(file) for name, file in files.items()},
    }
    with replacing(into) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        archive.write(run_packed.__file__, "__main__.py")
        archive.writestr(PLAN, json.dumps(told))
        for name, file in files.items():
            archive.write(file, name)
    _say(study_file, overrides, chosen, Path(into))
    return 0


def _say(study_file: str, overrides: Mapping[str, str], chosen: list[PlannedJob], archive: Path) -> None:
    counts = {rule: sum(job.rule == rule for job in chosen) for rule in RULES}
    told = ", ".join(f"{count} {rule}" for rule, count in counts.items() if count)
    print(f"{archive}: {len(chosen)} jobs ({told}), {archive.stat().st_size / 1e6:.1f} MB. Elsewhere: python {archive.name}")
    here = shlex.join([study_file, "FILES", *config_options(overrides)])
    print(f"With what that writes, here: layerscope unpack {here}")


def _inputs(jobs: list[PlannedJob], plan: Plan) -> list[str]:
    """What the jobs read and none of them writes. Raises StudyError for what is damaged, not there, or to be made anew."""
    made = {output for job in jobs for output in job.outputs}
    read = sorted({name for job in jobs for name in job.inputs} - made)
    if missing := [name for name in read if name in plan.unmade or not Path(name).is_file()]:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise StudyError(
            f"{len(missing)} files that these jobs read are not made yet, or to be made anew ({some}); make them first (snakemake"
            f" with their names as targets), or pack the jobs that make them too (--rules, of {', '.join(RULES)})"
        )
    for name in read:
        intact(name)
    return read


def _sources_of_package() -> list[Path]:
    return [file for file in sorted(PACKAGE.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]


def _refuse_outside(files: list[str]) -> None:
    outside = [name for name in files if Path(name).is_absolute() or ".." in Path(name).parts]
    if outside:
        raise StudyError(
            f"{', '.join(outside)}: jobs elsewhere find files below the folder of the study alone; name them relative to it"
        )


def _told(job: PlannedJob, begun: dict[str, str]) -> dict:
    return {
        "rule": job.rule,
        "message": job.message,
        "command": job.command,
        "inputs": [*job.inputs],
        "outputs": [*job.outputs],
        "log": job.log,
        "code": code_digest(job),
        "unfinished": job.unfinished,
        "begun": begun,
    }
