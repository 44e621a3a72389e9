"""The command line that runs Snakemake with the workflow of this package."""

import signal
import subprocess
import sys
from importlib.util import find_spec

from layerscope.errors import StudyError
from layerscope.files.workflow import workflow_folder


def snakemake_command(study: str, *options: str) -> list[str]:
    """The command that runs Snakemake for a study file, in the working directory. StudyError where Snakemake is not installed."""
    if find_spec("snakemake") is None:
        raise StudyError('Snakemake is not installed; pip install "layerscope[study]"')
    folder = workflow_folder()
    profile = str(folder.parent / "profiles/default")
    started = [sys.executable, "-m", "snakemake", "--snakefile", str(folder / "Snakefile"), "--workflow-profile", profile]
    # --configfile takes all that follows it for further files.
    return [*started, *options, "--configfile", study]


def ask_snakemake(study: str, *options: str) -> subprocess.CompletedProcess[str]:
    """What Snakemake says, run for a study file in the working directory. StudyError where it is not installed.

    A terminal sends Ctrl-C to Snakemake too. KeyboardInterrupt is raised once that has ended: killed, it would leave the folder
    locked.
    """
    command, interrupted = snakemake_command(study, *options), []
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    return done
