"""From Snakemake's command line to the jobs of a study."""

from pathlib import Path

from layerscope.config import load_study
from layerscope.errors import StudyError
from layerscope.runs import Jobs

DEFAULT_STUDY = "config.yaml"


def load_jobs(workflow) -> Jobs:
    """The jobs of the study that `--configfile` names, or of config.yaml, with `--config` applied.

    The file is read here, and not by Snakemake's `configfile:`, which would merge the named study into the default one.
    Raises StudyError.
    """
    settings = workflow.config_settings
    files = list(settings.configfiles)
    if len(files) > 1:
        names = ", ".join(str(file) for file in files)
        raise StudyError(f"--configfile names {len(files)} files ({names}); one file is one study: name one")
    file = files[0] if files else Path(DEFAULT_STUDY)
    return Jobs(load_study(_shown(file), dict(settings.config)))


def _shown(file: Path) -> Path:
    try:
        return Path(file).relative_to(Path.cwd())
    except ValueError:
        return Path(file)
