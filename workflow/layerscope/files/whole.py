"""Write files atomically: each is complete or absent. This module knows neither the names nor the content of a study's files."""

import contextlib
import glob
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.refusals import refused
from layerscope.files.seals import file_digest, seal_of

# A file that is being written is called .NAME.TOKEN.writing; the token has this number of characters.
WRITING, TOKEN = ".writing", 8
# The folder with the finished parts of a file that takes long is called .NAME.partial.
PARTIAL = ".partial"


@contextlib.contextmanager
def replacing(target: str | Path, sealed: bool = False) -> Iterator[Path]:
    """A temporary path beside `target`, which is renamed to `target` if the block succeeds, so no partial file is ever seen.

    If two jobs write the same target at once, the one that began earlier fails with a StudyError.

    sealed: whether the SHA-256 of the file is stored beside it (see `intact`).
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in target.parent.glob(f".{glob.escape(target.name)}.{'?' * TOKEN}{WRITING}"):
        abandoned.unlink(missing_ok=True)
    # No other process has this name: the job of a killed Snakemake may still run beside the job that replaces it.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(TOKEN // 2)}{WRITING}")
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        if sealed:
            write_text(seal_of(target), f"{file_digest(temporary)}\n")
        os.replace(temporary, target)
    except FileNotFoundError as error:
        if error.filename != str(temporary):
            raise
        remedy = "when no other job runs, run the same command again"
        raise StudyError(f"{target} is being written by a job that was started later, or its folder is gone; {remedy}") from None
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise
        raise refused(target, error, "written") from None
    finally:
        temporary.unlink(missing_ok=True)


def folder_to_write(target: str | Path) -> Path:
    """A folder, made if it is not there. Raises StudyError where something else has its name, or the system refuses it."""
    folder = Path(target)
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder} is a file; name a folder to write to")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error, "written") from None
    return folder


def write_text(target: str | Path, text: str) -> None:
    """Write a text file atomically, UTF-8, newlines as given."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_tensors(target: str | Path, tensors: dict, metadata: dict[str, str], sealed: bool = False) -> None:
    """Write torch tensors by name as safetensors, atomically."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with replacing(target, sealed) as temporary:
        try:
            save_file(tensors, temporary, metadata=metadata)
        except SafetensorError as error:
            # A SafetensorError has the error number of the operating system only in its text.
            number = re.search(r"os error (\d+)", str(error))
            raise (OSError(int(number[1]), str(error)) if number else OSError(str(error))) from None
