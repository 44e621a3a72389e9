"""From Snakemake's log to what a person sees of the making of a study."""

import logging
import os
from typing import Any

from snakemake.logging import DefaultFilter, logger

from layerscope.console.plan import PlanMessages
from layerscope.console.run import RunMessages
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.snakemake_patches import leave_output_of_jobs_to_their_logs

PROGRESS = "LAYERSCOPE_PROGRESS"
OFF = "off"


class Watch:
    """Tells a person what is planned of a study and how its making goes, in the place of Snakemake's own messages.

    Where the environment variable LAYERSCOPE_PROGRESS is `off`, where another logger was chosen (`--logger`), and where another
    workflow uses this one as a module, Snakemake says all itself; so does the process of a single job on a cluster. The log that
    Snakemake keeps of every run in .snakemake/log is the same in any case.
    """

    def __init__(self, workflow: Any, jobs: Jobs):
        self._messages: RunMessages | None = None
        snakemakes = _snakemakes_handler()
        is_own = workflow.is_main_process and workflow.modifier.namespace is None
        if snakemakes is None or not is_own or os.environ.get(PROGRESS) == OFF:
            return
        if workflow.logger_manager.settings.dryrun:
            _replace(snakemakes, PlanMessages(snakemakes, workflow))
        else:
            self._messages = RunMessages(snakemakes, workflow, jobs.study.name)
            _replace(snakemakes, self._messages)

    def begin(self, workflow: Any) -> None:
        """Called before the first job."""
        if self._messages is None:
            return
        if workflow.touch:
            # Nothing is made, and files are named one by one.
            _replace(self._messages, self._messages.snakemakes)
            self._messages = None
        else:
            leave_output_of_jobs_to_their_logs(self._messages.say)

    def end(self) -> None:
        """Called after the last job, of a finished study or of one that cannot be finished."""
        if self._messages is not None:
            self._messages.end()


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
