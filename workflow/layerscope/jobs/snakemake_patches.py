"""What Snakemake 9.27 does otherwise than a study needs, and has no option for. None of it changes which jobs run."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any


def stop_idle_rescheduling(workflow) -> None:
    """Remove the limit of jobs per second if jobs run on this machine. Call it once the scheduler exists.

    The limit protects a cluster's queue. Each check of it, and each job, schedules another check, without end: after some
    hundred jobs the checks alone keep a core busy.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


def hear_one_interrupt() -> None:
    """Let Ctrl-C stop the study once, and ignore it from then on: by a second one Snakemake would wait for its jobs no longer.

    It would end with a traceback, and jobs that are about to end would find no one to take what they made.
    """

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, lambda *_: None)
        raise KeyboardInterrupt

    # Where Snakemake runs in the background, Ctrl-C is not for it.
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, stop)


def leave_output_of_jobs_to_their_logs(say: Callable[[str], None]) -> None:
    """Keep what jobs print out of the terminal: each has a log, and `tee` would write to both.

    say: called, in a thread of its own, with each line that the shells of jobs themselves print, such as that the disk is full.
    That a command was killed, with the whole command, is not said: the job fails by it.
    """
    shell: Any = import_module("snakemake.shell")
    shell.STDOUT = subprocess.DEVNULL
    reading, writing = os.pipe()
    shell.shell._process_args["stderr"] = writing
    threading.Thread(target=_pass_on, args=(reading, say), daemon=True).start()


def _pass_on(reading: int, say: Callable[[str], None]) -> None:
    with open(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if "layerscope.stages." not in line and "| tee results/" not in line:
                say(line.rstrip())
