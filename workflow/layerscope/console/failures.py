"""What a failed job told, and how failures are told to the person."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from layerscope.errors import INTERRUPTED

# The message that ends a failed stage, and what a stage tells the person while it works.
MESSAGE = re.compile(r"layerscope \w+: ")
NOTE = "layerscope: "
# The first line of every log.
PROVENANCE = "provenance {"
# How Snakemake words the end of a shell command that failed.
STATUS = re.compile(r"(?:returned non-zero exit status |died with <Signals[.]\w+: )(\d+)")
KILLED = (9, 128 + 9)
# By Ctrl-C, or by a request to end, before the stage could say so.
INTERRUPTS = (2, 15, 128 + 2, 128 + 15)
LAST_LINES = 5
# As many jobs that failed for the same reason are told one by one.
MOST_ALIKE = 5


@dataclass(frozen=True)
class Failure:
    """A job that failed. log: its path, "" where it has none. message: what the person is told, in one or more lines."""

    rule: str
    wildcards: Mapping[str, str]
    log: str
    message: str

    @property
    def job(self) -> str:
        """The rule, its wildcards and the log."""
        wildcards = ", ".join(f"{name}={value}" for name, value in self.wildcards.items())
        return f"{self.rule}{f' ({wildcards})' if wildcards else ''}{f', log {self.log}' if self.log else ''}"

    @property
    def interrupted(self) -> bool:
        """Whether the job did not fail by itself, but was stopped."""
        return self.message.endswith(INTERRUPTED)


def reason_of(text: str, ending: str = "") -> str:
    """Why a job failed: the message that ends its log or, where there is none, how it ended and the last lines of the log.

    text: of the log. ending: what Snakemake or the cluster says of the end of the job.
    """
    message = message_in(text)
    if message:
        return message
    status = STATUS.search(ending)
    if status and int(status[1]) in INTERRUPTS:
        return INTERRUPTED
    if status and int(status[1]) in KILLED:
        return (
            "the job was killed, most likely because the machine ran out of memory: run fewer jobs at once (--cores), "
            "look at fewer observations or layers, or use a machine with more"
        )
    if status:
        ending = f"the job ended with exit status {status[1]} and without a message"
    last = [line for line in text.splitlines() if line.strip() and not line.startswith(PROVENANCE)][-LAST_LINES:]
    return "\n".join([ending or "the job ended without a message", *last])


def message_in(text: str) -> str:
    """The message that ends the log of a stage, without what came before it; "" if there is none."""
    lines = text.rstrip().splitlines()
    starts = [number for number, line in enumerate(lines) if MESSAGE.match(line)]
    return "\n".join(lines[starts[-1] :]) if starts else ""


def notes_in(text: str) -> list[str]:
    """What a stage told the person in its log while it worked, such as pictures that it left out."""
    return [line.removeprefix(NOTE) for line in text.splitlines() if line.startswith(NOTE)]


def text_of_log(log: str, since: float) -> str:
    """What a log holds; "" if it is not there, or was last written before `since`, by another attempt at the job.

    since: in seconds since the epoch.
    """
    try:
        # File systems may keep times in whole seconds.
        if not log or os.stat(log).st_mtime < since - 1:
            return ""
        with open(log, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def failure_lines(study: str, failures: Iterable[Failure], not_begun: int) -> list[str]:
    """All failures of a study, each message once, after the jobs that ended with it. The last line ends the last message.

    not_begun: the number of jobs that were not begun.
    """
    alike: dict[str, list[Failure]] = {}
    for failure in failures:
        alike.setdefault(failure.message, []).append(failure)
    failed = sum(map(len, alike.values()))
    others = f", {not_begun} {'was' if not_begun == 1 else 'were'} not begun" if not_begun else ""
    remedy = "do what the messages say, and run the same command again"
    lines = [f"{study}: {failed} job{'' if failed == 1 else 's'} failed{others}; {remedy}"]
    for message, jobs in alike.items():
        more = len(jobs) - MOST_ALIKE
        lines += ["", *(failure.job for failure in jobs[:MOST_ALIKE])]
        lines += [f"and {more} more"] if more > 0 else []
        lines += message.splitlines()
    return lines
