"""The command line that runs Snakemake with the workflow of this package."""

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
