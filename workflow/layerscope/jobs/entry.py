"""From Snakemake's command line to the jobs of a study."""

import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.seals import damaged_since, file_digest, seal_of, unsealed
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.machine_memory import runs_here, share_memory
from layerscope.jobs.snakemake_patches import hear_one_interrupt, stop_idle_rescheduling
from layerscope.models.gpus import SHARE
from layerscope.study.file import content_of_config
from layerscope.study.load import build_study, load_study

DEFAULT_STUDY = "config.yaml"
PACKAGE_FOLDER = str(Path(__file__).parents[2])


def load_jobs(workflow, config: dict) -> Jobs:
    """The jobs of the study that `--configfile` names, or of config.yaml, with `--config` applied.

    If another workflow uses this one as a module, the study is the module's `config:`. The file is read here because
    Snakemake's `configfile:` would merge the named study into the default one. The package is added to the PYTHONPATH of all
    jobs, and the Python that runs Snakemake comes first on their PATH, if it has torch. An invalid study ends the program with
    one line per mistake.
    """
    # Planning allocates millions of objects that are never freed; garbage collection would take a sixth of its time.
    gc.disable()
    # Jobs in conda environments and on cluster nodes read the Snakefile again, so this line sets it for them too.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [PACKAGE_FOLDER, os.environ.get("PYTHONPATH")]))
    # Jobs find this Python even if its environment is not activated. Without torch it is an environment for Snakemake alone.
    if find_spec("torch"):
        os.environ["PATH"] = os.pathsep.join(filter(None, [str(Path(sys.executable).parent), os.environ.get("PATH")]))
    settings = workflow.config_settings
    try:
        if workflow.modifier.namespace is None:
            study = load_study(_study_file(list(settings.configfiles)), dict(settings.config))
        else:
            study = build_study(content_of_config(config), Path())
        jobs = Jobs(study)
        jobs.check()
        jobs.reads.check_own_files()
    except StudyError as error:
        # Snakemake would print an exception with lines of the Snakefile, which do not help the user.
        sys.exit(error.told())
    if runs_here(workflow):
        share_memory(workflow)
        jobs.resources.on_cluster = False
    if jobs.study.gpu_share is not None:
        os.environ[SHARE] = str(jobs.study.gpu_share)
    say_whose_code_runs(jobs)
    for note in jobs.notes():
        print(f"layerscope: {note}", file=sys.stderr)
    warn_of_lost_records(jobs.study.name)
    return jobs


def _study_file(files: list[Path]) -> Path:
    if len(files) > 1:
        names = ", ".join(str(file) for file in files)
        raise StudyError(f"--configfile names {len(files)} files ({names}); one file is one study: name one")
    file = Path(files[0]) if files else Path(DEFAULT_STUDY)
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def before_jobs(workflow, jobs: Jobs) -> None:
    """Called by `onstart`, when plan and scheduler exist: end the program if jobs could not succeed, and fetch raw data."""
    refuse_read_only(jobs)
    refuse_damage(jobs)
    warn_of_lost_seals(jobs)
    fetch_datasets(workflow, jobs)
    gc.freeze()
    gc.enable()
    stop_idle_rescheduling(workflow)
    hear_one_interrupt()


def say_whose_code_runs(jobs: Jobs) -> None:
    """Print one line with the user's own files that run in the jobs of a study, and their SHA-256."""
    own = jobs.study.kinds.own
    if own:
        files = ", ".join(f"{file} (SHA-256 {file_digest(file)[:16]})" for file in own)
        print(f"layerscope: code of your own runs in the jobs of this study: {files}", file=sys.stderr)


def fetch_datasets(workflow, jobs: Jobs) -> None:
    """Download the raw files of all datasets that are about to be prepared; end the program if some cannot be had.

    This happens where Snakemake was started, so the user learns of it before anything is trained, and cluster nodes need no
    network. If this Python lacks what a source needs (Snakemake alone in an environment), the dataset's own job downloads.
    """
    # With --touch files are only marked as up to date, and none is made.
    if workflow.touch:
        return
    wanted = sorted({job.wildcards.dataset for job in workflow.dag.needrun_jobs() if job.rule.name == "prepare"})
    missing = []
    for dataset in wanted:
        try:
            jobs.reads.fetch(dataset)
        except StudyError as error:
            missing.append(str(error))
        except ImportError as error:
            print(f"layerscope: {dataset} is fetched by its own job: {error}", file=sys.stderr)
    if missing:
        sys.exit("\n".join(f"layerscope: {message}" for message in dict.fromkeys(missing)))


def refuse_read_only(jobs: Jobs) -> None:
    """End the program if the results folder of a study is not writable, before the first job fails because of it."""
    folder = store.study_folder(jobs.study.name)
    if Path(folder).exists() and not os.access(folder, os.W_OK):
        remedy = "mend its permissions, or mount it for writing, and run snakemake again"
        sys.exit(f"layerscope: {folder} cannot be written to; {remedy}")


def refuse_damage(jobs: Jobs) -> None:
    """End the program if a file of the study is damaged, before a rerun of any job deletes what was made from it."""
    lines = damaged_since(store.study_folder(jobs.study.name))
    if lines:
        more = f"\nlayerscope: {len(lines) - 1} more files are damaged; `make doctor` names them" if len(lines) > 1 else ""
        sys.exit(f"layerscope: {lines[0]}{more}")


def warn_of_lost_seals(jobs: Jobs) -> None:
    """Warn about files of the study without a seal (files.seals): damage to them would go unnoticed."""
    files = unsealed(store.study_folder(jobs.study.name))
    if files:
        which = f"{files[0]} and {len(files) - 1} more files have" if len(files) > 1 else f"{files[0]} has"
        beside = f"no SHA-256 beside {'them' if len(files) > 1 else 'it'} ({seal_of(files[0]).name})"
        print(
            f"layerscope: warning: {which} {beside}: damage would go unnoticed. "
            "Copy hidden files too, or run `make doctor`, which names them all",
            file=sys.stderr,
        )


def warn_of_lost_records(study: str) -> None:
    """Warn if a study has results but Snakemake has no records: it would then consider all of them up to date."""
    folder = Path(store.study_folder(study))
    records = Path(".snakemake/metadata")
    made = any(folder.glob("runs/*/*/*/*/checkpoints.safetensors"))
    if made and not (records.is_dir() and any(records.iterdir())):
        print(
            f"layerscope: warning: {records} has no records of how {folder} was made: edits since then go unnoticed. Run "
            "`make doctor`, delete what it names, then run snakemake --touch once with the same options",
            file=sys.stderr,
        )
