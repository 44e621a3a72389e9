"""What a person is told when files are taken as up to date as they are (`snakemake --touch`)."""

import logging

from snakemake_interface_logger_plugins.common import LogEvent

from layerscope.console.messages import Messages

OF_JOBS = (LogEvent.JOB_INFO, LogEvent.JOB_FINISHED)
# Snakemake says how many jobs it executes, though it executes none.
EXECUTES = "Execute "


class TouchMessages(Messages):
    """The messages of a run that makes nothing: how many jobs' files were taken as up to date, in the place of each job."""

    def __init__(self, snakemakes: logging.StreamHandler, study: str):
        super().__init__(snakemakes)
        self.study = study
        self._taken = 0

    def instead(self, record: logging.LogRecord, event: LogEvent | None) -> bool:
        """As for Messages."""
        self._taken += event == LogEvent.JOB_FINISHED
        return event in OF_JOBS or str(record.msg).startswith(EXECUTES) or super().instead(record, event)

    def end(self) -> None:
        """Say what was done, and that nothing was made."""
        jobs = "1 job is" if self._taken == 1 else f"{self._taken} jobs are"
        self.say(f"{self.study}: what there is of {jobs} taken as up to date from now on; nothing was made")
