"""A fault of Snakemake 9.27 that costs a large study a core, mended while it runs. It decides nothing of what is run."""


def stop_idle_rescheduling(workflow) -> None:
    """Lift the limit of jobs a second on one machine; when the scheduler stands.

    The limit protects a cluster's queue. One more look at it is scheduled after every look and every job, for ever: some
    hundred jobs later the looks alone take a core.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
