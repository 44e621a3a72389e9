"""From Snakemake's command line to the jobs of a study."""

import gc
import os
import sys
from pathlib import Path

from layerscope.config import load_study
from layerscope.errors import StudyError
from layerscope.runs import Jobs

DEFAULT_STUDY = "config.yaml"
PACKAGE_FOLDER = str(Path(__file__).parents[1])


def load_jobs(workflow) -> Jobs:
    """The jobs of the study that `--configfile` names, or of config.yaml, with `--config` applied.

    The file is read here, and not by Snakemake's `configfile:`, which would merge the named study into the default one. The
    package is put on the PYTHONPATH of all jobs. A study that is not valid ends the program with its one message.
    """
    # What is planned lives to the end, by the millions of objects: looking for garbage among it is a sixth of the planning.
    gc.disable()
    # Set here for jobs in conda environments and on cluster nodes too, which read the Snakefile again.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [PACKAGE_FOLDER, os.environ.get("PYTHONPATH")]))
    settings = workflow.config_settings
    try:
        jobs = Jobs(load_study(_study_file(list(settings.configfiles)), dict(settings.config)))
        jobs.check()
        return jobs
    except StudyError as error:
        # An exception would come with the Snakefile's own lines, which say nothing to the person.
        sys.exit(f"layerscope: {error}")


def _study_file(files: list[Path]) -> Path:
    if len(files) > 1:
        names = ", ".join(str(file) for file in files)
        raise StudyError(f"--configfile names {len(files)} files ({names}); one file is one study: name one")
    file = Path(files[0]) if files else Path(DEFAULT_STUDY)
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def collect_garbage_again() -> None:
    """Have Python look for garbage again, among what comes after the plan; for `onstart`, when the plan stands."""
    gc.freeze()
    gc.enable()


def stop_idle_rescheduling(workflow) -> None:
    """Lift Snakemake's limit of jobs a second on one machine; for `onstart`, when the scheduler stands.

    The limit protects a cluster's queue. Snakemake 9.27 schedules one more look at it after every look and every job, for
    ever: some hundred jobs later the looks alone take a core.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
