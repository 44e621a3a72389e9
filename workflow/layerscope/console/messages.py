"""Snakemake's messages, less those that only Snakemake's developers need."""

import logging

from snakemake.logging import DefaultFilter
from snakemake_interface_logger_plugins.common import LogEvent

from layerscope.console.screen import Screen

# Beginnings of messages that say nothing about the study. All of them are in the log that Snakemake keeps in .snakemake/log.
UNSAID = (
    "Activating conda environment",
    "Assuming unrestricted shared filesystem usage",
    "Building DAG of jobs",
    "Complete log(s):",
    "Conda environments: ignored",
    "Elapsed time:",
    "Group jobs: inactive",
    "Removing output files of failed job",
    "Select jobs to execute",
    "Shutting down, this might take some time",
    "Singularity containers: ignored",
    "Using shell:",
)
UNSAID_EVENTS = (
    LogEvent.WORKFLOW_STARTED,
    LogEvent.RESOURCES_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.PROGRESS,
)


class Messages(logging.Handler):
    """Takes the place of the handler by which Snakemake writes to the terminal.

    A subclass says what it has to say instead of a message in `instead`. All other messages are said as Snakemake words them, if
    its command line asks for them (`--quiet`, `--verbose`, `-p`).
    """

    def __init__(self, snakemakes: logging.StreamHandler):
        super().__init__()
        self.snakemakes = snakemakes
        self.screen = Screen(snakemakes.stream)
        [self.asked] = [one for one in snakemakes.filters if isinstance(one, DefaultFilter)]

    def emit(self, record: logging.LogRecord) -> None:
        """Say a message, or what a person should be told instead."""
        try:
            if not self.instead(record, getattr(record, "event", None)):
                self.pass_on(record)
        except Exception:
            self.handleError(record)

    def instead(self, record: logging.LogRecord, event: LogEvent | None) -> bool:
        """Whether something was said instead of a message, or nothing is to be said."""
        if self.asked.verbose:
            return False
        unsaid = event is None and record.levelno <= logging.INFO and str(record.msg).startswith(UNSAID)
        return unsaid or event in UNSAID_EVENTS

    def pass_on(self, record: logging.LogRecord) -> None:
        """Say a message as Snakemake words it."""
        if self.asked.filter(record):
            self.screen.say(self.snakemakes.format(record))

    def say(self, text: str) -> None:
        """Say something that is no message of Snakemake."""
        self.screen.say(text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self.screen.close()
        super().close()
