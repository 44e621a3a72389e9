"""Why Snakemake will run a job, from its records of how the files of the job were made."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake.settings.enums import RerunTrigger

from layerscope.console.changes import changes

MOST_FILES = 2


def reasons_of(job: Any, dag: Any) -> tuple[str, ...]:
    """The reasons of a job in Snakemake's plan, each a short phrase; none if it runs only because other jobs do."""
    reason = dag.reason(job)
    if reason.missing_output and not any(Path(file).exists() for file in job.output):
        return ("not made yet",)
    found = ["asked for by --forcerun or --forceall"] if reason.forced else []
    if reason.missing_output:
        found.append(f"{files_named(reason.missing_output)} missing")
    if reason.incomplete_output:
        found.append("not finished when it was last made")
    if RerunTrigger.PARAMS in dag.workflow.rerun_triggers:
        # Of jobs that come after others Snakemake compares the params of some only, by the order in which it meets them.
        changed = dag.workflow.persistence.params_changed(job)
        found += params_changes(changed.only_old, changed.only_new) if changed else []
    if reason.updated_input_run:
        return tuple(found)
    if reason.updated_input:
        found.append(f"{files_named(reason.updated_input)} edited")
    if reason.input_changed:
        before = {file for output in job.output for file in dag.workflow.persistence.input(output) or ()}
        found.append(inputs_changed(before, set(map(str, job.input))))
    if reason.code_changed:
        found.append(f"the rule {job.rule.name} edited")
    if reason.software_stack_changed:
        found.append("another software environment")
    return tuple(found)


def params_changes(before: Iterable[str], now: Iterable[str]) -> list[str]:
    """What changed in the params of a job. before, now: those that only the one or the other has, each the repr() of a value."""
    old, new = ([text for text in map(ast.literal_eval, values) if str(text).startswith("{")] for values in (before, now))
    if len(old) == len(new) == 1:
        return changes(old[0], new[0])
    return ["other params"]


def inputs_changed(before: set[str], now: set[str]) -> str:
    """Which files a job reads besides, or no longer."""
    told = [
        f"{files_named(files)} {how}" for files, how in ((now - before, "read too"), (before - now, "no longer read")) if files
    ]
    return ", ".join(told) or "other inputs"


def files_named(files: Iterable[object]) -> str:
    """The names of files; of many how many there are, and the first."""
    names = sorted(map(str, files))
    return " and ".join(names) if len(names) <= MOST_FILES else f"{len(names)} files ({names[0]}, ...)"
