"""Whether Snakemake works on a study."""

from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError

LOCKS = Path(".snakemake/locks")


def refuse_in_progress(study: str, so: str, again: str) -> None:
    """Raise StudyError if Snakemake has locked files of a study. so: what is not done then. again: what to do once it ends."""
    start = f"{store.study_folder(study)}/"
    for lock in LOCKS.glob("*.lock"):
        try:
            locked = lock.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            continue
        if any(file.startswith(start) for file in locked):
            raise StudyError(
                f"{so}: Snakemake works on {start} and has locked it; wait until it ends. If none runs, one was killed: run "
                f"snakemake --unlock with the same study, then {again} again"
            )
