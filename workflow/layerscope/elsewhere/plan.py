"""The jobs of a study that Snakemake would run now: their commands, what they read and write, and a digest of their code."""

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.files.seals import file_digest
from layerscope.files.sources import name_of_source
from layerscope.jobs.every_job import every_job
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.snakemake_command import ask_snakemake
from layerscope.statistics.order import by_number
from layerscope.study.file import config_options

# The rules whose jobs can run elsewhere.
RULES = ("train", "dump", "dump_input", "neighbors", "embed")
# What Snakemake, with the messages of layerscope, prints of a job of a plan.
PLANNED = re.compile(r"^Job \d+: (?P<message>.*)\n(?:Reason: .*\n)?Shell command: (?P<command>.*)$", flags=re.MULTILINE)
LOG = re.compile(r"2>&1 \| tee (?P<log>\S+)$")


@dataclass(frozen=True)
class PlannedJob:
    """A job that Snakemake would run. command: for bash. inputs, outputs, log: paths relative to the working directory.

    code: the source files that its result depends on, by their paths. An input may be there, or be an output of another job.
    unfinished: the folder with the state of a training that has begun; "" for other rules.
    """

    rule: str
    message: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    log: str
    code: tuple[str, ...]
    unfinished: str


@dataclass(frozen=True)
class Plan:
    """What Snakemake would do now. jobs: those of RULES, each after those whose files it reads. unmade: outputs of all jobs."""

    jobs: list[PlannedJob]
    unmade: frozenset[str]


def plan_of(study_file: str, overrides: Mapping[str, str], jobs: Jobs) -> Plan:
    """What Snakemake would do now. Raises StudyError where it is not installed, or cannot plan."""
    options = [*config_options(overrides), "-n", "-p", "--nolock"]
    done = ask_snakemake(study_file, *options)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("layerscope: ")] or done.stderr.splitlines()[-1:]
        raise StudyError(*(line.removeprefix("layerscope: ") for line in said or ["Snakemake ended without a word"]))
    name = jobs.study.name
    by_log = {store.job_files(name, rule, **keys).log: (rule, keys) for rule, keys in every_job(jobs)}
    planned, unmade = [], set()
    for match in PLANNED.finditer(done.stdout + done.stderr):
        written = LOG.search(match["command"])
        if written and written["log"] in by_log:
            rule, keys = by_log[written["log"]]
            unmade |= {*store.job_files(name, rule, **keys).outputs}
            if rule in RULES:
                planned.append(_planned(jobs, rule, keys, match["message"], match["command"]))
    return Plan(_in_order(planned), frozenset(unmade))


def _planned(jobs: Jobs, rule: str, keys: dict[str, str], message: str, command: str) -> PlannedJob:
    files = store.job_files(jobs.study.name, rule, **keys)
    of_rule = getattr(jobs.code, rule, None)
    code = of_rule(SimpleNamespace(**keys)) if of_rule else jobs.code.stage(rule)
    start = f"{store.study_folder(jobs.study.name)}/"
    words = [word for word in shlex.split(LOG.sub("", command)) if word not in files.outputs]
    inputs = tuple(word for word in words if word.startswith(start) or (_is_path(word) and Path(word).is_file()))
    unfinished = str(store.unfinished_training(files.outputs[0])) if rule == "train" else ""
    return PlannedJob(rule, message, command, inputs, files.outputs, files.log, tuple(code), unfinished)


def _is_path(word: str) -> bool:
    return len(word) < 1000 and not word.startswith(("{", "-"))


def _in_order(jobs: list[PlannedJob]) -> list[PlannedJob]:
    """Jobs by rule and name, each after those whose files it reads: Snakemake lists them in another order every time."""
    waiting, sorted_jobs = sorted(jobs, key=lambda job: (RULES.index(job.rule), by_number(job.log))), []
    while waiting:
        unmade = {output for job in waiting for output in job.outputs}
        ready = [job for job in waiting if not unmade & {*job.inputs}]
        sorted_jobs += ready
        waiting = [job for job in waiting if job not in ready]
    return sorted_jobs


def state_digests(job: PlannedJob) -> dict[str, str]:
    """The SHA-256 of each file of a training that has begun here."""
    files = sorted(Path(job.unfinished).glob("*.safetensors")) if job.unfinished else []
    return {str(file): file_digest(file) for file in files}


def code_digest(job: PlannedJob) -> str:
    """The SHA-256 of the source files of a job, wherever the package lies."""
    digests = {name_of_source(file): file_digest(file) for file in job.code}
    return hashlib.sha256(canonical_json(digests).encode()).hexdigest()
