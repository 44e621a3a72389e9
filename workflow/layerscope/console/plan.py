"""What a person is told of a plan (`snakemake -n`): which jobs would run, and why."""

import logging
from typing import Any

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from layerscope.console.changes import Planned, grouped_lines, shortened
from layerscope.console.messages import Messages
from layerscope.console.names import about, job_name
from layerscope.console.reasons import reasons_of
from layerscope.jobs.jobs import Jobs

FOLLOWS = "comes after other jobs"
# Beginnings of what Snakemake says of reasons at the end of a plan: the first is answered by reasons of our own.
REASONS, OF_REASONS = "Reasons:\n", ("Some jobs were triggered by provenance", "Rules with provenance triggered jobs")


class PlanMessages(Messages):
    """The messages of a dry-run."""

    def __init__(self, snakemakes: logging.StreamHandler, workflow: Any, jobs: Jobs):
        super().__init__(snakemakes)
        self.workflow, self.jobs = workflow, jobs
        self._planned: dict[int, Planned] = {}
        self._counted = False

    def instead(self, record: logging.LogRecord, event: LogEvent | None) -> bool:
        """As for Messages."""
        if event == LogEvent.JOB_INFO:
            self._tell_job(record)
            return True
        if event == LogEvent.RUN_INFO:
            # Snakemake counts the jobs before and after it lists them.
            again, self._counted = self._counted, True
            return again
        text = str(record.msg)
        if text.startswith(REASONS):
            self.screen.say(
                "\n".join(["", "What is to be done, and why:", *(f"  {line}" for line in self._lines()), "", self._estimate()])
                + "\n"
            )
            return True
        return text.startswith(OF_REASONS) or super().instead(record, event)

    def _tell_job(self, record: logging.LogRecord) -> None:
        told = vars(record)
        # Rules without a message only gather files.
        if not told["rule_msg"] or not self.asked.filter(record):
            return
        reasons = self._plan()[told["jobid"]].reasons
        why = "" if Quietness.REASON in self.asked.quiet else f"\nReason: {shortened(reasons) or FOLLOWS}"
        self.screen.say(f"\nJob {told['jobid']}: {told['rule_msg']}{why}")

    def _lines(self) -> list[str]:
        return grouped_lines(self._plan().values())

    def _estimate(self) -> str:
        need = self.jobs.resources.need
        seconds = sum(need(job.rule.name, job.wildcards).seconds for job in self._needed())
        return f"One after the other, these jobs would take {about(seconds)} by estimate."

    def _needed(self) -> list[Any]:
        # Rules without a message only gather files.
        return [job for job in self.workflow.dag.needrun_jobs(exclude_finished=False) if job.rule.message]

    def _plan(self) -> dict[int, Planned]:
        if not self._planned:
            dag = self.workflow.dag
            order = {rule.name: place for place, rule in enumerate(self.workflow.rules)}
            for job in sorted(self._needed(), key=lambda job: (order[job.rule.name], job_name(job.wildcards_dict))):
                follows = bool(dag.reason(job).updated_input_run)
                planned = Planned(job.rule.name, job_name(job.wildcards_dict), reasons_of(job, dag), follows)
                self._planned[dag.jobid(job)] = planned
        return self._planned
