"""What a person is told while a study is made: which jobs begin and end, why jobs failed, and how the study ended."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from layerscope.console.failures import STATUS, Failure, failure_lines, message_in, notes_in, reason_of, text_of_log
from layerscope.console.messages import Messages
from layerscope.console.names import duration
from layerscope.console.summary import entrance_line, summary_lines

# Beginnings of what Snakemake says of jobs that failed, or that were stopped.
OF_FAILED_JOBS = ("Exiting because a job execution failed", "WorkflowError:\nAt least one job did not complete successfully")
STOPPED = ("Terminating processes on user request", "Will exit after finishing currently running jobs")
NOTHING = "Nothing to be done"
UNEXPLAINED = "the job ended, but Snakemake did not take what it wrote: see what it says above"


@dataclass
class Begun:
    """A job that was begun, or handed to a cluster. since: when, in seconds since the epoch."""

    rule: str
    wildcards: dict[str, str]
    log: str
    since: float


class RunMessages(Messages):
    """The messages while a study is made. `end` is called when it is finished, or cannot be."""

    def __init__(self, snakemakes: logging.StreamHandler, workflow: Any, study: str):
        super().__init__(snakemakes)
        self.workflow, self.study = workflow, study
        self.begun: dict[int, Begun] = {}
        self.failures: dict[int, Failure] = {}
        self.stopped = False
        self._began = time.time()
        self._done: list[Begun] = []
        # Log → what Snakemake said of the end of its job.
        self._endings: dict[str, str] = {}

    def instead(self, record: logging.LogRecord, event: LogEvent | None) -> bool:
        """As for Messages."""
        told = vars(record)
        match event:
            case LogEvent.JOB_INFO:
                self._begin(told)
            case LogEvent.JOB_FINISHED:
                self._finish(told["job_id"])
            case LogEvent.JOB_ERROR:
                # Snakemake names all members of a group, whether they failed or not; GROUP_ERROR came before.
                if not told["indent"]:
                    self._fail(told, told["rule_msg"] or "")
            case LogEvent.GROUP_ERROR:
                self._fail_group(told)
            case LogEvent.ERROR:
                return self._is_of_failed_job(str(record.msg))
            case _:
                if str(record.msg).startswith(STOPPED):
                    self._stop()
                    return True
                if str(record.msg).startswith(NOTHING):
                    self.pass_on(record)
                    self.screen.say(entrance_line(self.study))
                    return True
                return str(record.msg).startswith(OF_FAILED_JOBS) or super().instead(record, event)
        return True

    def _quiet(self, about: Quietness) -> bool:
        return bool({about, Quietness.ALL} & set(self.asked.quiet))

    def _begin(self, told: dict) -> None:
        # Rules without a message only gather files.
        if not told["rule_msg"]:
            return
        # It may be tried again.
        self.failures.pop(told["jobid"], None)
        self.begun[told["jobid"]] = Begun(told["rule_name"], dict(told["wildcards"]), "".join(told["log"][:1]), time.time())
        if not self._quiet(Quietness.RULES):
            self.screen.say(f"Job {told['jobid']}: {told['rule_msg']}")

    def _finish(self, jobid: int) -> None:
        job = self.begun.get(jobid)
        if job is None:
            return
        self._done.append(job)
        for note in notes_in(text_of_log(job.log, job.since)):
            self.screen.say(f"{job.rule}: {note}")
        self.screen.say(f"Job {jobid}: done in {duration(time.time() - job.since)}")

    def _stop(self) -> None:
        # Snakemake says it again for each job that it waits for.
        if not self.stopped and Quietness.ALL not in self.asked.quiet:
            self.screen.say("stopping, once the running jobs have ended")
        self.stopped = True

    def _is_of_failed_job(self, text: str) -> bool:
        """Whether an error is that of a failed command: its job tells it better."""
        if text.startswith(OF_FAILED_JOBS):
            return True
        if not STATUS.search(text):
            return False
        self._endings |= {job.log: text for job in list(self.begun.values()) if job.log and job.log in text}
        return True

    def _job(self, told: dict) -> Begun:
        return self.begun.get(told["jobid"]) or Begun(told["rule_name"], {}, "".join(told["log"][:1]), 0)

    def _fail(self, told: dict, ending: str) -> None:
        job = self._job(told)
        reason = reason_of(text_of_log(job.log, job.since), ending or self._endings.get(job.log, ""))
        self._keep(told["jobid"], Failure(job.rule, job.wildcards, job.log, reason))

    def _fail_group(self, told: dict) -> None:
        """Which member of a group failed is known by the messages in their logs alone."""
        members = {one["jobid"]: self._job(one) for one in told["job_error_info"]}
        messages = {jobid: message_in(text_of_log(job.log, job.since)) for jobid, job in members.items()}
        if not any(messages.values()):
            [(first, job), *_] = members.items()
            log = "".join(told["aux_logs"][:1]) or job.log
            reason = reason_of(text_of_log(log, 0), f"a group of {len(members)} jobs failed, of which this one is the first")
            self._keep(first, Failure(job.rule, job.wildcards, log, reason))
        for jobid, message in messages.items():
            if message:
                job = members[jobid]
                self._keep(jobid, Failure(job.rule, job.wildcards, job.log, message))

    def _keep(self, jobid: int, failure: Failure) -> None:
        told_before = failure.message in {one.message for one in self.failures.values()}
        self.failures[jobid] = failure
        if failure.interrupted or Quietness.ALL in self.asked.quiet:
            return
        self.screen.say(f"{failure.job} failed for the same reason" if told_before else f"{failure.message}\n    {failure.job}")

    def end(self) -> None:
        """Say how the study ended: failures last, the message of the last one on the last line."""
        self.screen.close()
        if Quietness.ALL in self.asked.quiet:
            return
        self._explain(self.workflow.scheduler.failed)
        failures = [failure for failure in self.failures.values() if not failure.interrupted]
        not_begun = sum(1 for job in self.workflow.scheduler.remaining_jobs if job.rule.message)
        if not failures and (self.stopped or self.failures):
            amid = f"{len(self.failures)} jobs amid their work and {not_begun} not begun"
            self.screen.say(f"\n{self.study}: stopped, {amid}; run the same command again to go on")
            return
        if not self._quiet(Quietness.PROGRESS):
            done = [(job.rule, job.wildcards) for job in self._done]
            self.screen.say("\n".join(["", *summary_lines(self.study, done, time.time() - self._began)]))
        if failures:
            self.screen.say("\n".join(["", *failure_lines(self.study, failures, not_begun)]))

    def _explain(self, failed: Iterable) -> None:
        """Take in jobs that Snakemake calls failed without saying so of the job."""
        for job in failed:
            members = list(job.jobs) if job.is_group() else [job]
            if not any(one.jobid in self.failures for one in members):
                one = members[0]
                log = "".join(map(str, one.log[:1]))
                self.failures[one.jobid] = Failure(one.rule.name, dict(one.wildcards_dict), log, UNEXPLAINED)
