"""What a person is told when files are taken as up to date as they are (`snakemake --touch`)."""

import logging

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from layerscope.console.messages import Messages

OF_JOBS = (LogEvent.JOB_INFO, LogEvent.JOB_FINISHED)
# Snakemake says how many jobs it executes, though it executes none.
EXECUTES = "Execute "


class TouchMessages(Messages):
    """The messages of a run that makes nothing: of how many jobs the files were taken as up to date, in the place of each job."""

    def __init__(self, snakemakes: logging.StreamHandler, study: str):
        super().__init__(snakemakes)
        self.study = study
        # The jobs that make something; the others only gather files.
        self._named: set[int] = set()
        self._taken: set[int] = set()

    def instead(self, record: logging.LogRecord, event: LogEvent | None) -> bool:
        """As for Messages."""
        if event == LogEvent.JOB_INFO and vars(record)["rule_msg"]:
            self._named.add(vars(record)["jobid"])
        if event == LogEvent.JOB_FINISHED:
            self._taken.add(vars(record)["job_id"])
        return event in OF_JOBS or str(record.msg).startswith(EXECUTES) or super().instead(record, event)

    def end(self) -> None:
        """Say what was done, and that nothing was made."""
        if {Quietness.ALL, Quietness.PROGRESS} & set(self.asked.quiet):
            return
        count = len(self._taken & self._named)
        jobs = "1 job" if count == 1 else f"{count} jobs"
        self.say(f"{self.study}: nothing was made; the files of {jobs} that are there are taken as up to date from now on")
