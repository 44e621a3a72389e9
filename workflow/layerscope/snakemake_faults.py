"""Two faults of Snakemake 9.27 that a study cannot live with, mended while it runs."""

from collections import deque


def check_behind_ancient_inputs() -> None:
    """Let every job be asked whether it is out of date, though a job that it reads an `ancient` input from has to run.

    Snakemake asks no job that comes after one which has to run: that job will run in any case. Where the only way from one to
    the other is an ancient input it does not, and an edit that concerns it (of its params, its code, its other inputs) goes
    unnoticed until the next time. Here such ways are not taken while Snakemake finds out what has to run.
    """
    from snakemake.dag import DAG

    if hasattr(DAG, "layerscope_asks_all"):
        return
    find_out, after = DAG.update_needrun, DAG.bfs

    async def update_needrun(self, *arguments, **named):
        self.layerscope_finding_out = True
        try:
            return await find_out(self, *arguments, **named)
        finally:
            self.layerscope_finding_out = False

    def bfs(self, direction, *jobs, stop=lambda job: False):
        if direction is not self.depending or not getattr(self, "layerscope_finding_out", False):
            yield from after(self, direction, *jobs, stop=stop)
            return
        waiting, seen = deque(jobs), set(jobs)
        while waiting:
            job = waiting.popleft()
            yield job
            for next_job, files in direction[job].items():
                if next_job not in seen and not all(file.is_ancient for file in files):
                    seen.add(next_job)
                    waiting.append(next_job)

    DAG.update_needrun, DAG.bfs, DAG.layerscope_asks_all = update_needrun, bfs, True


def stop_idle_rescheduling(workflow) -> None:
    """Lift the limit of jobs a second on one machine; when the scheduler stands.

    The limit protects a cluster's queue. One more look at it is scheduled after every look and every job, for ever: some
    hundred jobs later the looks alone take a core.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
