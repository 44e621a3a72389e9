"""From Snakemake's log to what a person sees of the making of a study."""

import logging
import os
import sys
from typing import Any

from snakemake.logging import DefaultFilter, logger

from layerscope.console.plan import PlanMessages
from layerscope.console.run import RunMessages
from layerscope.console.touch import TouchMessages
from layerscope.errors import StudyError, one_of
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.snakemake_patches import leave_output_of_jobs_to_their_logs

PROGRESS = "LAYERSCOPE_PROGRESS"
OFF, PLAIN = "off", "plain"


class Watch:
    """Tells a person what is planned of a study and how its making goes, in the place of Snakemake's own messages.

    In a terminal the running jobs and a bar are drawn. Elsewhere lines are written, and where the environment variable
    LAYERSCOPE_PROGRESS is `plain`. Where that is `off`, where another logger was chosen (`--logger`), and where another workflow
    uses this one as a module, Snakemake says all itself; so does the process of a single job on a cluster. The log that Snakemake
    keeps of every run in .snakemake/log is the same in any case.
    """

    def __init__(self, workflow: Any, jobs: Jobs):
        self._run: RunMessages | TouchMessages | None = None
        self._jobs = jobs
        how = _wanted()
        snakemakes = _snakemakes_handler()
        is_own = workflow.is_main_process and workflow.modifier.namespace is None
        if snakemakes is None or not is_own or how == OFF:
            return
        if workflow.logger_manager.settings.dryrun:
            _replace(snakemakes, PlanMessages(snakemakes, workflow, jobs))
        else:
            self._run = RunMessages(snakemakes, workflow, jobs, plain=how == PLAIN)
            _replace(snakemakes, self._run)

    def begin(self, workflow: Any) -> None:
        """Called before the first job."""
        if self._run is None:
            return
        if workflow.touch:
            touched = TouchMessages(self._run.snakemakes, self._jobs.study.name)
            _replace(self._run, touched)
            self._run = touched
        elif isinstance(self._run, RunMessages):
            leave_output_of_jobs_to_their_logs(self._run.say)
            self._run.begin()

    def end(self) -> None:
        """Called after the last job, of a finished study or of one that cannot be finished."""
        if self._run is not None:
            self._run.end()


def _wanted() -> str:
    how = os.environ.get(PROGRESS, "")
    if how and how not in (OFF, PLAIN):
        sys.exit(StudyError(f"the environment variable {PROGRESS}: '{how}' is not allowed; {one_of(how, (OFF, PLAIN))}").told())
    return how


def _snakemakes_handler() -> logging.StreamHandler | None:
    """The handler by which Snakemake writes to the terminal; None where another logger does."""
    found = [
        one for one in logger.handlers if isinstance(one, logging.StreamHandler) and not isinstance(one, logging.FileHandler)
    ]
    handler = next(iter(found), None)
    return handler if handler and any(isinstance(one, DefaultFilter) for one in handler.filters) else None


def _replace(old: logging.Handler, by: logging.Handler) -> None:
    logger.removeHandler(old)
    logger.addHandler(by)
