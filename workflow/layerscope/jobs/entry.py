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
from layerscope.jobs.snakemake_patches import stop_idle_rescheduling
from layerscope.study.file import content_of_config
from layerscope.study.load import build_study, load_study

DEFAULT_STUDY = "config.yaml"
PACKAGE_FOLDER = str(Path(__file__).parents[2])


def load_jobs(workflow, config: dict) -> Jobs:
    """The jobs of the study that `--configfile` names, or of config.yaml, with `--config` applied.

    In another workflow that takes this one in as a module, the study is what the module's `config:` holds. The file is read
    here, and not by Snakemake's `configfile:`, which would merge the named study into the default one. The
    package is put on the PYTHONPATH of all jobs, and the Python that runs Snakemake first on their PATH. A study that is not
    valid ends the program with its one message.
    """
    # What is planned lives to the end, by the millions of objects: looking for garbage among it is a sixth of the planning.
    gc.disable()
    # Set here for jobs in conda environments and on cluster nodes too, which read the Snakefile again.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [PACKAGE_FOLDER, os.environ.get("PYTHONPATH")]))
    # An environment that is not activated, unless Snakemake alone is installed in it.
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
        # An exception would come with the Snakefile's own lines, which say nothing to the person.
        sys.exit("\n".join(f"layerscope: {message}" for message in error.messages))
    say_whose_code_runs(jobs)
    warn_of_lost_records(jobs.study.name)
    return jobs


def _study_file(files: list[Path]) -> Path:
    if len(files) > 1:
        names = ", ".join(str(file) for file in files)
        raise StudyError(f"--configfile names {len(files)} files ({names}); one file is one study: name one")
    file = Path(files[0]) if files else Path(DEFAULT_STUDY)
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def before_jobs(workflow, jobs: Jobs) -> None:
    """For `onstart`, when the plan and the scheduler stand: nothing begins where it cannot end well."""
    refuse_read_only(jobs)
    refuse_damage(jobs)
    warn_of_lost_seals(jobs)
    fetch_datasets(workflow, jobs)
    gc.freeze()
    gc.enable()
    stop_idle_rescheduling(workflow)


def say_whose_code_runs(jobs: Jobs) -> None:
    """Name the person's own files that a study runs in its jobs, with what they hold, in one line."""
    own = jobs.study.kinds.own
    if own:
        files = ", ".join(f"{file} (SHA-256 {file_digest(file)[:16]})" for file in own)
        print(f"layerscope: code of your own runs in the jobs of this study: {files}", file=sys.stderr)


def fetch_datasets(workflow, jobs: Jobs) -> None:
    """Have the raw files of all datasets that are about to be prepared; end the program where some are out of reach.

    Here, where Snakemake was started: a person hears of it before anything is trained, and the nodes of a cluster need no
    network. Where this Python lacks what the sources need (Snakemake alone in an environment), the jobs themselves fetch.
    """
    # Files are called up to date, and none is made.
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
    """End the program where the results of a study cannot be written to, before the first job fails at it."""
    folder = store.study_folder(jobs.study.name)
    if Path(folder).exists() and not os.access(folder, os.W_OK):
        remedy = "mend its permissions, or mount it for writing, and run snakemake again"
        sys.exit(f"layerscope: {folder} cannot be written to; {remedy}")


def refuse_damage(jobs: Jobs) -> None:
    """End the program where a file of the study was damaged, before any job takes away what was made from it."""
    lines = damaged_since(store.study_folder(jobs.study.name))
    if lines:
        more = f"\nlayerscope: {len(lines) - 1} more files are damaged; `make doctor` names them" if len(lines) > 1 else ""
        sys.exit(f"layerscope: {lines[0]}{more}")


def warn_of_lost_seals(jobs: Jobs) -> None:
    """Say so where files of the study came without their seals: nothing tells whether they are whole."""
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
    """Say so where there are results of a study and no records of Snakemake: it would take all of them for up to date."""
    folder = Path(store.study_folder(study))
    records = Path(".snakemake/metadata")
    made = any(folder.glob("runs/*/*/*/*/checkpoints.safetensors"))
    if made and not (records.is_dir() and any(records.iterdir())):
        print(
            f"layerscope: warning: {records} has no records of how {folder} was made: edits since then go unnoticed. Run "
            "`make doctor`, delete what it names, then run snakemake --touch once with the same options",
            file=sys.stderr,
        )
