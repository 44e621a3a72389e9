"""Work around a fault of Snakemake 9.27 that keeps a core busy in large studies. It does not change which jobs run."""


def stop_idle_rescheduling(workflow) -> None:
    """Remove the limit of jobs per second if jobs run on this machine. Call it once the scheduler exists.

    The limit protects a cluster's queue. Each check of it, and each job, schedules another check, without end: after some
    hundred jobs the checks alone keep a core busy.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
