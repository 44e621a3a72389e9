"""What a person is told while a study is made: which jobs run, how far they are, why some failed, and how the study ended."""

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from layerscope.console.failures import STATUS, Failure, failure_lines, message_in, notes_in, reason_of, text_of_log
from layerscope.console.messages import Messages
from layerscope.console.names import duration, job_name
from layerscope.console.screen import Lines, RunningJob, Screen, State
from layerscope.console.summary import entrance_line, summary_lines
from layerscope.console.trainings import Trainings
from layerscope.console.work import Work
from layerscope.jobs.jobs import Jobs

# Beginnings of what Snakemake says of jobs that failed, or that were stopped.
OF_FAILED_JOBS = ("Exiting because a job execution failed", "WorkflowError:\nAt least one job did not complete successfully")
STOPPED = ("Terminating processes on user request", "Will exit after finishing currently running jobs")
NOTHING = "Nothing to be done"
UNEXPLAINED = "the job ended, but Snakemake did not take what it wrote: see what it says above"


@dataclass(frozen=True)
class Begun:
    """A job that was begun, or handed to a cluster. since: when, in seconds since the epoch."""

    rule: str
    wildcards: dict[str, str]
    log: str
    since: float


class RunMessages(Messages):
    """The messages while a study is made. `begin` is called before the first job, `end` when there is nothing left to do.

    plain: whether lines are written where a bar could be drawn.
    """

    def __init__(self, snakemakes: logging.StreamHandler, workflow: Any, jobs: Jobs, plain: bool):
        super().__init__(snakemakes)
        self.workflow, self.jobs, self.plain = workflow, jobs, plain
        self.begun: dict[int, Begun] = {}
        self.failures: dict[int, Failure] = {}
        self.stopped = False
        self._work = Work({}, time.time())
        self._trainings = Trainings(jobs)
        # Log → what Snakemake said of the end of its job.
        self._endings: dict[str, str] = {}

    def begin(self) -> None:
        """Show the state of the study from here on."""
        if self._quiet(Quietness.PROGRESS):
            return
        needed = {self.workflow.dag.jobid(job): job for job in self.workflow.dag.needrun_jobs() if job.rule.message}
        need = self.jobs.resources.need
        seconds = {jobid: (job.rule.name, need(job.rule.name, job.wildcards).seconds) for jobid, job in needed.items()}
        self._work = Work(seconds, time.time())
        self.screen = self._screen()

    def _screen(self) -> Screen:
        stream = self.snakemakes.stream
        can_draw = stream.isatty() and os.environ.get("TERM") != "dumb" and find_spec("rich") is not None
        if self.plain or not can_draw:
            return Lines(stream, self.state)
        from layerscope.console.bar import Bar

        return Bar(stream, self.state, colours=not self.workflow.logger_manager.settings.nocolor)

    def state(self) -> State:
        """How far the study is now."""
        now, running, known = time.time(), [], {}
        for jobid, since in sorted(self._work.running.items(), key=lambda item: item[1]):
            job, progress = self.begun[jobid], ""
            if job.rule == "train":
                progress, known[jobid] = self._trainings.progress(job.wildcards["run"], since)
            running.append(RunningJob(f"{job.rule} {job_name(job.wildcards)}", progress, now - since))
        share, left = self._work.share(now, known), self._work.left(now, known)
        return State(self.jobs.study.name, running, share, left, len(self._work.done), len(self._work.seconds))

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
                    self.screen.say(entrance_line(self.jobs.study.name))
                    return True
                return str(record.msg).startswith(OF_FAILED_JOBS) or super().instead(record, event)
        return True

    def _quiet(self, about: Quietness) -> bool:
        return bool({about, Quietness.ALL} & set(self.asked.quiet))

    def _begin(self, told: dict) -> None:
        # Rules without a message only gather files.
        if not told["rule_msg"]:
            return
        jobid, now = told["jobid"], time.time()
        # It may be tried again.
        self.failures.pop(jobid, None)
        self.begun[jobid] = Begun(told["rule_name"], dict(told["wildcards"]), "".join(told["log"][:1]), now)
        self._work.begin(jobid, now)
        if not self._quiet(Quietness.RULES):
            self.screen.say_step(f"Job {jobid}: {told['rule_msg']}")

    def _finish(self, jobid: int) -> None:
        job = self.begun.get(jobid)
        if job is None:
            return
        now = time.time()
        self._work.finish(jobid, now)
        for note in notes_in(text_of_log(job.log, job.since)):
            self.screen.say(f"{job.rule}: {note}")
        self.screen.say_step(f"Job {jobid}: done in {duration(now - job.since)}; {self.state().told()}")

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
        for jobid in members:
            self._work.fail(jobid)
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
        self._work.fail(jobid)
        told_before = failure.message in {one.message for one in self.failures.values()}
        self.failures[jobid] = failure
        if failure.interrupted or Quietness.ALL in self.asked.quiet:
            return
        same = f"{failure.job} failed for the same reason"
        self.screen.say(same if told_before else f"{failure.message}\n    {failure.job}", urgent=True)

    def end(self) -> None:
        """Say how the study ended: failures last, the message of the last one on the last line."""
        self.screen.close()
        if Quietness.ALL in self.asked.quiet:
            return
        # What is said now stays: nothing is drawn below it.
        self.screen = Screen(self.snakemakes.stream)
        self._explain(self.workflow.scheduler.failed)
        study = self.jobs.study.name
        failures = [failure for failure in self.failures.values() if not failure.interrupted]
        not_begun = sum(1 for job in self.workflow.scheduler.remaining_jobs if job.rule.message)
        if not failures and (self.stopped or self.failures):
            amid = f"{len(self.failures)} jobs amid their work and {not_begun} not begun"
            self.screen.say(f"\n{study}: stopped, {amid}; run the same command again to go on")
            return
        if not self._quiet(Quietness.PROGRESS):
            done = [(self.begun[jobid].rule, self.begun[jobid].wildcards) for jobid in self._work.done]
            self.screen.say("\n".join(["", *summary_lines(study, done, time.time() - self._work.began)]))
        if failures:
            self.screen.say("\n".join(["", *failure_lines(study, failures, not_begun)]))

    def _explain(self, failed: Iterable) -> None:
        """Take in jobs that Snakemake calls failed without saying so of the job."""
        for job in failed:
            members = list(job.jobs) if job.is_group() else [job]
            if not any(one.jobid in self.failures for one in members):
                one = members[0]
                log = "".join(map(str, one.log[:1]))
                self.failures[one.jobid] = Failure(one.rule.name, dict(one.wildcards_dict), log, UNEXPLAINED)
