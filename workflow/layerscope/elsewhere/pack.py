"""Put jobs of a study into one archive that runs them on a machine without Snakemake, such as one with a GPU."""

import json
import shlex
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from layerscope.elsewhere import run_packed
from layerscope.elsewhere.plan import PlannedJob, code_digest, planned_jobs
from layerscope.elsewhere.run_packed import CODE, FILES, PLAN
from layerscope.errors import StudyError, one_of
from layerscope.files.sources import PACKAGE
from layerscope.files.whole import replacing
from layerscope.jobs.jobs import Jobs
from layerscope.models.gpus import SHARE
from layerscope.study.file import config_options
from layerscope.study.load import load_study

# Rules whose jobs may be worth another machine.
RULES = ("train", "dump", "neighbors", "embed")


def pack(study_file: str, overrides: Mapping[str, str], rules: Sequence[str], into: str) -> int:
    """Write an archive of the jobs of some rules that Snakemake would run now: `python ARCHIVE` runs them. Returns 0.

    Raises StudyError, before anything is written, where there is no such job, or what one reads is not made yet.
    """
    if unknown := [rule for rule in rules if rule not in RULES]:
        raise StudyError(f"--rules {unknown[0]}: {one_of(unknown[0], RULES)}")
    jobs = Jobs(load_study(study_file, dict(overrides)))
    jobs.check()
    chosen = planned_jobs(study_file, overrides, jobs, rules)
    if not chosen:
        raise StudyError(f"Snakemake would run no job of {', '.join(rules)} now; there is nothing to pack")
    read = _inputs(chosen)
    own = sorted({file for job in chosen for file in job.code if not Path(file).resolve().is_relative_to(PACKAGE.resolve())})
    begun = [str(file) for job in chosen if job.unfinished for file in sorted(Path(job.unfinished).glob("*.safetensors"))]
    _refuse_outside([*read, *own])
    share = {} if jobs.study.gpu_share is None else {SHARE: str(jobs.study.gpu_share)}
    plan = {"study": jobs.study.name, "environment": share, "jobs": [_told(job) for job in chosen]}
    with replacing(into) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(run_packed.__file__, "__main__.py")
        archive.writestr(PLAN, json.dumps(plan))
        for file in sorted(PACKAGE.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, f"{CODE}/{PACKAGE.name}/{file.relative_to(PACKAGE).as_posix()}")
        for name in [*read, *own, *begun]:
            archive.write(name, f"{FILES}/{name}")
    counts = {rule: sum(job.rule == rule for job in chosen) for rule in dict.fromkeys(job.rule for job in chosen)}
    told = ", ".join(f"{count} {rule}" for rule, count in counts.items())
    size = Path(into).stat().st_size / 1e6
    print(f"{into}: {len(chosen)} jobs ({told}), {size:.1f} MB. Elsewhere: python {Path(into).name}")
    here = shlex.join([study_file, "FILES", *config_options(overrides)])
    print(f"With what that writes, here: layerscope unpack {here}")
    return 0


def _inputs(jobs: list[PlannedJob]) -> list[str]:
    """What the jobs read and none of them writes. Raises StudyError for what is not there."""
    made = {output for job in jobs for output in job.outputs}
    read = sorted({name for job in jobs for name in job.inputs} - made)
    missing = [name for name in read if not Path(name).is_file()]
    if missing:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise StudyError(
            f"{len(missing)} files that these jobs read are not there ({some}); make them first (snakemake, with their names as "
            "targets), or pack the jobs that make them too (--rules)"
        )
    return read


def _refuse_outside(files: list[str]) -> None:
    outside = [name for name in files if Path(name).is_absolute() or ".." in Path(name).parts]
    if outside:
        raise StudyError(
            f"{', '.join(outside)}: jobs elsewhere find files below the folder of the study alone; name them relative to it"
        )


def _told(job: PlannedJob) -> dict:
    return {
        "rule": job.rule,
        "message": job.message,
        "command": job.command,
        "inputs": [*job.inputs],
        "outputs": [*job.outputs],
        "log": job.log,
        "unfinished": job.unfinished,
        "code": code_digest(job),
    }
