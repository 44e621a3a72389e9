"""Remove the files in the results of a study that it asks for no longer."""

import contextlib
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError
from layerscope.jobs.in_progress import refuse_in_progress
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.unasked import Unasked, counted, linked_folders, unasked_files, unasked_lines
from layerscope.study.file import as_typed
from layerscope.study.load import load_study


def remove_unasked(study: str, overrides: Mapping[str, str], yes: bool) -> int:
    """Print what a study asks for no longer, ask unless `yes`, and remove it. Returns 0 if all of it is gone, else 1.

    overrides: the `--config` values with which the study was run; without them, what they alone ask for is removed.
    Raises StudyError if Snakemake works on the study, and, after all others are removed, for files that cannot be removed.
    """
    jobs = Jobs(load_study(study, dict(overrides)))
    jobs.check()
    name, typed = jobs.study.name, as_typed(study, overrides)
    refuse_in_progress(name, "nothing is removed", "prune")
    for folder in linked_folders(jobs):
        print(f"{folder} is a link: what it leads to is left alone, since others may use it")
    files = unasked_files(jobs)
    if not files:
        print(f"{name}: nothing to remove; {typed} asks for every file that layerscope has written")
        return 0
    for line in unasked_lines(jobs, files):
        print(line)
    print(f"{name}: {counted(files)} that {typed} asks for no longer")
    if not yes and not _confirmed():
        return 1
    # The question may have waited for long.
    refuse_in_progress(name, "nothing is removed", "prune")
    refused = remove(files, Path(store.study_folder(name)))
    gone = [file for file in files if not os.path.lexists(file.path)]
    print(f"{name}: {counted(gone)} removed")
    if refused:
        reasons = "; ".join(f"{path} ({error.strerror})" for path, error in refused.items())
        raise StudyError(f"not removed: {reasons}. Mend what the reasons name, and prune again")
    return 0


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        print("nothing is removed: nobody can be asked here; --yes removes without a question", file=sys.stderr)
        return False
    print("Remove these files? [y/N] ", end="", flush=True)
    answer = ""
    with contextlib.suppress(KeyboardInterrupt):
        answer = sys.stdin.readline()
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("nothing is removed")
    return False


def remove(files: Collection[Unasked], root: Path) -> dict[Path, OSError]:
    """Remove files, then the folders below `root` that this leaves empty. Returns what the system refused to remove, and why.

    The seal of a file that cannot be removed stays, and so do the logs of its job: by them it is known where it is from.
    """
    refused: dict[Path, OSError] = {}
    for file in sorted(files, key=lambda one: one.path not in one.of):
        if file.path not in file.of and refused.keys() & {*file.of}:
            continue
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            refused[file.path] = error
    folders = {folder for file in files for folder in file.path.parents if root in folder.parents}
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        try:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        except OSError as error:
            refused[folder] = error
    return refused
